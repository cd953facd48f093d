"""A real Apache Kafka broker without Docker: ``make kafka``, or ``python -m axis.broker``.

For development, tests and the demo on one machine; a nation runs its own cluster and names it in
``AXIS_KAFKA_BOOTSTRAP``. Maven resolves the broker's jars once from ``pom.xml`` (``jars``); a node
of one process is broker and controller in one (``node``), on loopback only.

It stands beside the axis, which speaks to any broker over the wire and never imports this package.
"""
