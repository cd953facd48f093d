"""Documents of the books as rows of traffic, and whether a row can have been.

Pure. A row that was written by an axis passes every check; a hostile or a mistaken one is refused
before anything of it is played.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from axis.core.document import Delivery, Event
from axis.core.errors import Fault
from axis.core.questions import WINDOW_DAYS_MAX, Extract
from axis.core.timetable import DAY_US, FIRST_US, LAST_US, MICROSECONDS, from_iso, iso
from axis.core.traffic_course import course_fault
from schemas.edxml import NEW
from schemas.organ import agency_of
from schemas.traffic import HAPPENINGS, Happening, Header, Row, Share, Speaks

#: Clocks of the processes of one axis need not agree to the second.
CLOCKS_APART_US: Final = 300 * MICROSECONDS
#: Who plays another time states it as far behind as a slow machine is, many times over: of a day
#: that passes in seconds by hours, and never by a day.
STATED_APART_US: Final = DAY_US
_KEY_BYTES: Final = 16
#: Strangers of a row that are named, and characters of each: a row may hold megabytes of them.
_CODES_MAX, _CODE_CHARS_MAX = 20, 40


def row_of(extract: Extract, package: str | None = None) -> Row:
    """A document with all that is said of it as a row; ``package`` is base64."""
    document = extract.document
    events: dict[str, list[Event]] = {}
    for event in extract.events:
        if event.kind in HAPPENINGS:
            events.setdefault(event.recipient, []).append(event)
    units = {recipient.agency: recipient.units for recipient in document.recipients}
    return Row(
        seq=document.seq,
        doc=document.id,
        sender=document.sender,
        unit=document.unit,
        document_id=document.document_id,
        kind=document.kind,
        urgency=document.urgency,
        type=str(document.meta.get("type", "")),
        code=str(document.meta.get("code", "")),
        occurred_at=iso(document.occurred_at),
        recorded_at=iso(document.recorded_at),
        size=document.size,
        sha256=document.sha256,
        verdict=document.verdict,
        links=[Speaks(**link._asdict()) for link in document.links],
        deliveries=[
            _share(one, units[one.place.recipient], events.get(one.place.recipient, ()))
            for one in extract.deliveries
        ],
        package=package,
    )


def _share(delivery: Delivery, units: Sequence[str], events: Sequence[Event]) -> Share:
    recipient = delivery.place.recipient
    return Share(
        recipient=recipient,
        units=list(units),
        no=delivery.place.no,
        state=delivery.transport.name.lower(),
        answer=delivery.business.name.lower(),
        request=delivery.request.name.lower(),
        reason=delivery.reason,
        happened=[_happening(event, recipient) for event in events],
    )


def _happening(event: Event, recipient: str) -> Happening:
    return Happening(
        kind=event.kind,
        code=event.code,
        reason=str(event.body.get("reason", "")),
        by="" if event.actor == recipient else event.actor,
        occurred_at=iso(event.occurred_at),
        recorded_at=iso(event.recorded_at),
    )


class Checks:
    """Checks rows one after the other, in the order of their file.

    ``header`` says in which window the rows lie and what else they were asked for, ``agencies`` are
    the codes that there are, and ``now`` (microseconds UTC) is what nothing was recorded behind.
    """

    def __init__(self, header: Header, agencies: Collection[str], now: int) -> None:
        self._agencies = frozenset(agencies)
        self._header = header
        self._since = _moment(header.asked.since)
        self._until = _moment(header.asked.until)
        self._latest = now + CLOCKS_APART_US
        self._seq = 0
        self._seen: set[bytes] = set()
        # Who has a new document of a name, a bit each: as little of a row with all as of one.
        self._have: dict[bytes, int] = {}
        self._bits = {code: 1 << number for number, code in enumerate(self._agencies)}

    @property
    def header_fault(self) -> Fault | None:
        """What is wrong with the times of the header, or with whom it asked for."""
        if self._since is None or self._until is None:
            return _no_time("The window", "its header", "its times are none")
        if not 0 < self._until - self._since <= WINDOW_DAYS_MAX * DAY_US:
            message = f"it ends behind its beginning, within {WINDOW_DAYS_MAX} days"
            return _no_time("The window", "its header", message)
        exported = _moment(self._header.exported_at)
        if exported is None or exported > self._latest:
            message = "its times are none" if exported is None else "that is in the future"
            return _no_time("The export", self._header.exported_at[:40], message)
        asked = self._header.asked
        strange = {asked.sender, asked.recipient} - self._agencies - {""}
        return _no_agency("Not among the agencies", strange) if strange else None

    def fault(self, row: Row) -> Fault | None:
        """Why a row cannot have been, and nothing can be played of it; None when it can."""
        if row.seq <= self._seq:
            return Fault("traffic.order", "", {"found": str(row.seq)})
        self._seq = row.seq
        fault = self._parties(row) or self._unasked(row) or self._times(row)
        return fault or course_fault(row) or self._again(row)

    def _again(self, row: Row) -> Fault | None:
        """Whether a row before it has its id or its package: sent again it would be no other one.
        Or its name, as a new document for one of its recipients, who has that then.
        """
        named = f"{row.sender} {row.kind} {row.sha256} {row.document_id}"
        for what, told in (("id", row.doc), ("package", named)):
            key = _key(told)
            if key in self._seen:
                return _no_row(f"its {what} is that of an earlier row")
            self._seen.add(key)
        if row.kind != NEW:
            return None
        key = _key(f"{row.sender} {row.document_id}")
        have = self._have.get(key, 0)
        for share in row.deliveries:
            if have & self._bits[share.recipient]:
                return _no_row(f"{share.recipient} has a document of its name in an earlier row")
            have |= self._bits[share.recipient]
        self._have[key] = have
        return None

    def _parties(self, row: Row) -> Fault | None:
        recipients = [share.recipient for share in row.deliveries]
        strange = [code for code in (row.sender, *recipients) if code not in self._agencies]
        if strange:
            return _no_agency("Not among the agencies", strange)
        strange = [
            unit
            for agency, units in (
                (row.sender, [row.unit]),
                *((s.recipient, s.units) for s in row.deliveries),
            )
            for unit in units
            if not _beneath(unit, agency)
        ]
        if strange:
            return _no_agency("No unit of the agency that it stands with", strange)
        if len(set(recipients)) < len(recipients):
            return _no_row("a recipient stands in it twice")
        return None

    def _unasked(self, row: Row) -> Fault | None:
        """Whether a row is none of those that its file was asked for."""
        asked = self._header.asked
        if asked.sender not in ("", row.sender):
            return _no_row("its sender is not the one that was asked for")
        if asked.recipient and all(asked.recipient != one.recipient for one in row.deliveries):
            return _no_row("it has not the recipient that was asked for")
        if asked.type and asked.type.casefold() != row.type.casefold():
            return _no_row("its type is not the one that was asked for")
        return None

    def _times(self, row: Row) -> Fault | None:
        assert self._since is not None
        assert self._until is not None
        sent, written = _moment(row.occurred_at), _moment(row.recorded_at)
        if sent is None or written is None:
            return _no_time("It", f"{row.occurred_at[:40]}", "that is no time from 2000 to 2099")
        if not self._since <= sent < self._until:
            return _no_time("It", row.occurred_at, "that is outside the window of the file")
        if max(sent, written) > self._latest:
            found = row.occurred_at if sent > self._latest else row.recorded_at
            return _no_time("It", found, "that is in the future")
        if written < sent - CLOCKS_APART_US:
            return _no_time("It", row.recorded_at, "the document was sent later")
        faults = (self._happened(share, sent, written) for share in row.deliveries)
        return next(filter(None, faults), None)

    def _happened(self, share: Share, sent: int, written: int) -> Fault | None:
        """Whether a delivery's happenings lie behind the document and behind each other."""
        last_at, last_recorded = sent, written
        for happening in share.happened:
            what = f"{happening.kind} {happening.code}".strip()
            at, recorded = _moment(happening.occurred_at), _moment(happening.recorded_at)
            if at is None or recorded is None:
                found = happening.occurred_at[:40]
                return _no_time(what, found, "that is no time from 2000 to 2099")
            # By the axis's own word of another time a package was handed out before it was sent.
            early = at < sent - CLOCKS_APART_US and happening.kind != "offered"
            if early or recorded < written - CLOCKS_APART_US:
                return _no_time(what, happening.occurred_at, "the document was sent later")
            if max(at, recorded) > self._latest:
                ahead = at > self._latest
                found = happening.occurred_at if ahead else happening.recorded_at
                return _no_time(what, found, "that is in the future")
            if recorded < last_recorded - CLOCKS_APART_US:
                return _no_time(what, happening.recorded_at, "what lies before it was later")
            last_recorded = max(last_recorded, recorded)
            if _stated(happening):
                if at < last_at - STATED_APART_US:
                    return _no_time(what, happening.occurred_at, "what lies before it was later")
                last_at = max(last_at, at)
        return None


