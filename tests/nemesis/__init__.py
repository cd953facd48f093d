"""The large form in real processes, and a nemesis that does to them whatever a year may bring.

``python -m tests.nemesis`` (``make nemesis``) keeps a Kafka broker, a PostgreSQL server, several
axes and the 95 agencies in processes and, where the kernel lets it, on networks of their own. It
kills, stops and cuts off by a plan that follows from a seed, heals, lets everything come to rest,
and judges what every client wrote down meanwhile. ``docs/architecture.md`` says what it found.
"""
