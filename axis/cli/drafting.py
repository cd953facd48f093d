"""From what a person asks for to a document package of one of the four kinds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import typer

from agencies import wording
from agencies.words import row_of
from axis.cli import session
from axis.cli.whole import attachments, read_whole
from schemas.codes import AgencyRow, agencies
from schemas.edxml import (
    NEW,
    RECALL,
    REPLACEMENT,
    UPDATE,
    Business,
    DocumentPackage,
    Organization,
    OtherInfo,
    Reference,
    Replaced,
    Trace,
)
from schemas.edxml_read import read

#: Why, when nothing else is said (BussinessDocReason is mandatory; VPCP 2.4 section 2.2.2).
_REASONS = {
    NEW: "Văn bản điện tử mới",
    RECALL: "Thu hồi văn bản",
    UPDATE: "Cập nhật văn bản",
    REPLACEMENT: "Thay thế văn bản",
}
#: ``<OrganId>,<yyyy/MM/dd>,<number>/<notation>`` (VPCP 2.4, 1.14).
_DOCUMENT_ID = re.compile(r"[0-9A-Z.]+,(\d{4})/(\d\d)/(\d\d),([^\s/]+)/(\S+)", re.ASCII)
#: An official letter, the commonest type: 18 of the administrative ones.
_TYPE_NAME, _TYPE_DETAIL = "Công văn", 18


@dataclass(frozen=True, slots=True)
class Code:
    """Number, notation and day of promulgation: what people call a document by."""

    number: str
    notation: str
    day: date


@dataclass(frozen=True, slots=True)
class Spoken:
    """Another document that the package speaks of."""

    document_id: str
    code: Code


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What was asked for. ``doc_type`` None: it follows from which documents are spoken of."""

    sender: str
    recipients: tuple[str, ...]
    subject: str
    content: str
    files: Sequence[Path]
    urgency: int
    doc_type: int | None
    recalls: Sequence[str]
    updates: str
    replaces: Sequence[str]
    reason: str
    number: str
    notation: str
    day: date | None
    secret: bool


def compose(draft: Draft, now: datetime) -> DocumentPackage:
    """The package of ``draft``, made at ``now`` (Viet Nam time)."""
    row = _row(draft.sender)
    kind, spoken = _kind(draft)
    code = _code(draft, row, now)
    # Not by %Y, which writes the first thousand years without their zeros.
    day = code.day.isoformat().replace("-", "/")
    document_id = f"{draft.sender},{day},{code.number}/{code.notation}"
    if kind == UPDATE:
        # An update is the document itself once more, under its own name (VPCP 2.4, 2.6).
        document_id, code = spoken[0].document_id, spoken[0].code
    return DocumentPackage(
        sender=_organization(draft.sender, row),
        recipients=tuple(map(_recipient, draft.recipients)),
        document_id=document_id,
        code_number=code.number,
        code_notation=code.notation,
        place=wording.place(row),
        promulgated=code.day,
        type_detail=_TYPE_DETAIL,
        type_name=_TYPE_NAME,
        subject=draft.subject,
        content=draft.content,
        other=OtherInfo(priority=draft.urgency),
        response_for=_recalled(spoken, draft.recipients) if kind == RECALL else (),
        traces=(Trace(organ_id=draft.sender, at=now.replace(tzinfo=None, microsecond=0)),),
        business=_business(kind, spoken, draft),
        attachments=attachments(draft.files),
        secret=draft.secret,
    )


def _kind(draft: Draft) -> tuple[int, list[Spoken]]:
    """The BussinessDocType and the documents it is about; only one thing at a time."""
    asked = {
        RECALL: draft.recalls,
        UPDATE: [draft.updates] if draft.updates else [],
        REPLACEMENT: draft.replaces,
    }
    named = [kind for kind, documents in asked.items() if documents]
    kind = draft.doc_type
    if kind is None:
        kind = named[0] if named else NEW
    if named != ([] if kind == NEW else [kind]):
        raise typer.BadParameter(
            "--doc-type 1 goes with --recalls, 2 with --updates, 3 with --replaces; 0 with none"
        )
    return kind, [_spoken(text) for text in asked.get(kind, ())]


def _business(kind: int, spoken: Sequence[Spoken], draft: Draft) -> Business:
    update = kind == UPDATE
    replaced = spoken if kind == REPLACEMENT else ()
    return Business(
        doc_type=kind,
        reason=draft.reason or _REASONS[kind],
        document_id=spoken[0].document_id if update else "",
        paper=0,
        info_changed=True if update else None,
        receivers_changed=False if update else None,
        replaced=tuple(
            Replaced(document_id=s.document_id, organ_ids=draft.recipients) for s in replaced
        ),
    )


def _recalled(spoken: Sequence[Spoken], units: Sequence[str]) -> tuple[Reference, ...]:
    """One ResponseFor for each document and unit it is recalled from (VPCP 2.4 section 2.3)."""
    return tuple(
        Reference(
            organ_id=unit,
            code=f"{s.code.number}/{s.code.notation}",
            document_id=s.document_id,
            promulgated=s.code.day,
        )
        for s in spoken
        for unit in units
    )


def _code(draft: Draft, row: AgencyRow, now: datetime) -> Code:
    """As asked; for what was left out, the usual notation and today."""
    return Code(
        draft.number,
        draft.notation or wording.notation(row, _TYPE_NAME, "", 0),
        draft.day or now.date(),
    )


def _row(organ_id: str) -> AgencyRow:
    """The agency of a code. One that an operator added is in no list of ours: its code names it."""
    code = session.agency(organ_id)
    try:
        return row_of(code)
    except KeyError:
        return AgencyRow(code, code, code, "province", "provincial", "", sourced=False)


def _organization(unit: str, row: AgencyRow) -> Organization:
    return Organization(
        organ_id=unit,
        in_charge=row.name_vi,
        name=row.name_vi,
        address=wording.place(row),
        email=wording.mailbox(row),
    )


def _recipient(organ_id: str) -> Organization:
    """A recipient with its name where the directory knows it; a wrong one is the axis's to tell."""
    name = next((row.name_vi for row in agencies() if row.code == organ_id), "")
    return Organization(organ_id=organ_id, name=name)


def _spoken(text: str) -> Spoken:
    """The document that ``text`` names: by the file of its package, or by its DocumentId."""
    path = Path(text)
    package = read(read_whole(path)).package if path.is_file() else None
    if isinstance(package, DocumentPackage) and package.promulgated is not None:
        code = Code(package.code_number, package.code_notation, package.promulgated)
        return Spoken(package.document_id, code)
    match = _DOCUMENT_ID.fullmatch(text)
    try:
        if match is not None:
            year, month, day, number, notation = match.groups()
            return Spoken(text, Code(number, notation, date(int(year), int(month), int(day))))
    except ValueError:
        pass  # A day that no month has.
    raise typer.BadParameter(
        f"{text} is neither the file of a document package nor a DocumentId "
        "as 000.00.00.H37,2020/01/15,118/UBND-KSTT"
    )
