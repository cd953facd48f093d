"""The large form as real processes: two servers, axes, relays where there are such, agencies."""

from __future__ import annotations

import asyncio
import json
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from agencies.address import Address, left_address
from agencies.world import make_world
from axis.broker.properties import free_port
from axis.cli import MODULES
from axis.cli.setup import enrol
from axis.settings import KafkaSettings, Settings
from tests.nemesis.day import LEAD_S, Day
from tests.nemesis.member import Member
from tests.nemesis.network import Host, Network
from tests.nemesis.servers import Kafka, Postgres, kept

RUN = "nemesis"
#: The axes, with how many workers each has; relays, where this tree has the command; and the shares
#: of the agencies.
AXES = {"axis-1": 2, "axis-2": 1}
RELAYS: Sequence[str] = ("relay-1", "relay-2") if "relay" in MODULES else ()
#: Whether whoever publishes reads from the books what it has to, so that nothing may be missing.
FROM_THE_BOOKS = "relay" in Settings.model_fields
CREWS = ("agencies-1", "agencies-2")
POSTGRES, BROKER = "postgres", "broker"
PORT = 8095
#: Seconds in which everything must have begun to work, in which a crew does at its first start, and
#: in which an axis says whether it can work: one whose bus is away finds out in five.
BEGIN_S_MAX, CREW_S, READY_S_MAX = 120.0, 3.0, 8.0
LOOK_S = 0.05
#: What stands in the log of an axis where something went wrong that is no weather.
OWN_FAULTS = ('"level": "error"', "never retrieved", "Task was destroyed")


class NotBegun(RuntimeError):
    """The large form did not come up; the message says who is missing."""


