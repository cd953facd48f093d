"""Examine packages in this process."""

from __future__ import annotations

import asyncio
from typing import Final

from schemas.examine import examine
from schemas.examined import Examined

#: A package up to this size is examined on the event loop (half a millisecond at 20 kB); a larger
#: one would hold up everybody else and goes to a thread.
INLINE_BYTES_MAX: Final = 256 * 1024


class InlineExaminer:
    """``axis.ports.Examiner`` without another process."""

    async def examine(self, raw: bytes, *, alone: bool = True) -> Examined:  # noqa: ARG002
        if len(raw) > INLINE_BYTES_MAX:
            return await asyncio.to_thread(examine, raw)
        return examine(raw)
