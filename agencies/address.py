"""Where the axis of a run listens: the file that it leaves in its folder while it does."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

#: In the axis's folder; ``axis.address`` writes it.
ADDRESS_FILE = "address.json"


@dataclass(frozen=True, slots=True)
class Address:
    """Where an axis listens, or did when it was killed, and in which process of which machine (or
    container; "" where nobody said).
    """

    url: str
    pid: int
    host: str = ""


def left_address(axis_dir: Path) -> Address | None:
    """The address in the folder of an axis; None when there is none that can be read."""
    try:
        left = json.loads((axis_dir / ADDRESS_FILE).read_bytes())
        url, pid, host = left["url"], left["pid"], left.get("host", "")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    if not isinstance(url, str) or not isinstance(pid, int) or pid <= 0:
        return None
    return Address(url.rstrip("/"), pid, str(host))
