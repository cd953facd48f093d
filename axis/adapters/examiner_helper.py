"""A helper process that examines packages: ``python -m axis.adapters.examiner_helper``.

Standard input is a socket to the axis. Both ways go records: four bytes of length, big-endian, and
so many bytes; a package in, what was found out as JSON, in the order asked. It ends when the axis
closes the socket or dies, and leaves signals from the terminal to the axis.
"""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress

from schemas.examine import examine
from schemas.examined import told

RECEIVE_BYTES = 256 * 1024


def main() -> None:
    """Serve the socket on standard input until its other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # An axis that is gone wants no answer any more.
    with socket.socket(fileno=sys.stdin.fileno()) as axis, suppress(ConnectionError):
        for package in _packages(axis):
            found = told(examine(package))
            axis.sendall(len(found).to_bytes(4, "big") + found)


def _packages(axis: socket.socket) -> Iterator[bytes]:
    buffer = bytearray()
    while data := axis.recv(RECEIVE_BYTES):
        buffer += data
        start = 0
        while len(buffer) >= (at := start + 4):
            end = at + int.from_bytes(buffer[start:at], "big")
            if len(buffer) < end:
                break
            with memoryview(buffer) as view:
                package = bytes(view[at:end])
            start = end
            yield package
        del buffer[:start]


if __name__ == "__main__":
    main()
