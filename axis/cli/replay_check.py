"""Whether rows can be played: everything is checked before anything is."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from agencies.keys import make_agency, make_authority
from agencies.replays.rebuilt import unbuildable
from agencies.world import certificate
from axis.adapters.system_clock import SystemClock
from axis.core.errors import Fault, Rejected
from axis.core.timetable import from_iso
from axis.core.traffic import Checks
from axis.core.trust import Certificate, judge, refusal
from schemas.codes import agencies
from schemas.examine import examine
from schemas.examined import Examined
from schemas.traffic import Header, Row


class Playable:
    """Checks rows in their order, and gives their packages where they have one.

    ``seed`` is that of the world in which they will be played. Raises ``Rejected`` naming the row.
    """

    def __init__(self, header: Header, seed: int) -> None:
        codes = {row.code for row in agencies()}
        self._checks = Checks(header, codes, SystemClock().now())
        self._packages = header.packages
        self._certificates = certificates(seed) if header.packages else {}
        self._rows = 0
        if (fault := self._checks.header_fault) is not None:
            raise Rejected([_at("header", fault)])

    def package(self, row: Row) -> bytes | None:
        """The package of the next row; None where it is to be built anew."""
        self._rows += 1
        fault = self._checks.fault(row)
        raw = None
        if fault is None:
            if self._packages:
                raw = _decoded(row)
                fault = self._fault(row, raw)
            elif row.package is not None:
                fault = _wrong("the header says that there are none")
            elif why := unbuildable(row):
                fault = Fault("traffic.row", "", {"message": f"no package can be built: {why}"})
        if fault is not None:
            raise Rejected([_at(f"row {self._rows}", fault)])
        return raw

    def end(self) -> None:
        """There are no more rows; one at least is needed."""
        if not self._rows:
            raise Rejected([Fault("traffic.none")])

    def _fault(self, row: Row, raw: bytes | None) -> Fault | None:
        if raw is None:
            return _wrong("it is no base64, or not there")
        found = examine(raw)
        if (found.sha256, found.size) != (row.sha256, row.size):
            return _wrong(f"it has {found.size} bytes with the digest {found.sha256}")
        if (unlike := _unlike(row, found)) is not None:
            return _wrong(unlike)
        at = from_iso(row.occurred_at)
        judgement = judge(found.seal, self._certificates, row.sender, at)
        if refusal(judgement.verdict, strict_signatures=False) is not None:
            return _wrong(
                f"its signature is {judgement.verdict} in a world of this seed: {judgement.reason}"
            )
        return None


def certificates(seed: int) -> Mapping[str, Certificate]:
    """The certificates of a world that is not made yet, by their fingerprint."""
    authority = make_authority(seed)
    made = (
        certificate(row.code, make_agency(authority, row.code, row.name_vi).certificate_der)
        for row in agencies()
    )
    return {one.fingerprint: one for one in made}


def _decoded(row: Row) -> bytes | None:
    try:
        return base64.b64decode(row.package or "", validate=True) or None
    except binascii.Error:
        return None


def _unlike(row: Row, found: Examined) -> str | None:
    """What of a row the package says otherwise."""
    letter = found.letter
    errors = [flaw.code for flaw in found.flaws if flaw.error]
    if letter is None or errors:
        return f"it cannot be read: {', '.join(errors) or 'it is no document'}"
    units = {unit for share in row.deliveries for unit in share.units}
    said = {
        "sender": (letter.sender, row.unit),
        "DocumentId": (letter.document_id, row.document_id),
        "kind": (letter.doc_type, row.kind),
        "urgency": (letter.priority, row.urgency),
        "recipients": (set(letter.recipients), units),
    }
    return next((f"it has not the same {name}" for name, (a, b) in said.items() if a != b), None)


def _wrong(message: str) -> Fault:
    return Fault("traffic.package", "", {"message": message})


def _at(place: str, fault: Fault) -> Fault:
    return Fault(fault.code, place, fault.detail)
