"""Many packages in one body (``application/vnd.axis.packages``).

Each frame is one line of JSON that has ``size``, a line feed, exactly ``size`` bytes, a line feed.
A person can read the stream, a program needs no XML parser to cut it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from schemas.once import Twice, once

MEDIA_TYPE = "application/vnd.axis.packages"

#: A header holds a delivery's facts: about 700 bytes, a subject of 500 characters takes 1,500.
HEADER_BYTES_MAX = 16 * 1024


class DamagedFrame(ValueError):
    """The stream is no stream of frames; ``args[0]`` says where and why."""


def frame(header: Mapping[str, Any], body: bytes) -> bytes:
    """One frame; ``size`` is set from ``body``."""
    return b"".join(frame_parts(header, body))


def frame_parts(header: Mapping[str, Any], body: bytes) -> tuple[bytes, bytes, bytes]:
    """The same without a copy of ``body``."""
    return b"%b\n" % orjson.dumps({**header, "size": len(body)}), body, b"\n"


def frames(stream: bytes, *, strict: bool = False) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Cut a whole stream into (header, body); raises ``DamagedFrame`` at the first damage.

    ``strict`` is for what a stranger has written: a field that stands twice in a header is damage,
    since another reader may have taken the other one, and cut the stream elsewhere.
    """
    start = 0
    while start < len(stream):
        end = stream.find(b"\n", start, start + HEADER_BYTES_MAX)
        if end < 0:
            raise DamagedFrame(f"byte {start}: no header line")
        header = _header(stream[start:end], start, strict=strict)
        body = end + 1
        start = body + header["size"] + 1
        if stream[start - 1 : start] != b"\n":
            raise DamagedFrame(f"byte {body}: the package has not {header['size']} bytes")
        yield header, stream[body : start - 1]


def _header(line: bytes, at: int, *, strict: bool) -> dict[str, Any]:
    try:
        header = orjson.loads(line)
        if strict:
            json.loads(line.decode("utf-8"), object_pairs_hook=once)
    except Twice as error:
        raise DamagedFrame(f"byte {at}: the header has a field twice") from error
    except (ValueError, RecursionError) as error:
        raise DamagedFrame(f"byte {at}: the header is not JSON") from error
    size = header.get("size") if isinstance(header, dict) else None
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise DamagedFrame(f"byte {at}: the header has no size")
    assert isinstance(header, dict)
    return header
