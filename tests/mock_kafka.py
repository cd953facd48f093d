"""librdkafka's mock cluster: a broker in this process, where no real one can be started.

It speaks to any client over real sockets, but knows no CreateTopics: topics are made through the
library itself. It comes inside the wheel of confluent-kafka, whose Python side does not offer this
part of the C interface (``rdkafka_mock.h``); hence ctypes.
"""

from __future__ import annotations

import ctypes
from ctypes import c_char_p, c_int, c_size_t, c_void_p
from pathlib import Path
from typing import Any

import confluent_kafka

_PRODUCER = 0


class MockCluster:
    """One broker on loopback, until ``close``."""

    def __init__(self) -> None:
        self._library = _library()
        self._client = self._library.rd_kafka_new(_PRODUCER, None, None, 0)
        self._cluster = self._library.rd_kafka_mock_cluster_new(self._client, 1)
        assert self._cluster
        self.bootstrap = self._library.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()

    def create_topic(self, name: str, partitions: int) -> None:
        """Make a topic."""
        error = self._library.rd_kafka_mock_topic_create(
            self._cluster, name.encode(), partitions, 1
        )
        assert error == 0, (name, error)

    def close(self) -> None:
        """End it."""
        self._library.rd_kafka_mock_cluster_destroy(self._cluster)
        self._library.rd_kafka_destroy(self._client)


def _library() -> Any:
    packages = Path(confluent_kafka.__file__).parent.parent
    found = [
        *packages.glob("confluent_kafka.libs/librdkafka*.so*"),
        *packages.glob("confluent_kafka/.dylibs/librdkafka*.dylib"),
    ]
    assert found, "this wheel of confluent-kafka brings no library of its own"
    library = ctypes.CDLL(str(found[0]))
    for name, result, arguments in (
        ("rd_kafka_new", c_void_p, [c_int, c_void_p, c_char_p, c_size_t]),
        ("rd_kafka_destroy", None, [c_void_p]),
        ("rd_kafka_mock_cluster_new", c_void_p, [c_void_p, c_int]),
        ("rd_kafka_mock_cluster_destroy", None, [c_void_p]),
        ("rd_kafka_mock_cluster_bootstraps", c_char_p, [c_void_p]),
        ("rd_kafka_mock_topic_create", c_int, [c_void_p, c_char_p, c_int, c_int]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
