"""What a private PostgreSQL leaves behind when its parent is killed, and whether it still lives."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

#: PostgreSQL's own file in its data: the number of its process, and more.
PID: Final = "postmaster.pid"
#: In a folder of a server: locked for as long as the server lives, or whoever made the folder.
_LIVES: Final = "lives"


def serves(data: Path) -> bool:
    """Whether a server lives that has these data open.

    After a crash, and more so in containers, the number of one that has gone is soon another's.
    Where nobody can tell, it may be the server's.
    """
    try:
        pid = int((data / PID).read_text("ascii").split("\n", 1)[0])
        os.kill(pid, 0)
    except (OSError, ValueError):
        return False
    try:
        program, *words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return True
    folders = [Path(os.fsdecode(word)) for word in words if word.startswith(b"/")]
    # Whoever starts one by hand need not name the folder.
    here = not folders or data.resolve() in (folder.resolve() for folder in folders)
    return here and Path(os.fsdecode(program)).name == "postgres"


def hold(folder: Path) -> int:
    """A descriptor that says of a folder that it is in use, for as long as any process has it."""
    fresh = folder / f"{_LIVES}.new"
    descriptor = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    # Nobody ever sees it free.
    fresh.rename(folder / _LIVES)
    return descriptor


def clear_left(prefix: str) -> None:
    """Remove the folders that were held by this user, and are no more."""
    for path in Path(tempfile.gettempdir()).glob(f"{prefix}*/{_LIVES}"):
        with suppress(OSError):
            if path.lstat().st_uid != os.getuid():
                continue
            with path.open("rb") as lives:
                fcntl.flock(lives, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path.parent)