@dataclass
class Ground:
    """Everything that runs. Made by ``running``."""

    folder: Path
    day: Day
    #: None where everything shares the machine's loopback.
    network: Network | None
    hosts: dict[str, Host]
    postgres: Postgres
    kafka: Kafka
    members: dict[str, Member] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        """The run's settings, as this process reaches the servers."""
        return Settings(
            var=self.folder / "var",
            run=RUN,
            database=SecretStr(self.postgres.url),
            kafka=KafkaSettings(bootstrap=self.kafka.bootstrap, security="PLAINTEXT"),
            history=True,
        )

    @property
    def doors(self) -> Path:
        """A folder for each axis, in which its address lies."""
        return self.folder / "doors"

    @property
    def tapes(self) -> list[Path]:
        """What all lives of all clients have recorded."""
        return sorted(tapes_of(self.folder).glob("*.jsonl"))

    def begin(self) -> None:
        """Set the books up and start everybody. Raises ``NotBegun``."""
        for folder in (self.doors, tapes_of(self.folder), self.folder / "tmp"):
            folder.mkdir(parents=True)
        settings = self.settings
        asyncio.run(enrol(settings, make_world(settings.home)))
        for name, workers in AXES.items():
            self._axis(name, workers)
        for name in RELAYS:
            self._add(name, ("axis.leash", "axis", "relay"), lambda said: '"relay.started"' in said)
        self._start([*AXES, *RELAYS])
        origin_s = time.monotonic() + CREW_S + LEAD_S
        for share, name in enumerate(CREWS, start=1):
            self._crew(name, share, origin_s)
        self._start(CREWS)

    def _axis(self, name: str, workers: int) -> None:
        host = self.hosts[name]
        port = PORT if host.apart else free_port()
        self._add(
            name,
            ("axis.leash", "axis.server"),
            lambda said: '"server.listening"' in said,
            AXIS_PORT=str(port),
            AXIS_WORKERS=str(workers),
            AXIS_RELAY="apart" if RELAYS else "here",
        )
        door = self.doors / name
        door.mkdir()
        told = {"url": f"http://{host.address}:{port}", "pid": 1}
        (door / "address.json").write_text(json.dumps(told), encoding="utf-8")

    def _add(
        self, name: str, module: Sequence[str], there: Callable[[str], bool], **more: str
    ) -> None:
        env = {
            "PATH": "",
            # What is left there by who is killed goes with the folder.
            "TMPDIR": str(self.folder / "tmp"),
            "AXIS_VAR": str(self.folder / "var"),
            "AXIS_RUN": RUN,
            "AXIS_HISTORY": "true",
            "AXIS_DATABASE": self.postgres.url_elsewhere,
            "AXIS_KAFKA_BOOTSTRAP": self.kafka.bootstrap,
            "AXIS_HOST": self.hosts[name].address,
        }
        argv = [sys.executable, "-m", *module]
        self.members[name] = Member(
            name, self.hosts[name], lambda _: argv, env | more, self.folder, there
        )

    def _crew(self, name: str, share: int, origin_s: float) -> None:
        argv = [sys.executable, "-m", "tests.nemesis.agency"]
        argv += ["--home", str(self.settings.home), "--share", f"{share}/{len(CREWS)}"]
        argv += ["--doors", str(self.doors), "--day", json.dumps(self.day.as_json())]
        argv += ["--looks"] if share == 1 else []
        tapes = tapes_of(self.folder)

        def life(number: int) -> list[str]:
            return [*argv, "--tape", str(tapes / f"{name}.{number}.jsonl")]

        self.members[name] = Member(
            name,
            self.hosts[name],
            life,
            {"PATH": ""},
            self.folder,
            lambda said: '"sent"' in said,
            json.dumps({"origin_s": origin_s}).encode() + b"\n",
        )

    def _start(self, names: Iterable[str]) -> None:
        for name in names:
            self.members[name].start()
        deadline = time.monotonic() + BEGIN_S_MAX
        while missing := [name for name in names if not self.members[name].working]:
            self.tend()
            if time.monotonic() > deadline:
                raise NotBegun(f"{', '.join(missing)} did not begin, see {self.folder}")
            time.sleep(LOOK_S)

    def tend(self) -> None:
        """Start again whoever ended."""
        for member in self.members.values():
            member.tend()

    @property
    def finished(self) -> bool:
        """Whether all that was planned is sent, answered, and heard of by its senders."""
        return all(_progress(self.members[name]).get("finished", False) for name in CREWS)

    @property
    def unready(self) -> list[str]:
        """The axes that do not say that they can work."""
        return [name for name in AXES if not _ready(left_address(self.doors / name))]

    @property
    def progress(self) -> str:
        """How far the agencies are, for a person."""
        told = [_progress(self.members[name]) for name in CREWS]
        names = ("sent", "received", "said", "heard")
        return ", ".join(f"{name} {sum(t.get(name, 0) for t in told)}" for name in names)

    @property
    def complaints(self) -> list[str]:
        """Who ended by itself, and what axes and relays have written of faults of their own."""
        found = [complaint for member in self.members.values() for complaint in member.complaints]
        for name in (*AXES, *RELAYS):
            for log in sorted(self.folder.glob(f"{name}.*.log")):
                lines = log.read_text("utf-8", errors="replace").splitlines()
                found += [f"{log}: {line}" for line in lines if any(m in line for m in OWN_FAULTS)]
        return found


@contextmanager
def running(folder: Path, day: Day, network: Network | None) -> Iterator[Ground]:
    """The large form, until the end of the block. Whatever happens, nothing is left running.

    Raises ``NotBegun``, and ``Missing`` and ``NotStarted`` of ``axis.broker`` and ``axis.cluster``.
    """
    names = (POSTGRES, BROKER, *AXES, *RELAYS, *CREWS)
    hosts = {name: Host(name) if network is None else network.host(name) for name in names}
    with kept(hosts[POSTGRES], hosts[BROKER], folder / "kafka", RUN) as (postgres, kafka):
        ground = Ground(folder, day, network, hosts, postgres, kafka)
        try:
            ground.begin()
            yield ground
        finally:
            # By force: what was to be ended gently has been by now.
            for member in ground.members.values():
                member.kill(whole=True)


def tapes_of(folder: Path) -> Path:
    """Where the clients of a run record."""
    return folder / "tapes"


def _ready(door: Address | None) -> bool:
    assert door is not None
    try:
        with urllib.request.urlopen(f"{door.url}/v1/ready", timeout=READY_S_MAX) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _progress(member: Member) -> dict[str, int]:
    """The last whole line that a crew wrote about its progress, in whatever life."""
    for life in range(member.lives, 0, -1):
        log = member.folder / f"{member.name}.{life}.log"
        for line in reversed(log.read_text("utf-8", errors="replace").splitlines()):
            if line.startswith('{"sent"') and line.endswith("}"):
                told: dict[str, int] = json.loads(line)
                return told
    return {}
