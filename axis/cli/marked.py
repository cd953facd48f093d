"""The folder of a run that one command makes, goes on with, and alone may clear away."""

from __future__ import annotations

import fcntl
import json
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import typer

from axis.settings import Settings

#: Who asks whether a folder is held has it for an instant: one that stays held so long (seconds)
#: is a command's.
_HELD_S = 0.5
_LOOK_S = 0.01


@dataclass(frozen=True, slots=True)
class Marked:
    """The folder of a run with ``file`` in it, a JSON object that says who made it: ``maker``.

    Nothing else beneath ``var`` is ever deleted.
    """

    settings: Settings
    file: str
    maker: str

    @property
    def _path(self) -> Path:
        return self.settings.home / self.file

    @property
    def _lock(self) -> Path:
        # Not inside: what is in the folder is cleared away.
        return self.settings.var / f"{Path(self.file).stem}-{self.settings.run}.lock"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the folder, or end the command (2); the kernel forgets who was killed."""
        self.settings.var.mkdir(parents=True, exist_ok=True)
        with self._lock.open("a", encoding="ascii") as lock:
            deadline_s = time.monotonic() + _HELD_S
            while not _locked(lock, fcntl.LOCK_EX):
                if time.monotonic() > deadline_s:
                    told = f"'{self.maker}' is running already in {self.settings.home}."
                    typer.echo(told, err=True)
                    raise typer.Exit(2)
                time.sleep(_LOOK_S)
            yield

    @property
    def held(self) -> bool:
        """Whether a command holds the folder now."""
        try:
            with self._lock.open("rb") as lock:
                return not _locked(lock, fcntl.LOCK_SH)
        except FileNotFoundError:
            return False

    def read(self) -> dict[str, Any] | None:
        """What it says; None where nothing is. Ends the command for a folder of somebody else's."""
        home = self.settings.home
        try:
            said = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            said = None
        if isinstance(said, dict) and said.pop("made_by", "") == self.maker:
            return said
        if home.exists() and any(home.iterdir()):
            raise typer.BadParameter(
                f"{home} was not made by {self.maker} and is left alone; move it"
            )
        return None

    def write(self, values: Mapping[str, Any]) -> None:
        """Say something else, whole or not at all."""
        self.settings.home.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        text = json.dumps({**values, "made_by": self.maker}, indent=2)
        fresh.write_text(text + "\n", encoding="utf-8")
        fresh.replace(self._path)

    def forget(self) -> None:
        """Delete the world with its mark: there never was one."""
        self.clear()
        self._path.unlink(missing_ok=True)
        self.settings.home.rmdir()

    def clear(self, keep: str = "") -> None:
        """Delete the world but for what is to be kept of it, and its mark: one that is killed
        meanwhile still knows it as its own.
        """
        for path in self.settings.home.iterdir():
            if path.name not in (self.file, keep):
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _locked(file: IO[Any], how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
