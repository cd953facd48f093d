"""``axis agencies run`` in processes of their own, and a small day of letters for them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from agencies.compose import compose
from agencies.journal import RECEIVED_FILE, Taken, read_received
from agencies.traffic import plan_day
from agencies.world import agency_dir, read_key
from axis.settings import Settings
from benchmarks.packages import Signed
from schemas.codes import agencies
from schemas.edxml_write import write
from schemas.xmldsig import sign
from tests.acceptance.conftest import until

SENT, RECEIVED = 60, 211


def small_day(home: Path) -> list[Signed]:
    """Sixty letters for 211 recipients, signed with the keys of the world."""
    plan = plan_day(date(2020, 1, 15), 1, sent=SENT, received=RECEIVED)
    return [
        Signed(one.sender, one.recipients, sign(write(compose(one)), *read_key(home, one.sender)))
        for one in plan
    ]


def taken(home: Path) -> dict[str, Taken]:
    """What all agencies remember, by delivery."""
    return {
        delivery: one
        for row in agencies()
        for delivery, one in read_received(agency_dir(home, row.code)).items()
    }


def lines(home: Path) -> int:
    """How far they are: lines in the journals of the recipients."""
    files = home.glob(f"agencies/*/{RECEIVED_FILE}")
    return sum(path.read_bytes().count(b"\n") for path in files)


@dataclass(frozen=True, slots=True)
class Crew:
    """One process of agencies."""

    process: subprocess.Popen[bytes]
    output: Path

    @property
    def said(self) -> str:
        return self.output.read_text("utf-8")

    def works(self) -> bool:
        """Whether it has begun; over Kafka, to read topics."""
        assert self.process.poll() is None, self.said
        return "agencies answer" in self.said and (
            "over rest" in self.said or '"topics.read"' in self.said
        )

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


@contextmanager
def crew(settings: Settings, *arguments: str) -> Iterator[Crew]:
    """A process of agencies that has begun to work."""
    output = settings.var / f"crew-{len([*settings.var.glob('crew-*')])}.txt"
    with output.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "axis", "agencies", "run", *arguments],
            env={
                "PATH": os.environ["PATH"],
                "AXIS_VAR": str(settings.var),
                "AXIS_RUN": settings.run,
                "AXIS_KAFKA_BOOTSTRAP": settings.kafka.bootstrap,
            },
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    made = Crew(process, output)
    try:
        until(made.works, f"agencies at work, see {output}")
        yield made
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def once(found: Sequence[Taken]) -> None:
    """Every one of these was taken, confirmed and answered."""
    for one in found:
        assert (one.done, one.failed, one.said, one.unsaid) == (True, "", {"01", "03"}, {}), one
