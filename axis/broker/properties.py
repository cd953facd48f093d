"""The configuration of a broker on a laptop: loopback, one node, small internal topics."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path

LOOPBACK = "127.0.0.1"

#: What every node of ours is told. Kafka fsyncs lazily: the store is the truth, not the broker.
PROPERTIES: Mapping[str, str] = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    # Topics are made by the axis's admin step, with the partitions that its lanes need.
    "auto.create.topics.enable": "false",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "2",
    "share.coordinator.state.topic.num.partitions": "2",
    "log.cleaner.dedupe.buffer.size": "4194304",
    "group.initial.rebalance.delay.ms": "0",
    # A broker that was killed is let in again when its last session has run out: nine seconds by
    # default, so that a cluster does not move leaders for a short pause. There is no other here.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "num.network.threads": "2",
    "num.io.threads": "4",
}


def write(path: Path, port: int, data: Path, overrides: Mapping[str, str]) -> None:
    """Write the configuration of a broker on ``port``, with a free port for its controller."""
    controller = f"{LOOPBACK}:{free_port()}"
    listeners = f"PLAINTEXT://{LOOPBACK}:{port},CONTROLLER://{controller}"
    properties = {
        **PROPERTIES,
        # With this and without controller.quorum.voters, `format --standalone` is allowed.
        "controller.quorum.bootstrap.servers": controller,
        "listeners": listeners,
        "advertised.listeners": listeners,
        "log.dirs": str(data.resolve()),
        **overrides,
    }
    text = "".join(f"{name}={value}\n" for name, value in properties.items())
    path.write_text(text, encoding="utf-8")


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
