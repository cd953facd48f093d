"""Read the books in whole stretches: traffic, with its packages or without, and their digest."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from axis.books import Head, Torn
from axis.core import reasons
from axis.core.caller import OPERATOR, Caller
from axis.core.commands import Audit, Command, Note, Outcome
from axis.core.digest import BooksDigest, Digester
from axis.core.document import Delivery, Document, Event
from axis.core.errors import rejected
from axis.core.questions import WINDOW_DAYS_MAX, Extract, Extracts, Window
from axis.core.timetable import DAY_US, iso
from axis.core.traffic import row_of
from axis.flows.proving import damaged
from axis.ports import Clock, Store
from schemas.traffic import Traffic

#: Documents of one page: with 95 recipients each they make 20,000 deliveries.
PAGE_DOCUMENTS_MAX: Final = 200
#: Package bytes of one page; one package always passes.
PAGE_BYTES_MAX: Final = 16 * 1024 * 1024

Write = Callable[[Sequence[Command]], Awaitable[list[Outcome]]]


class Extraction:
    """For operators and auditors; packages are for operators alone, with a reason.

    ``write`` takes the line of the audit log: the committer's way of a running axis, or the store's
    own where none runs. Without it no packages can be read.
    """

    def __init__(self, store: Store, clock: Clock, write: Write | None = None) -> None:
        self._store = store
        self._write = write
        self._clock = clock

    async def page(
        self, caller: Caller, window: Window, after: int, *, packages: bool, why: str
    ) -> Traffic:
        """A page of a window's rows, in commit order behind number ``after``.

        With ``packages`` every page leaves its line: which numbers were read, and why.
        """
        caller.needs_sight()
        if packages:
            caller.needs(OPERATOR)
            reasons.required(why, "query.why")
        if not 0 < window.until - window.since <= WINDOW_DAYS_MAX * DAY_US:
            raise rejected(
                "request.invalid",
                "query.until",
                place="query.until",
                message=f"is not behind since, by {WINDOW_DAYS_MAX} days at the most",
                message_vi=f"phải sau since, nhiều nhất {WINDOW_DAYS_MAX} ngày",
            )
        page = await self._store.extract(window, after, PAGE_DOCUMENTS_MAX)
        bodies: Mapping[str, str] = {}
        if packages:
            page = _fitting(page)
            bodies = await self._bodies(caller, window, page.found, why)
        rows = [row_of(one, bodies.get(one.document.sha256)) for one in page.found]
        return Traffic(rows=rows, after=page.after or None)

    async def _bodies(
        self, caller: Caller, window: Window, found: Sequence[Extract], why: str
    ) -> Mapping[str, str]:
        """The packages in base64 by their digests, behind the line that they were read."""
        if not found:
            return {}
        assert self._write is not None, "no way to say that packages are read"
        first, last = found[0].document, found[-1].document
        audit = Audit(
            actor=caller.id,
            act="read packages",
            target=f"{len(found)} of {iso(window.since)} to {iso(window.until)}, "
            f"{first.id} to {last.id}",
            why=reasons.required(why, "query.why"),
            now=self._clock.now(),
        )
        await self._write([Note(audit=audit)])
        bodies = await self._store.bodies([one.document.sha256 for one in found])
        return {sha256: base64.b64encode(body).decode() for sha256, body in bodies.items()}

    async def digest(self, caller: Caller, upto: int | None = None) -> BooksDigest:
        """The digest of the books as they stand. Reads everything: seconds for a million rows.

        Of books with a row that cannot be read there is none: ``axis.books_damaged``.
        """
        caller.needs_sight()
        digester = Digester(upto)
        for agency in await self._store.agencies():
            digester.add("agencies", agency)
        for certificate in await self._store.certificates():
            digester.add("certificates", certificate)
        async for item in self._store.history():
            match item:
                case Document():
                    digester.add("documents", item)
                case Event():
                    digester.add("events", item)
                case Delivery():
                    digester.add("deliveries", item)
                case Torn():
                    raise damaged(item)
                case Head():
                    pass
                case _:
                    for counter in sorted(item.items()):
                        digester.add("counters", counter)
        return digester.told


def _fitting(page: Extracts) -> Extracts:
    """As much of a page as its packages leave room for."""
    size = 0
    for place, (document, _, _) in enumerate(page.found):
        size += document.size
        if place and size > PAGE_BYTES_MAX:
            return Extracts(page.found[:place], page.found[place - 1].document.seq)
    return page
