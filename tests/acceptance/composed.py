"""The services of ``docker-compose.yml`` as processes of this machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.acceptance.conftest import until

ROOT = Path(__file__).parents[2]
#: Where our own command line and interpreter are, as in the image.
PATH = f"{Path(sys.executable).parent}:/usr/bin:/bin"


@cache
def compose() -> dict[str, Any]:
    """The file."""
    read: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    return read


def services() -> dict[str, dict[str, Any]]:
    """Its services by name."""
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


@dataclass(frozen=True, slots=True)
class Place:
    """What stands here for the names that hold inside the containers."""

    folder: Path
    names: Mapping[str, str]

    def here(self, text: str) -> str:
        for name, instead in self.names.items():
            text = text.replace(name, instead)
        # What Compose would make of it, where nothing else is set.
        return re.sub(r"\$\{\w+:-([^}]+)\}", r"\1", text).replace("$$", "$")

    def environment(self, service: str) -> dict[str, str]:
        """A service's own, and nothing of this process's."""
        given = services()[service].get("environment", {})
        return {"PATH": PATH, **{name: self.here(value) for name, value in given.items()}}

    def command(self, service: str, *more: str) -> list[str]:
        return [*map(self.here, services()[service]["command"]), *more]

    def run(self, service: str, command: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
        """Run a service, or another command in its place, to its end."""
        return subprocess.run(
            command or self.command(service),
            env=self.environment(service),
            cwd=self.folder,
            capture_output=True,
            check=False,
            text=True,
        )

    def healthy(self, service: str) -> bool:
        """Whether the service's own check says so."""
        kind, *check = services()[service]["healthcheck"]["test"]
        command = ["sh", "-c", *check] if kind == "CMD-SHELL" else check
        return self.run(service, [*map(self.here, command)]).returncode == 0

    @contextmanager
    def running(self, service: str, *more: str) -> Iterator[Running]:
        """A service that is healthy, and stopped in its time afterwards."""
        output = self.folder / f"{service}.txt"
        with output.open("wb") as written:
            process = subprocess.Popen(
                self.command(service, *more),
                env=self.environment(service),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
            )
        started = Running(process, output)
        try:
            until(lambda: started.lives() and self.healthy(service), f"{service}, see {output}")
            yield started
            process.terminate()
            grace = float(services()[service]["stop_grace_period"].removesuffix("s"))
            assert process.wait(grace) == 0, started.said
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


@dataclass(frozen=True, slots=True)
class Running:
    """One service as a process."""

    process: subprocess.Popen[bytes]
    output: Path

    @property
    def said(self) -> str:
        return self.output.read_text("utf-8")

    def lives(self) -> bool:
        assert self.process.poll() is None, self.said
        return True


def user() -> str:
    """Whom the image runs as."""
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    return [line.split()[1] for line in lines if line.startswith("USER ")][-1]


def owner_only(path: Path) -> bool:
    return os.stat(path).st_mode & 0o077 == 0
