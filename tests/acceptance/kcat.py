"""kcat, a client that knows nothing of us, and what it prints of a topic."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from tests import kafka


@dataclass(frozen=True, slots=True)
class Printed:
    """One record as kcat printed it."""

    partition: int
    headers: Mapping[str, str]
    payload: str

    @property
    def no(self) -> int:
        return int(self.headers["ce_no"])

    @property
    def type(self) -> str:
        return self.headers["ce_type"]

    @property
    def place(self) -> tuple[int, str, int]:
        """Partition, type and number."""
        return self.partition, self.type, self.no


def required() -> None:
    """The end of the test where kcat is missing: CI may not do without."""
    if shutil.which("kcat") is None:
        why = "kcat is missing; .ci/kcat installs it"
        (pytest.fail if kafka.required() else pytest.skip)(why)


def printed(bootstrap: str, topic: str) -> Sequence[Printed]:
    """The whole topic, in the order of each partition."""
    done = subprocess.run(
        ["kcat", "-C", "-e", "-q", "-J", "-b", bootstrap, "-t", topic, "-o", "beginning"],
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return [_read(json.loads(line)) for line in done.stdout.splitlines()]


def _read(said: Mapping[str, object]) -> Printed:
    partition, flat, payload = said["partition"], said["headers"], said["payload"]
    assert isinstance(partition, int)
    assert isinstance(flat, list)
    assert isinstance(payload, str | None)
    # It prints names and values in turn; none of ours comes twice.
    names, values = flat[::2], flat[1::2]
    assert len(set(names)) == len(names)
    return Printed(partition, dict(zip(names, values, strict=True)), payload or "")
