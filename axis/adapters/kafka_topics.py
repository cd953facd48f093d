"""The admin step: every agency that is written to has its topic, with the partitions of its lanes.

The broker's own creation of topics stays off: it would give them as many partitions as it likes,
and a lane's order hangs on its partition.
"""

from __future__ import annotations

from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from axis.adapters.kafka_clients import KafkaClients
from schemas.bus import PARTITIONS, inbox_topic, recipient_of


class WrongTopic(Exception):
    """A topic is there that is not as its lanes need it; somebody else made it."""


class KafkaTopics:
    """The topics of one run. Remembers what it has seen."""

    def __init__(self, clients: KafkaClients, prefix: str, replication: int) -> None:
        self._clients = clients
        self._prefix = prefix
        self._replication = replication
        self._known: set[str] = set()

    async def ensure(self, recipients: Iterable[str]) -> None:
        """Have topics for these agencies; asks the cluster only when one was not seen yet.

        Raises ``KafkaError`` or ``OSError`` when it is away or refuses, and ``WrongTopic``.
        """
        wanted = set(recipients) - self._known
        if not wanted:
            return
        admin = self._clients.admin()
        try:
            await admin.start()
            partitions = await self._there(admin)
            fresh = sorted(wanted - partitions.keys())
            if fresh:
                await self._make(admin, fresh)
        finally:
            await admin.close()
        # All that are there, so that the first notices to 95 agencies ask once.
        self._known.update(code for code, count in partitions.items() if count == PARTITIONS)
        self._known.update(fresh)
        for code in sorted(wanted - self._known):
            topic = inbox_topic(self._prefix, code)
            raise WrongTopic(f"{topic} has {partitions[code]} partitions instead of {PARTITIONS}")

    async def _there(self, admin: AIOKafkaAdminClient) -> dict[str, int]:
        """The agencies of this run that have a topic, and with how many partitions."""
        topics = {topic: recipient_of(self._prefix, topic) for topic in await admin.list_topics()}
        ours = sorted(topic for topic, code in topics.items() if code)
        told = await admin.describe_topics(ours) if ours else []
        return {topics[one["topic"]]: len(one["partitions"]) for one in told}

    async def _make(self, admin: AIOKafkaAdminClient, codes: Iterable[str]) -> None:
        answer = await admin.create_topics(
            [
                NewTopic(inbox_topic(self._prefix, code), PARTITIONS, self._replication)
                for code in codes
            ]
        )
        for topic, code, *_ in answer.topic_errors:
            error = for_code(code)
            # Another process of the axis makes the same ones at the same time.
            if code and error is not TopicAlreadyExistsError:
                raise error(topic)

    def forget(self) -> None:
        """Ask again: whatever went wrong, a topic may be gone."""
        self._known.clear()
