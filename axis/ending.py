"""End a child process, gently first."""

from __future__ import annotations

import asyncio
import contextlib
import signal


async def end_gently(process: asyncio.subprocess.Process, seconds: float) -> None:
    """Return when it has ended: SIGTERM, and SIGKILL after ``seconds``. One that has is left so."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(seconds):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
