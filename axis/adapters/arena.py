"""Memory that this process and one of its helpers share: packages travel through it.

A socket holds ten packages, and a busy loop leaves it alone for fifty: a helper would stand still
meanwhile. What lies here needs no system call and is copied once.

The first eight bytes count the examinations that the helper has begun, so that it is known which
package ended it. Behind them is a ring: room is taken in order and given back in the same order.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from collections import deque
from typing import Final

#: 200 packages of 20 kB: three times what a helper has at a time.
ARENA_BYTES: Final = 4 * 1024 * 1024
_COUNT_BYTES: Final = 8


class Arena:
    """The memory behind a descriptor that was made with ``new``, seen from either process."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._memory = mmap.mmap(fd, ARENA_BYTES)
        self._end = _COUNT_BYTES
        #: Where each piece that is held begins, the oldest first.
        self._held: deque[int] = deque()

    @classmethod
    def new(cls) -> Arena:
        """Memory of its own."""
        if hasattr(os, "memfd_create"):
            fd = os.memfd_create("axis-packages")
        else:
            with tempfile.TemporaryFile() as file:
                fd = os.dup(file.fileno())
        os.truncate(fd, ARENA_BYTES)
        return cls(fd)

    def put(self, data: bytes) -> int | None:
        """Where ``data`` lies now; None when there is no room for it."""
        size, start, room = len(data), self._end, ARENA_BYTES
        if not size:
            return None
        if not self._held:
            start = _COUNT_BYTES
        elif start <= self._held[0]:
            room = self._held[0]
        elif start + size > room:
            start, room = _COUNT_BYTES, self._held[0]
        if start + size > room:
            return None
        self._memory[start : start + size] = data
        self._held.append(start)
        self._end = start + size
        return start

    def give_back(self) -> None:
        """The oldest piece is not needed any more."""
        self._held.popleft()

    def get(self, start: int, size: int) -> bytes:
        """What was put there."""
        return self._memory[start : start + size]

    @property
    def begun(self) -> int:
        """Examinations that the helper has begun."""
        return int.from_bytes(self._memory[:_COUNT_BYTES], "little")

    @begun.setter
    def begun(self, count: int) -> None:
        self._memory[:_COUNT_BYTES] = count.to_bytes(_COUNT_BYTES, "little")

    def close(self) -> None:
        """Give it up in this process."""
        self._memory.close()
        os.close(self.fd)
