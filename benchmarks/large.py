"""The servers of the large form: a Kafka broker and PostgreSQL with fsync, on this machine."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from agencies.load.processes import family
from axis.broker import jars, keeper
from axis.cluster import Cluster
from tests import postgres


@dataclass(frozen=True, slots=True)
class Large:
    """Where they listen, and their processes by name."""

    database: str
    bootstrap: str
    pids: Mapping[str, int]

    @property
    def settings(self) -> dict[str, str]:
        """What an axis over them is told, by the names of its settings."""
        return {"DATABASE": self.database, "KAFKA_BOOTSTRAP": self.bootstrap}


@contextmanager
def servers() -> Iterator[Large]:
    """Both while the block runs."""
    jars.install()
    cluster = Cluster(postgres.required())
    try:
        cluster.start()
        assert cluster.process is not None
        with tempfile.TemporaryDirectory() as folder, keeper.kept(Path(folder) / "kafka") as broker:
            pids = {"PostgreSQL": cluster.process.pid, "Kafka": broker.pid}
            yield Large(cluster.url, broker.bootstrap, pids)
    finally:
        cluster.remove()


def memory_mb(pid: int) -> float:
    """Resident memory of a server and its children, in MB; what they share is counted once."""
    own = shared = 0
    for member in family(pid):
        try:
            lines = Path(f"/proc/{member}/status").read_text("ascii").splitlines()
        except FileNotFoundError:
            continue
        told = {name: value for name, _, value in (line.partition(":") for line in lines)}
        anonymous, files, between = (
            int(told[name].split()[0]) for name in ("RssAnon", "RssFile", "RssShmem")
        )
        own += anonymous + files
        shared = max(shared, between)
    return (own + shared) / 1000