def _key(told: str) -> bytes:
    """So many bytes of a hash tell 400,000 rows apart, and take less room than the names."""
    return hashlib.blake2b(told.encode(), digest_size=_KEY_BYTES).digest()


def _no_agency(message: str, codes: Iterable[str]) -> Fault:
    named = sorted({code[:_CODE_CHARS_MAX] for code in codes})
    told = {"message": message, "codes": ", ".join(named[:_CODES_MAX])}
    return Fault("traffic.agency", "", told)


def _no_row(message: str) -> Fault:
    return Fault("traffic.row", "", {"message": message})


def _stated(happening: Happening) -> bool:
    """Whether one of both parties says when it was; all else may have the axis's own time, which
    is another one where another day is played.
    """
    if happening.kind == "parked":
        return not happening.by
    return happening.kind in ("done", "status")


def _moment(text: str) -> int | None:
    """Microseconds of a time; None for what is none, or lies where no clock is right."""
    try:
        at = from_iso(text)
    except (ValueError, OverflowError):
        return None
    return at if FIRST_US <= at < LAST_US else None


def _no_time(what: str, found: str, message: str) -> Fault:
    return Fault("traffic.time", "", {"what": what, "found": found, "message": message})


def _beneath(unit: str, agency: str) -> bool:
    try:
        return agency_of(unit) == agency
    except ValueError:
        return False
