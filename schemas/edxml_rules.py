"""Rules on what a package says as a whole, and the strict schema.

Reading (:mod:`schemas.edxml_read`) judges each field alone; here stand the rules between fields:
pure functions over values, so that a package can be judged before it is written. ``strict``
compares a tree with ``data/edxml.xsd``, which describes exactly what
:func:`schemas.edxml_write.write` makes; intake never asks it, because real packages order their
elements differently.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any, cast

from lxml import etree

from schemas.edxml import (
    NS,
    RECALL,
    REPLACEMENT,
    UPDATE,
    DocumentPackage,
    Package,
    Problem,
    StatusPackage,
)
from schemas.edxml_parse import PROBLEMS_MAX
from schemas.shown import shown

#: VPCP 2.4 section 2.2.3 and 2.5.3. 07 to 12 and 14 are defined nowhere.
STATUS_CODES = frozenset({"01", "02", "03", "04", "05", "06", "13", "15", "16"})

#: VPCP 2.4 section 2.4 (refusal of a document) and 2.5 (refusal of an update or a take-back).
STATUS_CODES_WITH_REASON = frozenset({"02", "16"})

_HEADER = "edXMLHeader/MessageHeader"
_BUSINESS = "edXMLHeader/TraceHeaderList/Bussiness"
_INFO = f"{_BUSINESS}/BussinessDocumentInfo"
_MESSAGE_MAX = 500


def rules(package: Package) -> list[Problem]:
    """Every broken rule between the fields of ``package``, with the place it would be mended."""
    if isinstance(package, StatusPackage):
        return _status_rules(package)
    return [*_recipient_rules(package), *_identity_rules(package), *_business_rules(package)]


def _status_rules(package: StatusPackage) -> list[Problem]:
    code = package.code
    if code and code not in STATUS_CODES:
        return [_error("status.unknown_code", f"{_HEADER}/StatusCode", found=code)]
    if code in STATUS_CODES_WITH_REASON and not shown(package.description):
        return [_error("status.reason_missing", f"{_HEADER}/Description", code=code)]
    return []


def _recipient_rules(package: DocumentPackage) -> list[Problem]:
    """Bkav's Checker: "To OrganId is duplicate." Two units of one agency are two recipients."""
    seen: set[str] = set()
    found = []
    for position, recipient in enumerate(package.recipients, start=1):
        if recipient.organ_id and recipient.organ_id in seen:
            place = f"{_HEADER}/To[{position}]/OrganId"
            found.append(_error("recipient.twice", place, organ_id=recipient.organ_id))
        seen.add(recipient.organ_id)
    return found


def _identity_rules(package: DocumentPackage) -> list[Problem]:
    """VPCP 2.4, 1.14: ``<From.OrganId>,<PromulgationDate>,<CodeNumber>/<CodeNotation>``.

    Real packages disagree (all four of VNPT's own do) and others carry a bare UUID, which cannot.
    """
    day, number = package.promulgated, package.code_number
    if package.document_id.count(",") != 2 or day is None or not number:
        return []
    written = day.isoformat().replace("-", "/")
    expected = f"{package.sender.organ_id},{written},{number}/{package.code_notation}"
    if package.document_id == expected:
        return []
    detail = {"found": package.document_id, "expected": expected}
    return [Problem("document.id_disagrees", f"{_HEADER}/DocumentId", "warning", detail)]


def _business_rules(package: DocumentPackage) -> list[Problem]:
    """VPCP 2.4 sections 2.3.3, 2.6.3 and 2.7: what recall, update and replacement must name."""
    business = package.business
    kind = business.doc_type
    missing = []
    if kind == RECALL and not package.response_for:
        missing.append((f"{_HEADER}/ResponseFor", "ResponseFor"))
    if kind == UPDATE and business.info_changed is None and business.receivers_changed is None:
        missing.append((_INFO, "BussinessDocumentInfo"))
    if business.receivers_changed and not business.receivers:
        missing.append((f"{_INFO}/ReceiverList", "ReceiverList"))
    if kind == REPLACEMENT and not business.replaced:
        missing.append((f"{_BUSINESS}/ReplacementInfoList", "ReplacementInfoList"))
    return [
        _error("business.missing", place, element=element, doc_type=str(kind))
        for place, element in missing
    ]


def _error(code: str, place: str, /, **detail: str) -> Problem:
    return Problem(code, place, detail=detail)


@cache
def _schema() -> etree.XMLSchema:
    text = resources.files("schemas").joinpath("data", "edxml.xsd").read_bytes()
    return etree.XMLSchema(etree.fromstring(text))


def strict(root: etree._Element) -> tuple[Problem, ...]:
    """How ``root`` departs from the schema of what we write: names, order, lengths, spelling.

    Empty when it does not. Places are lines of the source (``line 12``).
    """
    schema = _schema()
    if schema.validate(root):
        return ()
    faults = list(cast("Iterable[Any]", schema.error_log))[:PROBLEMS_MAX]
    return tuple(
        Problem("edxml.schema", f"line {fault.line}", detail={"message": _plain(fault.message)})
        for fault in faults
    )


def _plain(message: str) -> str:
    """libxml2's message without its stop, and the namespace it repeats before every name."""
    return message.replace(f"{{{NS}}}", "").strip().removesuffix(".").strip()[:_MESSAGE_MAX]
