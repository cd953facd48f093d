"""Where an axis listens: its socket, and the file that tells clients on this machine."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import structlog

from axis.settings import Settings

log = structlog.get_logger()

#: In the axis's folder: {"url": …, "pid": …, "host": …}, there while it listens.
ADDRESS_FILE = "address.json"


@contextmanager
def listening(settings: Settings) -> Iterator[socket.socket]:
    """A bound socket, so that the port is known, and an address in use is told at once."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
        yield listener


def url_of(settings: Settings, listener: socket.socket) -> str:
    """The address that clients are told: the one that was set, else that of the bound socket."""
    if settings.url:
        return settings.url
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def leave(settings: Settings, url: str) -> None:
    """Say that this process listens; whole or not at all, since readers poll for it.

    On a disk without room nothing is said, only logged: an axis reads on then, also one that was
    started anew, and most of its clients know where it is.
    """
    path = settings.axis_dir / ADDRESS_FILE
    fresh = path.with_suffix(".new")
    try:
        fresh.write_text(json.dumps({"url": url, **_me()}), encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        log.warning("address not left", action="address.not_left", url=url, error=str(error))
        with suppress(OSError):
            fresh.unlink(missing_ok=True)


def forget(settings: Settings) -> None:
    """Take the address away, unless another axis of the same run has left its own meanwhile."""
    path: Path = settings.axis_dir / ADDRESS_FILE
    with suppress(OSError, ValueError, KeyError):
        left = json.loads(path.read_text(encoding="utf-8"))
        if {name: left[name] for name in _me()} == _me():
            path.unlink()


def _me() -> dict[str, object]:
    """Who leaves it. In two containers there may be processes of the same number."""
    return {"pid": os.getpid(), "host": socket.gethostname()}
