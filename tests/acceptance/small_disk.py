"""A disk of a few megabytes for a test that fills it: a file system in memory, never the machine's."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

#: Bytes of one write that fills up; the last ones go byte by byte.
_CHUNKS = (64 * 1024, 1)


@dataclass(frozen=True, slots=True)
class Disk:
    """Where it is mounted."""

    folder: Path

    def resize(self, megabytes: int) -> None:
        """Make it larger."""
        _run("mount", "-o", f"remount,size={megabytes}m", str(self.folder))

    def fill(self) -> None:
        """Leave not a byte."""
        path = self.folder / "ballast"
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            for size in _CHUNKS:
                try:
                    while True:
                        os.write(file, b"." * size)
                except OSError:
                    continue
        finally:
            os.close(file)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Disk]:
    """One that is gone behind the block; the test is skipped where nobody may mount one."""
    folder.mkdir()
    try:
        _run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0777", "tmpfs", str(folder))
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"only root may mount a small disk: {error}")
    try:
        yield Disk(folder)
    finally:
        # Also when a process that a failed test left behind still has a file open there.
        _run("umount", "--lazy", str(folder))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
