"""Where traffic comes from: through the operator's door, or from the books where no axis runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from agencies.world import OPERATOR_ID
from axis.adapters.system_clock import SystemClock
from axis.api.extracts import told
from axis.cli import archive, session
from axis.core.caller import AUDITOR, OPERATOR, Caller
from axis.core.questions import WINDOW_DAYS_MAX, Window
from axis.core.timetable import DAY_US, FIRST_US, LAST_US, from_iso, iso
from axis.flows.extracts import Extraction
from axis.settings import Settings
from schemas.traffic import FORMAT, VERSION, Asking, Header, Row, Traffic

Since = Annotated[
    str, typer.Option(metavar="TIME", help="Sent since: 2020-01-15 or '2020-01-15 08:30'.")
]
Until = Annotated[str, typer.Option(metavar="TIME", help="Sent before: 2020-01-16.")]
From = Annotated[str, typer.Option("--from", metavar="CODE", help="Only from this agency (H37).")]
To = Annotated[str, typer.Option("--to", metavar="CODE", help="Only with this recipient.")]
Type = Annotated[str, typer.Option("--type", help="Only of this type: 'Công văn', 'Báo cáo'.")]
Reason = Annotated[str, typer.Option(help="Why packages are read; it goes into the audit log.")]

#: Who reads books that no axis serves: whoever has the folder.
_AT_REST = Caller(OPERATOR_ID, frozenset({OPERATOR, AUDITOR}))


@dataclass(frozen=True, slots=True)
class Source:
    """Traffic of one run. ``reason`` is empty where no packages are read."""

    here: session.Session
    window: Window
    reason: str = ""

    def header(self) -> Header:
        """What a file of this traffic begins with."""
        return Header(
            format=FORMAT,
            version=VERSION,
            run=self.here.settings.run,
            exported_at=iso(SystemClock().now()),
            asked=_asking(self.window),
            packages=bool(self.reason),
        )

    def pages(self) -> Iterator[list[Row]]:
        """The rows of the window, page by page, with their packages where there is a reason."""
        found = self._at_rest() if self.here.url is None else self._asked()
        for page in found:
            yield page.rows

    def _asked(self) -> Iterator[Traffic]:
        window = self.window
        asked: dict[str, object] = {
            "since": iso(window.since),
            "until": iso(window.until),
            "from": window.sender,
            "to": window.recipient,
            "type": window.type_name,
        }
        if self.reason:
            asked |= {"packages": "true", "why": self.reason}
        after: int | None = 0
        with self.here.door(OPERATOR_ID) as door:
            while after is not None:
                answer = door.get("/v1/operator/traffic", **asked, after=after)
                page = Traffic.model_validate_json(answer.body, strict=True)
                yield page
                after = page.after

    def _at_rest(self) -> Iterator[Traffic]:
        pages = self._read()
        with asyncio.Runner() as runner:
            try:
                while (page := runner.run(_next(pages))) is not None:
                    yield page
            finally:
                # Who stops half-way leaves it open, and a runner ends all that it holds at once.
                runner.run(pages.aclose())

    async def _read(self) -> AsyncGenerator[Traffic, None]:
        settings, reason = self.here.settings, self.reason
        async with archive.books(settings, to_write=bool(reason)) as store:
            extraction = Extraction(store, SystemClock(), store.apply if reason else None)
            after: int | None = 0
            while after is not None:
                page = await extraction.page(
                    _AT_REST, self.window, after, packages=bool(reason), why=reason
                )
                yield page
                after = page.after


async def _next(pages: AsyncIterator[Traffic]) -> Traffic | None:
    return await anext(pages, None)


def _asking(window: Window) -> Asking:
    """What was asked for, as a traffic file tells it."""
    return Asking(
        since=iso(window.since),
        until=iso(window.until),
        sender=window.sender,
        recipient=window.recipient,
        type=window.type_name,
    )


def window_of(
    since: str,
    until: str,
    from_: str = "",
    to: str = "",
    type_name: str = "",
    days_max: int = WINDOW_DAYS_MAX,
) -> Window:
    """The window that options mean; ends the command for one that cannot be."""
    first, last = moment_of("--since", since), moment_of("--until", until)
    if not 0 < last - first <= days_max * DAY_US:
        raise typer.BadParameter(
            f"--until lies behind --since, by {days_max} days at the most; "
            "what is longer is done in parts"
        )
    return Window(
        since=first,
        until=last,
        sender=session.agency(from_) if from_ else "",
        recipient=session.agency(to) if to else "",
        type_name=type_name,
    )


def moment_of(option: str, text: str) -> int:
    """Microseconds of the time that ``option`` has; ends the command for none."""
    try:
        at = from_iso(text)
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter(f"{option} {text}: {error}") from None
    if not FIRST_US <= at < LAST_US:
        raise typer.BadParameter(f"{option} {text}: that is no time from 2000 to 2099")
    return at


def digest(here: session.Session, upto: int | None = None) -> dict[str, Any]:
    """What ``GET /v1/operator/digest`` answers, or would."""
    if here.url is not None:
        with here.door(OPERATOR_ID) as door:
            found: dict[str, Any] = door.get("/v1/operator/digest", upto=upto).json
            return found
    return asyncio.run(_digest(here.settings, upto))


async def _digest(settings: Settings, upto: int | None) -> dict[str, Any]:
    async with archive.books(settings) as store:
        return told(await Extraction(store, SystemClock()).digest(_AT_REST, upto))
