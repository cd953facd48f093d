"""A planned document as the package an agency sends: every field, and the file inside.

Pure and the same every time: all that is not in the plan is drawn from its ``wording_seed``. Every
file is a one-page PDF that opens, filled up with bytes that do not compress, so that the signed
package has the size its profile asks for (``agencies.sizes``).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from agencies import wording
from agencies.pdf import pdf
from agencies.sizes import SMALL, Profile, file_sizes
from agencies.traffic import Planned
from agencies.words import name_of, row_of, words
from schemas.edxml import (
    RECALL,
    REPLACEMENT,
    UPDATE,
    Attachment,
    Business,
    DocumentPackage,
    Organization,
    OtherInfo,
    Reference,
    Replaced,
    Staff,
    Trace,
)


def compose(planned: Planned, profile: Profile = SMALL) -> DocumentPackage:
    """The unsigned package of a planned document."""
    sender = row_of(planned.sender)
    said = words(planned)
    day = planned.promulgated
    place = wording.place(sender)
    code = f"{planned.number}/{planned.notation}"
    head = (f"{place}, {day:%d/%m/%Y}", sender.name_vi, f"Số: {code}", said.subject)
    return DocumentPackage(
        sender=_sender(planned.sender),
        recipients=tuple(map(_recipient, planned.recipients)),
        document_id=planned.document_id,
        code_number=str(planned.number),
        code_notation=planned.notation,
        place=place,
        promulgated=day,
        type=2,
        type_detail=planned.type_detail,
        type_name=planned.type_name,
        subject=said.subject,
        content=said.content,
        signer=said.signer,
        due=said.due,
        other=OtherInfo(
            priority=planned.urgency, copies=len(planned.recipients), pages=1, direction=False
        ),
        response_for=_recalled(planned),
        to_places=("Như trên", f"Lưu: VT, {planned.notation.rpartition('-')[2]}"),
        traces=(Trace(organ_id=sender.code, at=planned.local.replace(tzinfo=None, microsecond=0)),),
        business=_business(planned, said.clerk),
        attachments=_attachments(
            planned, (*head, said.signer.full_name), file_sizes(planned, profile, said.turn)
        ),
    )


def _recalled(planned: Planned) -> tuple[Reference, ...]:
    """One ResponseFor for each unit the document is recalled from (VPCP 2.4 section 2.3)."""
    about = planned.about
    if about is None or planned.business != RECALL:
        return ()
    return tuple(
        Reference(
            organ_id=unit,
            code=f"{about.number}/{about.notation}",
            document_id=planned.about_id,
            promulgated=planned.about_day,
        )
        for unit in planned.recipients
    )


def _business(planned: Planned, clerk: Staff) -> Business:
    """What the package does (VPCP 2.4 sections 2.2, 2.6 and 2.7)."""
    kind = planned.business
    update = kind == UPDATE
    replaced = (Replaced(document_id=planned.about_id, organ_ids=planned.recipients),)
    return Business(
        doc_type=kind,
        reason=wording.BUSINESS_REASONS[kind],
        document_id=planned.about_id if update else "",
        paper=0,
        info_changed=True if update else None,
        receivers_changed=False if update else None,
        replaced=replaced if kind == REPLACEMENT else (),
        staff=(clerk,),
    )


def _attachments(
    planned: Planned, page: tuple[str, ...], sizes: Sequence[int]
) -> tuple[Attachment, ...]:
    """The document itself, and its annexes."""
    name = f"{planned.number}_{planned.notation}"
    main, *others = sizes
    return (
        Attachment(
            content_id="cid:1",
            name=f"{name}.pdf",
            data=pdf(page, planned.wording_seed, main),
            description=page[3],
        ),
        *(
            Attachment(
                content_id=f"cid:{n + 1}",
                name=f"{name}_PL{n}.pdf",
                data=pdf((*page[:3], f"Phụ lục {n}"), planned.wording_seed + n, size),
                description=f"Phụ lục {n}",
            )
            for n, size in enumerate(others, start=1)
        ),
    )


@cache
def _sender(code: str) -> Organization:
    row = row_of(code)
    return Organization(
        organ_id=code,
        in_charge=row.name_vi,
        name=row.name_vi,
        address=wording.place(row),
        email=wording.mailbox(row),
    )


@cache
def _recipient(code: str) -> Organization:
    return Organization(organ_id=code, name=name_of(code))
