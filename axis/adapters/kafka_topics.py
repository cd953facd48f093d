"""The admin step: whoever is written to has a topic, an agency's with the partitions of its lanes.

The broker's own creation of topics stays off: it would give them as many partitions as it likes,
and a lane's order hangs on its partition.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from axis.adapters.kafka_clients import KafkaClients, start
from schemas.bus import partitions_of

#: Index bytes of a segment. Kafka lays them out in advance and maps them, 10 MB twice for each
#: partition by default, and a system that reads ahead clears up to all of it when the first record
#: is noted there. So much holds 43 MB of records (12 bytes for each 4 kB): sixty thousand of ours,
#: behind which a new segment begins.
INDEX_BYTES: Final = 128 * 1024
TOPIC_CONFIGS: Final = {"segment.index.bytes": str(INDEX_BYTES)}


class WrongTopic(Exception):
    """A topic is there that is not as its readers need it; somebody else made it."""


class KafkaTopics:
    """The topics of one run. Remembers what it has seen."""

    def __init__(self, clients: KafkaClients, prefix: str, replication: int) -> None:
        self._clients = clients
        self._prefix = prefix
        self._replication = replication
        self._known: set[str] = set()

    async def ensure(self, topics: Iterable[str]) -> None:
        """Have these topics; asks the cluster only when one was not seen yet.

        Raises ``KafkaError`` or ``OSError`` when it is away or refuses, and ``WrongTopic``.
        """
        wanted = set(topics) - self._known
        if not wanted:
            return
        admin = self._clients.admin()
        try:
            await start(admin)
            partitions = await self._there(admin)
            fresh = sorted(wanted - partitions.keys())
            if fresh:
                await self._make(admin, fresh)
        finally:
            await admin.close()
        # All that are there, so that the first notices to 95 agencies ask once.
        self._known.update(t for t, count in partitions.items() if count == self._needs(t))
        self._known.update(fresh)
        for topic in sorted(wanted - self._known):
            needs = self._needs(topic)
            raise WrongTopic(f"{topic} has {partitions[topic]} partitions instead of {needs}")

    def _needs(self, topic: str) -> int:
        """The partitions it must have; 0 for what is no topic of this run."""
        return partitions_of(self._prefix, topic)

    async def _there(self, admin: AIOKafkaAdminClient) -> dict[str, int]:
        """The topics of this run that are there, and with how many partitions."""
        ours = [topic for topic in await admin.list_topics() if self._needs(topic)]
        told = await admin.describe_topics(sorted(ours)) if ours else []
        return {one["topic"]: len(one["partitions"]) for one in told}

    async def _make(self, admin: AIOKafkaAdminClient, topics: Iterable[str]) -> None:
        answer = await admin.create_topics(
            [
                NewTopic(topic, self._needs(topic), self._replication, topic_configs=TOPIC_CONFIGS)
                for topic in topics
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
