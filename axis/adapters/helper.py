"""A helper process: ``python -m axis.adapters.helper ARENA``. It examines and signs.

Standard input is a socket to the axis, ARENA the descriptor of the memory they share (``arena``).
First comes the axis's key, so that no helper signs with another, whatever became of the file. A job
is its kind, where it lies in the arena (``NOWHERE``: behind this head on the socket) and its
length; an answer is its kind, its length and its bytes. Answers of a kind come in the order asked.
A signature, which somebody waits for who has waited for everything else, goes before packages. It
ends when the axis closes the socket or dies; signals from a terminal reach the axis alone.
"""

from __future__ import annotations

import socket
import struct
import sys
from collections import deque
from contextlib import suppress
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from axis.adapters.arena import Arena
from axis.adapters.signer import AxisSigner
from schemas.examine import examine
from schemas.examined import told

#: Bytes of the axis's key.
KEY_BYTES: Final = 32
EXAMINE: Final = 1
SIGN: Final = 2
#: Kind, where, bytes.
JOB: Final = struct.Struct(">BII")
#: Kind, bytes.
ANSWER: Final = struct.Struct(">BI")
NOWHERE: Final = 2**32 - 1

RECEIVE_BYTES: Final = 256 * 1024
#: Answers that go out together while there is more to do: each wakes the axis.
TOGETHER: Final = 8


def main() -> None:
    """Serve the socket on standard input until its other end is closed."""
    arena = Arena(int(sys.argv[1]))
    # An axis that is gone wants no answer any more.
    with socket.socket(fileno=sys.stdin.fileno()) as axis, suppress(ConnectionError):
        key = axis.recv(KEY_BYTES, socket.MSG_WAITALL)
        signer = AxisSigner(Ed25519PrivateKey.from_private_bytes(key))
        _Work(axis, arena, signer).run()


class _Work:
    def __init__(self, axis: socket.socket, arena: Arena, signer: AxisSigner) -> None:
        self._axis = axis
        self._arena = arena
        self._signer = signer
        self._buffer = bytearray()
        self._packages: deque[bytes | tuple[int, int]] = deque()
        self._answers: list[bytes] = []
        self._answered = 0

    def run(self) -> None:
        while self._hear():
            if self._packages:
                self._examine(self._packages.popleft())
            if self._answered >= TOGETHER or not self._packages:
                self._tell()

    def _hear(self) -> bool:
        """Take what has come; waits when there is nothing to do. Whether the axis is there."""
        try:
            flags = socket.MSG_DONTWAIT if self._packages else 0
            data = self._axis.recv(RECEIVE_BYTES, flags)
        except BlockingIOError:
            return True
        self._buffer += data
        self._cut()
        return bool(data)

    def _cut(self) -> None:
        """Cut jobs out of what has come, and sign what is to be signed."""
        buffer, start = self._buffer, 0
        while len(buffer) >= (at := start + JOB.size):
            kind, where, size = JOB.unpack_from(buffer, start)
            end = at if where != NOWHERE else at + size
            if len(buffer) < end:
                break
            job = (where, size) if where != NOWHERE else bytes(buffer[at:end])
            if kind == EXAMINE:
                self._packages.append(job)
            else:
                assert isinstance(job, bytes)
                self._answer(SIGN, self._signer.signature(job))
            start = end
        del buffer[:start]

    def _examine(self, package: bytes | tuple[int, int]) -> None:
        self._arena.begun += 1
        raw = package if isinstance(package, bytes) else self._arena.get(*package)
        self._answer(EXAMINE, told(examine(raw)))

    def _answer(self, kind: int, found: bytes) -> None:
        self._answers += (ANSWER.pack(kind, len(found)), found)
        self._answered += 1

    def _tell(self) -> None:
        if self._answers:
            self._axis.sendall(b"".join(self._answers))
            self._answers.clear()
            self._answered = 0


if __name__ == "__main__":
    main()
