"""Package bytes in append-only files, found again by their digest.

``0001.seg``, ``0002.seg`` ... each a run of records: magic, length, SHA-256, the bytes. A record is
durable before any row names it, so a crash leaves at worst records that nobody knows of. Whole ones
are harmless and stay; a torn tail is cut when the books are opened. Where the known part ends (a
``Mark``) stands in the books, in the same transaction as the rows.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import struct
from collections.abc import Iterable, Mapping
from itertools import count, groupby
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from axis.adapters import durable

log = structlog.get_logger()

#: A new segment is begun at the first group behind this size: small enough to copy in a backup.
SEGMENT_BYTES_MAX: Final = 256 * 1024 * 1024
#: Buffers handed to one system call (IOV_MAX is 1024 on Linux and macOS).
_BUFFERS_MAX: Final = 1024

#: Not every system has the cheaper call, which leaves times out.
_sync = getattr(os, "fdatasync", os.fsync)

_MAGIC: Final = b"AXP1"
_HEADER: Final = struct.Struct(">4sQ32s")


class Damaged(Exception):
    """Bytes that the books know of are not there: a restored or foreign copy, a broken disk."""


class Mark(NamedTuple):
    """A position behind the last record: the segment's number and an offset in bytes."""

    segment: int
    offset: int


class Spot(NamedTuple):
    """Where a package's record begins."""

    sha256: str
    size: int
    segment: int
    start: int


class Segments:
    """The segment files of one folder. One thread writes; any may read."""

    def __init__(self, folder: Path, segment_bytes_max: int = SEGMENT_BYTES_MAX) -> None:
        self._folder = folder
        self._segment_bytes_max = segment_bytes_max
        self._writing: tuple[int, int] | None = None  # number and descriptor
        # Whether a file was made whose name is not durable yet: by us, or by one that was killed.
        self._named = True
        durable.make_folder(folder)

    def recover(self, known: Mark) -> Mark:
        """Cut a torn tail behind ``known``, and return where the next record goes.

        Raises ``Damaged`` when a file ends before ``known``.
        """
        path = self._path(known.segment)
        size = path.stat().st_size if path.exists() else 0
        if size < known.offset:
            raise Damaged(f"{path} has {size} bytes; the books know of {known.offset}")
        end = known
        for segment in count(known.segment):
            path = self._path(segment)
            if not path.exists():
                return end
            offset = known.offset if segment == known.segment else 0
            end = Mark(segment, _whole_records(path, offset))
            if path.stat().st_size > end.offset:
                os.truncate(path, end.offset)
        raise AssertionError("unreachable")

    def append(self, bodies: Mapping[str, bytes], end: Mark) -> tuple[list[Spot], Mark]:
        """Write ``bodies`` (by their digests) behind ``end``; durable once ``sync`` has returned.

        Returns where each lies and the new end. Raises ``OSError``; nothing is written then.
        """
        segment, start = end if end.offset < self._segment_bytes_max else Mark(end.segment + 1, 0)
        spots: list[Spot] = []
        buffers: list[bytes | memoryview] = []
        offset = start
        for sha256, body in bodies.items():
            spots.append(Spot(sha256, len(body), segment, offset))
            buffers += (_HEADER.pack(_MAGIC, len(body), bytes.fromhex(sha256)), body)
            offset += _HEADER.size + len(body)
        fd = self._open(segment)
        try:
            _write(fd, buffers, start)
        except OSError:
            # Gives the room back to a disk that is full.
            self.cut(Mark(segment, start))
            raise
        return spots, Mark(segment, offset)

    def sync(self) -> None:
        """Make what was appended durable. Raises ``OSError``."""
        if self._writing is not None:
            _sync(self._writing[1])
            if self._named:
                durable.sync_folder(self._folder)
                self._named = False

    def cut(self, end: Mark) -> None:
        """Take back what was appended behind ``end``, as far as the machine lets us."""
        with contextlib.suppress(OSError):
            os.truncate(self._path(end.segment), end.offset)

    def read(self, spots: Iterable[Spot]) -> dict[str, bytes]:
        """The bytes at ``spots``, by digest; those that are others by now are left out and told in
        the log: one damaged package keeps no other from its recipients. Raises ``OSError`` where a
        whole file is missing, which may only be a disk that is away.
        """
        bodies: dict[str, bytes] = {}
        ordered = sorted(spots, key=lambda spot: (spot.segment, spot.start))
        for segment, group in groupby(ordered, key=lambda spot: spot.segment):
            fd = os.open(self._path(segment), os.O_RDONLY | os.O_CLOEXEC)
            try:
                for spot in group:
                    body = os.pread(fd, spot.size, spot.start + _HEADER.size)
                    if hashlib.sha256(body).hexdigest() == spot.sha256:
                        bodies[spot.sha256] = body
                    else:
                        log.error("package damaged", action="package.damaged", **spot._asdict())
            finally:
                os.close(fd)
        return bodies

    def close(self) -> None:
        """Close the file being written; idempotent."""
        if self._writing is not None:
            os.close(self._writing[1])
            self._writing = None

    def _path(self, segment: int) -> Path:
        return path_of(self._folder, segment)

    def _open(self, segment: int) -> int:
        if self._writing is None or self._writing[0] != segment:
            self.close()
            flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
            self._named = self._named or not self._path(segment).exists()
            self._writing = (segment, os.open(self._path(segment), flags, 0o600))
        return self._writing[1]


def path_of(folder: Path, segment: int) -> Path:
    """The file of a segment."""
    return folder / f"{segment:04}.seg"


def behind(spot: Spot) -> Mark:
    """Where a record ends."""
    return Mark(spot.segment, spot.start + _HEADER.size + spot.size)


def fault(folder: Path, spot: Spot) -> str | None:
    """What is wrong with a record that lies within its file, all of it read again."""
    path = path_of(folder, spot.segment)
    try:
        with path.open("rb") as file:
            file.seek(spot.start)
            header, body = file.read(_HEADER.size), file.read(spot.size)
    except OSError as error:
        return f"its bytes in {path.name} cannot be read: {error.strerror}"
    if header != _HEADER.pack(_MAGIC, spot.size, bytes.fromhex(spot.sha256)):
        return f"no record of it begins at {spot.start} of {path.name}"
    found = hashlib.sha256(body).hexdigest()
    return None if found == spot.sha256 else f"its bytes in {path.name} are {found}"


def _write(fd: int, buffers: list[bytes | memoryview], offset: int) -> None:
    """Write all of ``buffers`` at ``offset``; a system call may take a part only."""
    while buffers:
        written = os.pwritev(fd, buffers[:_BUFFERS_MAX], offset)
        if written == 0:
            raise OSError(errno.EIO, "nothing was written")
        offset += written
        done = 0
        while done < len(buffers) and written >= len(buffers[done]):
            written -= len(buffers[done])
            done += 1
        del buffers[:done]
        if written:
            buffers[0] = memoryview(buffers[0])[written:]


def _whole_records(path: Path, offset: int) -> int:
    """Where the run of whole records that begins at ``offset`` ends."""
    with path.open("rb") as file:
        file.seek(offset)
        while True:
            header = file.read(_HEADER.size)
            if len(header) < _HEADER.size:
                return offset
            magic, size, digest = _HEADER.unpack(header)
            # A torn header may claim any length: never read more than the file holds.
            left = path.stat().st_size - offset - _HEADER.size
            if magic != _MAGIC or size > left or hashlib.sha256(file.read(size)).digest() != digest:
                return offset
            offset += _HEADER.size + size
