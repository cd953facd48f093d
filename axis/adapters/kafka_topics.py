"""The admin step: every agency that is written to has its topic, with the partitions of its lanes.

The broker's own creation of topics stays off: it would give them as many partitions as it likes,
and a lane's order hangs on its partition.
"""

from __future__ import annotations

from collections.abc import Iterable

from aiokafka.admin import NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from axis.adapters.kafka_clients import KafkaClients
from schemas.bus import PARTITIONS, inbox_topic


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
        """Have topics for these agencies; asks the cluster only about those not seen yet.

        Raises ``KafkaError`` or ``OSError`` when it is away or refuses, and ``WrongTopic``.
        """
        missing = set(recipients) - self._known
        if not missing:
            return
        topics = {inbox_topic(self._prefix, code): code for code in missing}
        admin = self._clients.admin()
        try:
            await admin.start()
            there = set(await admin.list_topics())
            if fresh := sorted(topics.keys() - there):
                answer = await admin.create_topics(
                    [NewTopic(topic, PARTITIONS, self._replication) for topic in fresh]
                )
                for topic, code, *_ in answer.topic_errors:
                    _check(topic, code)
            for told in await admin.describe_topics(sorted(topics.keys() & there)):
                _count(told["topic"], len(told["partitions"]))
        finally:
            await admin.close()
        self._known |= missing

    def forget(self) -> None:
        """Ask again: whatever went wrong, a topic may be gone."""
        self._known.clear()


def _check(topic: str, code: int) -> None:
    error = for_code(code)
    # Another process of the axis makes the same ones at the same time.
    if code and error is not TopicAlreadyExistsError:
        raise error(topic)


def _count(topic: str, partitions: int) -> None:
    if partitions != PARTITIONS:
        raise WrongTopic(f"{topic} has {partitions} partitions instead of {PARTITIONS}")
