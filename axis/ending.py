"""How a command is asked to end, and how it ends a child process: gently first."""

from __future__ import annotations

import asyncio
import contextlib
import signal


def asked_to_end() -> list[signal.Signals]:
    """What asks a command to end: Ctrl-C, SIGTERM, and its terminal when that is closed, unless it
    is to outlive it (nohup).
    """
    outlives = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return [signal.SIGINT, signal.SIGTERM, *([] if outlives else [signal.SIGHUP])]


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
