"""Axes in processes of their own, and agencies that send until they have a receipt."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx
import pytest

from agencies.world import agency_dir, make_world, read_secret
from axis.cli.setup import enrol
from axis.settings import Settings
from benchmarks.packages import Signed
from tests.acceptance.conftest import until

#: Seconds until a sender asks another axis; a group that waits for a stopped one takes three.
ASK_AGAIN_S = 8.0
PAUSE_S = 0.05

_NOTHING: Mapping[str, str] = {}


class Axis:
    """``axis.server`` in a process of its own."""

    def __init__(
        self, settings: Settings, name: str, workers: int, given: Mapping[str, str]
    ) -> None:
        self._log = settings.var / f"{name}.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "axis.server"],
                env={
                    "PATH": "",
                    # What a parent that is killed leaves there goes with the test.
                    "TMPDIR": str(settings.var),
                    "AXIS_VAR": str(settings.var),
                    "AXIS_RUN": settings.run,
                    "AXIS_PORT": "0",
                    "AXIS_WORKERS": str(workers),
                    **_servers(settings),
                    **given,
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.url = until(self._listens, f"{name} to listen, see {self._log}")

    def _listens(self) -> str:
        assert self.process.poll() is None, self._log.read_text("utf-8")
        return next((str(line["url"]) for line in self.said("server.listening")), "")

    def said(self, action: str) -> list[dict[str, Any]]:
        """The lines of its log that tell of an action."""
        lines = self._log.read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines if f'"{action}"' in line]

    @property
    def workers(self) -> list[int]:
        """Process ids of all workers that have listened."""
        return [line["pid"] for line in self.said("worker.listening")]

    def send(self, number: signal.Signals) -> None:
        os.kill(self.process.pid, number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.send(number)
        return self.process.wait()


def _servers(settings: Settings) -> dict[str, str]:
    """Where its books and its bus are, if anywhere but in itself."""
    named = {"AXIS_KAFKA_BOOTSTRAP": settings.kafka.bootstrap}
    if settings.database is not None:
        named["AXIS_DATABASE"] = settings.database.get_secret_value()
    return {name: value for name, value in named.items() if value}


@contextmanager
def running(
    settings: Settings, name: str, workers: int = 1, given: Mapping[str, str] = _NOTHING
) -> Iterator[Axis]:
    """An axis that listens; ``given`` is the rest of its environment."""
    axis = Axis(settings, name, workers, given)
    try:
        yield axis
    finally:
        if axis.process.poll() is None:
            axis.process.kill()
            axis.process.wait()


class Senders:
    """Agencies that send packages to whatever axis answers, until they have a receipt."""

    def __init__(self, http: httpx.AsyncClient, home: Path) -> None:
        self._http = http
        self._home = home
        self._tokens: dict[str, str] = {}
        #: Receipts by package; all of one package must be the same.
        self.receipts: dict[bytes, set[str]] = {}
        #: Requests whose answer never came.
        self.cut_off = 0

    async def login(self, axis: Axis, codes: Sequence[str]) -> None:
        for code in codes:
            secret = read_secret(agency_dir(self._home, code))
            asked = {"grant_type": "client_credentials", "client_id": code}
            answer = await self._http.post(
                f"{axis.url}/v1/token", data=asked | {"client_secret": secret}
            )
            self._tokens[code] = answer.json()["access_token"]

    async def post(self, axes: Sequence[Axis], package: Signed) -> None:
        """Post to the first of ``axes``, and to the next ones until one gives a receipt."""
        for axis in cycle(axes):
            try:
                answer = await self.ask(
                    axis, package.sender, "POST", "/v1/documents", content=package.body
                )
            except httpx.TransportError:
                self.cut_off += 1
                await asyncio.sleep(PAUSE_S)
                continue
            if answer.status_code in (200, 201):
                self.receipts.setdefault(package.body, set()).add(answer.text)
                return
            assert answer.status_code == 503, answer.text
            await asyncio.sleep(PAUSE_S)

    async def ask(
        self, axis: Axis, who: str, method: str, path: str, **rest: Any
    ) -> httpx.Response:
        headers = {"authorization": f"Bearer {self._tokens[who]}"}
        if "content" in rest:
            headers["content-type"] = "application/xml"
        return await self._http.request(method, axis.url + path, headers=headers, **rest)

    async def post_all(self, axes: Sequence[Axis], packages: Sequence[Signed]) -> None:
        """Everything at once, each package beginning with another axis."""
        async with asyncio.TaskGroup() as group:
            for i, package in enumerate(packages):
                first = i % len(axes)
                group.create_task(self.post([*axes[first:], *axes[:first]], package))

    async def keep_writing(self, axis: Axis, who: str) -> None:
        """Have ``axis`` write for ever what no balance counts: lines of the refusal log."""
        while True:
            await self.ask(axis, who, "POST", "/v1/documents", content=b"<none/>")

    async def some(self, count: int) -> None:
        """Wait until so many packages have a receipt."""
        while len(self.receipts) < count:
            await asyncio.sleep(PAUSE_S)


@asynccontextmanager
async def sending(settings: Settings) -> AsyncIterator[Senders]:
    limits = httpx.Limits(max_connections=200)
    async with httpx.AsyncClient(timeout=ASK_AGAIN_S, limits=limits, trust_env=False) as http:
        yield Senders(http, settings.home)


async def set_up(folder: Path, url: str, run: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A run with its world and its books; commands that the test starts find it too."""
    monkeypatch.setenv("AXIS_DATABASE", url)
    monkeypatch.setenv("AXIS_VAR", str(folder))
    monkeypatch.setenv("AXIS_RUN", run)
    made = Settings()
    await enrol(made, make_world(made.home))
    return made


def told_by(*arguments: str) -> Any:
    """The JSON of a command."""
    done = subprocess.run(
        [sys.executable, "-m", "axis", *arguments, "--json"], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)
