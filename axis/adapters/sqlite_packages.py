"""Whether the package bytes are there that SQLite books speak of, open or at rest."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from axis.adapters.rows import encode
from axis.adapters.segments import Mark, Spot, behind, fault, path_of
from axis.books import Package
from axis.core.recount import DAMAGE

#: All plans are under test.
QUERIES: Final = {
    "kept": """
        select p.doc, p.sha256, p.size, p.segment, p.start
        from json_each(?) w cross join package p
        where p.sha256 = json_extract(w.value, '$[0]') and p.doc = json_extract(w.value, '$[1]')""",
    "end": "select h.segment, h.segment_end from head h",
}


def amiss(
    connection: sqlite3.Connection, folder: Path, packages: Sequence[Package], *, read: bool
) -> Mapping[int, str]:
    """``axis.books.Books.amiss`` of books whose segments lie in a folder."""
    try:
        return _amiss(connection, folder, packages, read=read)
    except sqlite3.OperationalError:
        # A lock or a disk, and none of the rows.
        raise
    except sqlite3.DatabaseError as error:
        return {package.doc: f"nobody knows where its bytes lie: {error}" for package in packages}


def _amiss(
    connection: sqlite3.Connection, folder: Path, packages: Sequence[Package], *, read: bool
) -> Mapping[int, str]:
    wanted = encode([(package.sha256, package.doc) for package in packages])
    known = connection.execute(QUERIES["kept"], (wanted,)).fetchall()
    spots = {doc: Spot(*spot) for doc, *spot in known}
    end = next((Mark(*end) for end in connection.execute(QUERIES["end"]).fetchall()), None)
    places = _Places(folder, end)
    found: dict[int, str] = {}
    for package in packages:
        spot = spots.get(package.doc)
        try:
            words = places.fault(package, spot)
            if words is None and read and spot is not None:
                words = fault(folder, spot)
        except DAMAGE as error:
            words = f"where its bytes lie cannot be understood: {error}"
        if words is not None:
            found[package.doc] = words
    return found


class _Places:
    """Where bytes may lie: in files that are there, before the end that the head knows."""

    def __init__(self, folder: Path, end: Mark | None) -> None:
        self._folder = folder
        self._end = end
        self._lengths: dict[int, int | None] = {}

    def fault(self, package: Package, spot: Spot | None) -> str | None:
        """What is wrong with the place of a package."""
        if spot is None:
            return f"no row says where the bytes of {package.sha256} lie"
        if spot.size != package.size:
            return f"it says {package.size} bytes, and {spot.size} are known of"
        end, name = behind(spot), path_of(self._folder, spot.segment).name
        if self._end is not None and end > self._end:
            return f"its bytes lie up to {end.offset} of {name}, and the head knows of fewer"
        length = self._length(spot.segment)
        if length is None:
            return f"its bytes are gone: there is no {name}"
        if spot.start < 0 or length < end.offset:
            return f"its bytes are gone: they lie up to {end.offset} of {name}, which has {length}"
        return None

    def _length(self, segment: int) -> int | None:
        if segment not in self._lengths:
            path = path_of(self._folder, segment)
            self._lengths[segment] = path.stat().st_size if path.is_file() else None
        return self._lengths[segment]
