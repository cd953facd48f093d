"""An example of each error, for the API pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from axis.api import openapi_replays as replays
from axis.api.problems import problem
from axis.core.errors import Fault
from schemas.edxml import NS, PACKAGE_BYTES_MAX

#: What the sentences speak of, for the examples.
_DETAILS: Mapping[str, str] = {
    "caller": "000.00.00.H37",
    "code": "03",
    "content_id": "cid:1",
    "count": "3",
    "declared": "10000",
    "doc": "doc_01DYKA4R00N0QB5GZK7V2M9T3C",
    "doc_type": "3",
    "document_id": "000.00.00.H37,2020/01/15,7/UBND-VP",
    "element": "Subject",
    "expected": "yyyy/MM/dd",
    "found": "15/01/2020",
    "length": "612",
    "limit": "500",
    "message": "is not a whole number",
    "message_vi": "không phải số nguyên",
    "method": "DELETE",
    "name": "7_UBND-VP.pdf",
    "organ_id": "000.00.00.X99",
    "organ_ids": "000.00.00.X98, 000.00.00.X99",
    "place": "query.limit",
    "reason": "expired",
    "recipient": "000.00.00.G22",
    "role": "operator",
    "sender": "000.00.00.H38",
    "sha256": "9f" * 32,
    "size": "73400320",
    "sent": "'text/plain'",
    "speaker": "recipient",
    "state": "completed",
    "taken": "application/json",
}
_PLACES: Mapping[str, str] = {
    "edxml": "edXMLHeader/MessageHeader/Subject",
    "attachment": "AttachmentEncoded/Attachment[1]",
    "business": "edXMLHeader/TraceHeaderList/Bussiness",
    "recipient": "edXMLHeader/MessageHeader/To",
    "sender": "edXMLHeader/MessageHeader/From/OrganId",
    "signature": "edXMLHeader/Signature",
    "certificate.bad": "certificate",
    "certificate.exists": "certificate",
    "request.coding": "Content-Encoding",
    "request.invalid": "query.limit",
    "request.form": "grant_type",
    "request.json": "line 1, column 12",
    "request.media_type": "Content-Type",
}
#: Where one word would not make sense in every sentence.
_OWN: Mapping[str, Mapping[str, str]] = {
    **replays.EXAMPLES,
    "agency.exists": {"code": "000.00.00.H37"},
    "agency.locked": {"code": "000.00.00.H37"},
    "agency.unknown": {"code": "000.00.00.X99"},
    "certificate.bad": {"reason": "not issued by the trust root"},
    "certificate.exists": {"agency": "000.00.00.H37"},
    "certificate.unknown": {"named": "000.00.00.H37"},
    "axis.books_damaged": {"what": "event 17: its row is no event"},
    "attachment.bomb": {"size": "1073741824", "limit": "104857600"},
    "edxml.encoding": {"found": "UTF-16"},
    "edxml.leading_garbage": {"found": "HTT"},
    "edxml.namespace": {"found": "urn:x", "expected": NS},
    "edxml.not_xml": {"message": "Premature end of data in tag Subject line 12"},
    "edxml.root": {"found": "html"},
    "edxml.too_deep": {"limit": "32"},
    "edxml.too_many": {"limit": "20000"},
    "edxml.too_many_attributes": {"limit": "64"},
    "package.kind": {"expected": "document", "found": "status"},
    "package.too_large": {"limit": str(PACKAGE_BYTES_MAX)},
    "request.form": {
        "message": "grant_type is missing",
        "message_vi": "thiếu grant_type",
    },
    "request.json": {
        "message": "a colon is expected (line 1, column 12)",
        "message_vi": "cần dấu hai chấm (dòng 1, cột 12)",
    },
    "request.coding": {"sent": "'gzip'"},
    "request.too_large": {"size": "2097152", "limit": "1048576"},
    "request.unserved": {"what": "Transfer-Encoding: gzip, chunked"},
    "signature.broken": {"reason": "the package is not what was signed"},
    "status.unknown_code": {"found": "07"},
    "status.reason_missing": {"code": "02"},
    "status.not_yours": {"code": "13", "speaker": "sender"},
}


def example(code: str) -> dict[str, Any]:
    """Return a problem object with ``code``."""
    place = _PLACES.get(code) or _PLACES.get(code.partition(".")[0], "")
    return problem([Fault(code, place, {**_DETAILS, **_OWN.get(code, {})})])
