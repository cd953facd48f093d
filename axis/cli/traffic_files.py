"""Traffic files on the disk: written whole or not at all, read line by line under limits."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from axis.core.errors import rejected
from schemas.traffic import Header, Row
from schemas.traffic_lines import LINE_BYTES_MAX, NotTraffic, place_of, read

_GZIP_MAGIC = b"\x1f\x8b"
#: Base64 of what is compressed already gains little from more.
_GZIP_LEVEL = 6


@contextmanager
def written(path: Path, mode: int = 0o666) -> Iterator[IO[bytes]]:
    """A file that appears under its name when it is whole; ``.gz`` packs it.

    The same lines give the same bytes. ``mode`` says who may read it, as far as the umask lets. A
    link stays one; a pipe or a device that has the name is written into as it is.
    """
    if path.exists() and not path.is_file():
        with path.open("wb") as raw, _packed(path, raw) as out:
            yield out
        return
    whole = path.resolve()
    half = whole.with_name(f"{whole.name}.part")
    half.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as raw:
            with _packed(path, raw) as out:
                yield out
            raw.flush()
            os.fsync(raw.fileno())
        half.replace(whole)
    finally:
        half.unlink(missing_ok=True)


@contextmanager
def _packed(path: Path, raw: IO[bytes]) -> Iterator[IO[bytes]]:
    """What writes into ``raw``, packed where the name asks for it."""
    if path.suffix != ".gz":
        yield raw
        return
    with gzip.GzipFile("", "wb", _GZIP_LEVEL, raw, mtime=0) as packed:
        yield cast("IO[bytes]", packed)


def rows(path: Path) -> Iterator[Header | Row]:
    """The header and the rows of a traffic file, each proved; packed or not.

    Raises ``Rejected`` with the row and what is wrong, ``OSError`` for what cannot be opened.
    """
    line = 0
    try:
        for value in read(_lines(path)):
            yield value
            line += 1
    except NotTraffic as error:
        raise rejected(error.code, error.place, **error.detail) from None
    except EOFError:
        raise rejected("traffic.cut_short", place_of(line + 1), rows=max(0, line - 1)) from None
    except (zlib.error, gzip.BadGzipFile) as error:
        raise rejected("traffic.damaged", place_of(line + 1), message=f"“{error}”") from None


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as raw:
        # A pipe is not read from its beginning twice.
        packed = raw.peek(len(_GZIP_MAGIC)).startswith(_GZIP_MAGIC)
        file = cast("IO[bytes]", gzip.GzipFile("", "rb", fileobj=raw)) if packed else raw
        # One byte more than a line may have, so that a longer one is seen to be.
        while line := file.readline(LINE_BYTES_MAX + 1):
            yield line
