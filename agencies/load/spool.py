"""The packages of a step, built and signed before it begins, in a file.

A step may have gigabytes of them; what is written lately lies in memory anyway, and what does not
fit there is read as it is sent.
"""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from agencies.drive import package
from agencies.load.plan import FIRST_HOUR_US
from agencies.sizes import Profile
from agencies.traffic import Planned
from axis.core.timetable import MICROSECONDS, day_start_us
from schemas.xmldsig import PrivateKey

Keys = Mapping[str, tuple[PrivateKey, bytes]]


@dataclass(frozen=True, slots=True)
class Letter:
    """A package that is ready to be sent: when, counted from the step's beginning, and what."""

    index: int
    after_s: float
    sender: str
    document_id: str
    recipients: tuple[str, ...]
    sha256: str
    start: int
    size: int


def as_it_is(_planned: Planned, raw: bytes) -> bytes:
    """The package as it was signed."""
    return raw


class Spool:
    """The bytes of a step's packages, one behind the other in ``path``; gone when it is closed.

    With ``more`` another process has it too: each reads (``grow``) what the other filled in, and
    what is filled in goes behind that.
    """

    def __init__(self, path: Path, *, more: bool = False) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a+b" if more else "w+b")
        self._map: mmap.mmap | None = None
        #: Packages written so far: another thread may look while ``fill`` is at it.
        self.built = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._map is not None:
            self._map.close()
        self._file.close()
        self._path.unlink(missing_ok=True)

    def fill(
        self,
        plan: Sequence[Planned],
        keys: Keys,
        profile: Profile,
        last: Callable[[Planned, bytes], bytes] = as_it_is,
    ) -> list[Letter]:
        """Build, sign and write the packages of a step; once. ``last`` is done to each."""
        assert self._map is None, "filled already"
        letters = []
        start = self._file.tell()
        for planned in plan:
            raw = last(planned, package(planned, *keys[planned.sender], profile))
            self._file.write(raw)
            letters.append(_letter(planned, raw, start))
            start += len(raw)
            self.built += 1
        self._file.flush()
        self._read()
        return letters

    def leave(self) -> None:
        """Close it and leave the file to the process that has it open too."""
        assert self._map is not None
        self._map.close()
        self._file.close()

    def grow(self) -> None:
        """Read also what another process filled in."""
        if self._map is not None:
            self._map.close()
        self._read()

    def raw(self, letter: Letter) -> bytes:
        """The bytes of one package."""
        assert self._map is not None
        return self._map[letter.start : letter.start + letter.size]

    def _read(self) -> None:
        self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)


def _letter(planned: Planned, raw: bytes, start: int) -> Letter:
    begin = day_start_us(planned.day) + FIRST_HOUR_US
    return Letter(
        index=planned.index,
        after_s=(planned.at_us - begin) / MICROSECONDS,
        sender=planned.sender,
        document_id=planned.document_id,
        recipients=planned.recipients,
        sha256=hashlib.sha256(raw).hexdigest(),
        start=start,
        size=len(raw),
    )
