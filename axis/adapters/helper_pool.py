"""Use every core: helper processes beside the loop examine packages and sign receipts.

The two are most of the work of an intake, and only processes scale them. While the loop has time
it examines a package that comes alone, which is done soonest so; those that come with it in the
same turn go to helpers. A loop that is pressed hands on all it can. What finds the helpers busy
waits for the first of them, or for the loop, which takes one in each of its turns (now and then,
when it is pressed: a helper may be at something that takes a second). A package that ends its
helper (a fault of a parser, say) is refused and costs the axis a process, not its life; a helper
that hangs is ended. Where no helper can be started, the loop does it all, as an axis without
helpers.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from axis.adapters.examiner import INLINE_BYTES_MAX, InlineExaminer
from axis.adapters.helper_line import Helper
from axis.adapters.signer import AxisSigner, compact
from schemas.examined import Examined

#: Packages that one helper has at a time: ten milliseconds of its work.
AT_A_TIME: Final = 64
#: How long the loop's share of its core is looked at, in seconds, and from where on it is pressed:
#: below, a lone package waits for nobody; above, whatever it does itself makes others wait.
LOOK_S: Final = 0.02
PRESSED_SHARE: Final = 0.6
#: A pressed loop takes one of those that wait so often, in seconds.
PRESSED_TURN_S: Final = 0.005
#: Receipts of one request that are worth a helper: a millisecond of work.
SIGNED_TOGETHER: Final = 32


class HelperPool:
    """``axis.ports.Examiner`` over helpers; made by ``helper_pool``."""

    def __init__(self, helpers: list[Helper]) -> None:
        self._here = InlineExaminer()
        self._helpers = helpers
        self._pace = _Pace()
        #: Nothing was examined here in this turn of the loop.
        self._idle = True
        #: Packages for which no helper had room: each is told who examines it, None for the loop.
        self._waiting: deque[asyncio.Future[Helper | None]] = deque()
        #: Whether the loop is about to take one of them.
        self._taking = False

    async def examine(self, raw: bytes, *, alone: bool = True) -> Examined:
        small = len(raw) <= INLINE_BYTES_MAX
        if alone and small and self._idle and not self._pace.pressed():
            self._idle = False
            asyncio.get_running_loop().call_soon(self._rest)
            return await self._here.examine(raw)
        while (helper := self._freest()) is not None:
            if helper.busy >= AT_A_TIME and small:
                free = await self._turn()
                if free is None:
                    break
                helper = free
            try:
                found = await helper.examine(raw)
            finally:
                self._next(helper)
            if found is not None:
                return found
        return await self._here.examine(raw)

    async def sign(self, texts: Sequence[bytes]) -> list[bytes | None]:
        """Signatures of ``texts``; None for those that are better made here."""
        if len(texts) < SIGNED_TOGETHER and not self._pace.pressed():
            return [None] * len(texts)
        helper = self._freest()
        if helper is None:
            return [None] * len(texts)
        return await asyncio.gather(*map(helper.sign, texts))

    def _freest(self) -> Helper | None:
        able = [helper for helper in self._helpers if helper.able]
        return min(able, key=_busy) if able else None

    def _rest(self) -> None:
        self._idle = True

    async def _turn(self) -> Helper | None:
        """Wait until a helper has room, or the loop a moment."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[Helper | None] = loop.create_future()
        self._waiting.append(turn)
        if not self._taking:
            self._soon()
        return await turn

    def _soon(self) -> None:
        self._taking = True
        loop = asyncio.get_running_loop()
        if self._pace.pressed():
            loop.call_later(PRESSED_TURN_S, self._take)
        else:
            loop.call_soon(self._take)

    def _take(self) -> None:
        """Examine one here, and another in the next turn of the loop."""
        self._taking = False
        self._next(None)
        if self._waiting:
            self._soon()

    def _next(self, examiner: Helper | None) -> None:
        """Let ``examiner`` have the one that has waited longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(examiner)
                return


@asynccontextmanager
async def helper_pool(helpers: int, signer: AxisSigner) -> AsyncIterator[HelperPool]:
    """A pool of ``helpers`` processes (at least one), which end with the context and sign as
    ``signer`` does.
    """
    started = [Helper(signer.secret()) for _ in range(helpers)]
    try:
        for helper in started:
            await helper.started()
        yield HelperPool(started)
    finally:
        for helper in started:
            helper.close()
        for helper in started:
            await asyncio.to_thread(helper.end)


class PooledSigner:
    """``axis.ports.Signer`` that has helpers sign what there is much of."""

    def __init__(self, signer: AxisSigner, pool: HelperPool) -> None:
        self._signer = signer
        self._pool = pool
        self.sign = signer.sign
        self.verify = signer.verify
        self.public_jwk = signer.public_jwk

    async def sign_all(self, payloads: Sequence[bytes], typ: str) -> list[str]:
        texts = [self._signer.signing_input(payload, typ) for payload in payloads]
        signatures = await self._pool.sign(texts)
        return [
            compact(text, signature or self._signer.signature(text))
            for text, signature in zip(texts, signatures, strict=True)
        ]


class _Pace:
    """How much of its core the loop's thread takes."""

    def __init__(self) -> None:
        self._looked, self._used = time.perf_counter(), time.thread_time()
        self._pressed = False

    def pressed(self) -> bool:
        now = time.perf_counter()
        if now - self._looked >= LOOK_S:
            used = time.thread_time()
            self._pressed = used - self._used > PRESSED_SHARE * (now - self._looked)
            self._looked, self._used = now, used
        return self._pressed


def _busy(helper: Helper) -> int:
    return helper.busy
