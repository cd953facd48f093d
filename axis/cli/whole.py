"""Files that a command reads whole: packages, and what goes into them."""

from __future__ import annotations

import errno
from collections.abc import Iterable
from pathlib import Path

from axis.cli import screen
from schemas.edxml import PACKAGE_BYTES_MAX, Attachment

#: Bytes of files that a package of the largest size has room for: in base64 three take four.
_FILES_BYTES_MAX = PACKAGE_BYTES_MAX // 4 * 3


def read_whole(path: Path, most: int = PACKAGE_BYTES_MAX) -> bytes:
    """The bytes of a file, ``most`` of them; a device or a pipe may have no end.

    Raises ``OSError``, also for one that has more.
    """
    with path.open("rb") as file:
        raw = file.read(most + 1)
    if len(raw) > most:
        limit = screen.number(PACKAGE_BYTES_MAX)
        raise OSError(errno.EFBIG, f"more than a package may have ({limit} bytes)", str(path))
    return raw


def attachments(paths: Iterable[Path]) -> tuple[Attachment, ...]:
    """The files of a package. Raises ``OSError``, also for more than it has room for."""
    found: list[Attachment] = []
    left = _FILES_BYTES_MAX
    for n, path in enumerate(paths, start=1):
        data = read_whole(path, left)
        left -= len(data)
        found.append(Attachment(content_id=f"cid:{n}", name=path.name, data=data))
    return tuple(found)
