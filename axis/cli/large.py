"""The large form on one machine: a Kafka broker and a PostgreSQL server, kept for one command."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import typer
from pydantic import SecretStr

from axis import cluster
from axis.broker import jars, keeper, node
from axis.ending import asked_to_end
from axis.settings import KafkaSettings, Settings

EXIT_MISSING = 3
#: What a shell says of a process that a signal ended, less its number.
_EXIT_SIGNAL = 128
#: With one process nothing would show that several share the books.
WORKERS_MIN = 2


@dataclass(frozen=True, slots=True)
class Large:
    """The settings of a run over both, what they are, and the first process of each by name."""

    settings: Settings
    told: str
    pids: Mapping[str, int]


def workers() -> int:
    """Processes that serve an axis over both where nobody says how many: one for each core."""
    return max(WORKERS_MIN, os.cpu_count() or 1)


def require() -> None:
    """End the command (3) where one of them is not there."""
    with _told_of_failures():
        cluster.required()
        # Maven brings the jars the first time, which takes a while.
        jars.install()


@contextmanager
def kept(settings: Settings, *, with_data: bool = False) -> Iterator[Large]:
    """Start both, and end them behind the block. Ends the command (3) where one is not there.

    ``with_data``: what they hold stays in the folder of the run, and they go on with it.
    """
    keep = _database(settings) if with_data else None
    with _told_of_failures(), _unwinding(), cluster.kept(keep=keep) as database:
        jars.install()
        with keeper.kept(settings.home / "kafka") as broker:
            assert database.process is not None
            large = Large(
                settings.model_copy(
                    update={
                        "database": SecretStr(database.url),
                        "kafka": KafkaSettings(bootstrap=broker.bootstrap, security="PLAINTEXT"),
                    }
                ),
                f"Apache Kafka {broker.version} at {broker.bootstrap}, "
                f"PostgreSQL {database.version} in {database.folder}",
                {"PostgreSQL": database.process.pid, "Kafka": broker.pid},
            )
            try:
                yield large
            finally:
                _hear_nothing()


def has_books(settings: Settings) -> bool:
    """Whether the folder of a run keeps books that a server of its own wrote."""
    return settings.database is None and cluster.has_data(_database(settings))


@contextmanager
def at_rest(settings: Settings) -> Iterator[Settings]:
    """Settings with which such books are read: their server runs, or does so for the block."""
    with _told_of_failures(), cluster.opened(_database(settings)) as url:
        yield settings.model_copy(update={"database": SecretStr(url)})


def _database(settings: Settings) -> Path:
    return settings.home / "postgres"


@contextmanager
def _told_of_failures() -> Iterator[None]:
    try:
        yield
    except (cluster.Missing, jars.Missing) as missing:
        typer.echo(f"{missing}", err=True)
        raise typer.Exit(EXIT_MISSING) from None
    except (cluster.NotStarted, node.NotStarted) as failure:
        typer.echo(f"{failure}", err=True)
        raise typer.Exit(1) from None


@contextmanager
def _unwinding() -> Iterator[None]:
    """Let what asks this command to end, end what was started too."""

    def end(number: int, _frame: FrameType | None) -> None:
        _hear_nothing()
        sys.exit(_EXIT_SIGNAL + number)

    before = {number: signal.signal(number, end) for number in asked_to_end()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _hear_nothing() -> None:
    """Have no second signal cut off the ending."""
    for number in asked_to_end():
        signal.signal(number, signal.SIG_IGN)
