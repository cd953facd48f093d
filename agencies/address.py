"""Where the axis of a run listens: the file that it leaves in its folder while it does."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

#: In the axis's folder; ``axis.address`` writes it.
ADDRESS_FILE = "address.json"


@dataclass(frozen=True, slots=True)
class Address:
    """Where an axis listens, or did when it was killed, and in which process."""

    url: str
    pid: int


def left_address(axis_dir: Path) -> Address | None:
    """The address in the folder of an axis; None when there is none that can be read."""
    try:
        left = json.loads((axis_dir / ADDRESS_FILE).read_bytes())
        url, pid = left["url"], left["pid"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not isinstance(url, str) or not isinstance(pid, int) or pid <= 0:
        return None
    return Address(url.rstrip("/"), pid)
