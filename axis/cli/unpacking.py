"""Write what strangers sent to disk, so that their names never lead out of the folder."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from schemas.edxml import Attachment

#: Most file systems take 255 bytes; this leaves room for a number and the name of a half file.
NAME_BYTES_MAX = 200

#: Names that mean devices on Windows, whatever follows their dot.
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
_FORBIDDEN = re.compile(r'[<>:"|?*]')


def safe_name(name: str) -> str:
    """A name for a file in a folder, as like ``name`` as can be.

    Only what stands behind the last slash of either kind counts; control characters, leading dots
    and what Windows forbids go. Never empty, never ``..``, never beyond ``NAME_BYTES_MAX``.
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    kept = "".join(c if c.isprintable() else "_" for c in last)
    kept = _FORBIDDEN.sub("_", kept).strip(" .")
    if not kept or _DEVICES.fullmatch(kept):
        kept = f"_{kept}"
    stem, dot, extension = kept.rpartition(".")
    if not dot or len(extension.encode()) > 20:
        stem, dot, extension = kept, "", ""
    room = NAME_BYTES_MAX - len((dot + extension).encode())
    return stem.encode()[:room].decode(errors="ignore") + dot + extension


def write_package(folder: Path, name: str, raw: bytes) -> Path:
    """Write a package as ``<name>.edxml``; a file of that name is replaced whole."""
    folder.mkdir(parents=True, exist_ok=True)
    return _write(folder / f"{safe_name(name)}.edxml", raw)


def unpack(folder: Path, attachments: Iterable[Attachment]) -> list[Path]:
    """Write every attachment into ``folder``; of two with one name the later gets a number."""
    written: list[Path] = []
    taken: set[str] = set()
    for attachment in attachments:
        folder.mkdir(parents=True, exist_ok=True)
        name = _unlike(safe_name(attachment.name), taken)
        taken.add(name.casefold())
        written.append(_write(folder / name, attachment.data))
    return written


def _unlike(name: str, taken: set[str]) -> str:
    """``name``, or ``name (2)`` and so on: folders of some systems do not tell A from a."""
    stem, dot, extension = name.rpartition(".")
    if not dot or not stem:
        stem, dot, extension = name, "", ""
    count, fresh = 1, name
    while fresh.casefold() in taken:
        count += 1
        fresh = f"{stem} ({count}){dot}{extension}"
    return fresh


def _write(path: Path, data: bytes) -> Path:
    """Whole or not at all. Renaming replaces a link that lies in the way, writing follows it."""
    half = path.with_name(f".{path.name}.part")
    half.unlink(missing_ok=True)
    handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    half.replace(path)
    return path
