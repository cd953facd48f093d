"""The one renderer of errors: ``application/problem+json`` (RFC 9457) in two languages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from axis.api.wire import Headers, dumps
from axis.core.errors import AxisError, Fault, Rejected, Unavailable

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:axis:problem:"
#: Faults of one answer: who has more mends these first.
FAULTS_MAX = 100
#: Characters of a place's part that are said back: names of fields are the caller's.
PART_MAX = 60

_NOTHING: Mapping[str, str] = MappingProxyType({})

#: After these it is not certain where a next request would begin: the connection ends with them.
_LAST = frozenset(
    {
        "request.malformed",
        "request.slow",
        "request.address_too_long",
        "request.head_too_large",
        "request.unserved",
    }
)

_BEARER = b'Bearer realm="axis"'
#: The way to authenticate, which a 401 names (RFC 9110 section 11.6.1), and what was wrong with the
#: token, if there was one (RFC 6750 section 3.1).
_CHALLENGES: Mapping[str, bytes] = {
    "auth.bad_client": b'Basic realm="axis"',
    "auth.missing": _BEARER,
    "auth.bad_token": _BEARER + b', error="invalid_token"',
    "auth.expired": _BEARER + b', error="invalid_token"',
    "auth.role": _BEARER + b', error="insufficient_scope"',
    "auth.history": _BEARER + b', error="insufficient_scope"',
}

#: What a code is about, by its first part. RFC 9457 wants a title that stays the same from one
#: occurrence to the next; the sentence with the details is ``detail``.
TITLES: Mapping[str, tuple[str, str]] = {
    "package": ("The package cannot be taken", "Không nhận được gói tin"),
    "edxml": ("The package is not as the format asks", "Gói tin không đúng định dạng"),
    "attachment": ("An attachment is not in order", "Tệp đính kèm không hợp lệ"),
    "status": ("The status cannot be taken", "Không nhận được trạng thái"),
    "document": ("The document cannot be served so", "Không phục vụ được văn bản này"),
    "business": ("The business part is incomplete", "Thông tin nghiệp vụ chưa đủ"),
    "recipient": ("A recipient cannot be served", "Nơi nhận không hợp lệ"),
    "sender": ("The sender is not in order", "Nơi gửi không hợp lệ"),
    "signature": ("The package signature is not accepted", "Chữ ký gói tin không được chấp nhận"),
    "lifecycle": ("The status cannot follow", "Trạng thái không thể tiếp theo"),
    "delivery": ("The delivery cannot be served so", "Không phục vụ được lượt gửi này"),
    "agency": ("The agency cannot be served so", "Không phục vụ được đơn vị này"),
    "certificate": ("The certificate is not accepted", "Không chấp nhận chứng thư số này"),
    "auth": ("Not authorised", "Không được phép"),
    "replay": ("The replay job cannot be served so", "Không phục vụ được việc phát lại này"),
    "reason": ("A reason is missing", "Thiếu lý do"),
    "traffic": ("The traffic file is not accepted", "Không nhận được tệp lưu lượng"),
    "request": ("The request is not as it should be", "Yêu cầu không đúng"),
    "axis": ("The axis cannot serve this now", "Trục hiện không phục vụ được"),
}

#: Sentences for the request's own faults, by pydantic's kind of error. Where there is none,
#: pydantic's own is quoted.
_INVALID: Mapping[str, tuple[str, str]] = {
    "missing": ("is missing", "còn thiếu"),
    "int_parsing": ("is not a whole number", "không phải số nguyên"),
    "int_type": ("is not a whole number", "không phải số nguyên"),
    "int_from_float": ("is not a whole number", "không phải số nguyên"),
    "int_parsing_size": ("is too large a number", "là số quá lớn"),
    "float_parsing": ("is not a number", "không phải số"),
    "float_type": ("is not a number", "không phải số"),
    "bool_parsing": ("is not true or false", "không phải true hoặc false"),
    "bool_type": ("is not true or false", "không phải true hoặc false"),
    "finite_number": ("is not a finite number", "không phải số hữu hạn"),
    "greater_than_equal": ("is below {ge}", "nhỏ hơn {ge}"),
    "less_than_equal": ("is above {le}", "lớn hơn {le}"),
    "literal_error": ("is not one of {expected}", "không thuộc {expected}"),
    "enum": ("is not one of {expected}", "không thuộc {expected}"),
    "string_type": ("is not text", "không phải văn bản"),
    "string_too_short": ("is shorter than {min_length}", "ngắn hơn {min_length} ký tự"),
    "string_too_long": ("is longer than {max_length}", "dài quá {max_length} ký tự"),
    "string_pattern_mismatch": ("does not match {pattern}", "không khớp {pattern}"),
    "date_from_datetime_parsing": ("is not a day YYYY-MM-DD", "không phải ngày YYYY-MM-DD"),
    "date_parsing": ("is not a day YYYY-MM-DD", "không phải ngày YYYY-MM-DD"),
    "extra_forbidden": ("is not a field of this request", "không phải trường của yêu cầu này"),
    "model_attributes_type": ("is not an object", "không phải đối tượng JSON"),
    "model_type": ("is not an object", "không phải đối tượng JSON"),
    "dict_type": ("is not an object", "không phải đối tượng JSON"),
    "list_type": ("is not a list", "không phải danh sách"),
    "too_long": ("has more than {max_length} items", "có quá {max_length} mục"),
    "too_short": ("has fewer than {min_length} items", "có ít hơn {min_length} mục"),
}


#: Between the last two of the values that pydantic lists, which it writes as Python does.
_OR = re.compile(r"(['\d]) or (['\d])")


def invalid(place: str, en: str, vi: str) -> Rejected:
    """Return the rejection of a request at ``place``; the two words complete "<place>: ..."."""
    return Rejected([invalid_fault(place, en, vi)])


def invalid_fault(place: str, en: str, vi: str) -> Fault:
    """The same as one fault of several."""
    return Fault("request.invalid", place, {"place": place, "message": en, "message_vi": vi})


def problem(faults: Sequence[Fault]) -> dict[str, Any]:
    """Return the problem object of one or more faults; the first decides status and type.

    It lists ``FAULTS_MAX`` of them.
    """
    first = faults[0]
    title, title_vi = TITLES[first.code.partition(".")[0]]
    return {
        "type": TYPE_PREFIX + first.code,
        "title": title,
        "title_vi": title_vi,
        "status": first.entry.status,
        "code": first.code,
        "place": first.place,
        "detail": first.sentence(),
        "detail_vi": first.sentence("vi"),
        "vxp": first.entry.vxp,
        "problems": [told(fault) for fault in faults[:FAULTS_MAX]],
    }


def told(fault: Fault) -> dict[str, str]:
    """Return one fault (or warning) in both languages."""
    return {
        "code": fault.code,
        "place": fault.place,
        "detail": fault.sentence(),
        "detail_vi": fault.sentence("vi"),
    }


def as_axis_error(error: Exception) -> AxisError:
    """Return what a caller is told of ``error``; what nobody foresaw is logged with its trace."""
    match error:
        case AxisError():
            return error
        case RequestValidationError():
            return Rejected(_validation(item) for item in error.errors()[:FAULTS_MAX])
        case HTTPException(status_code=404):
            return Rejected([Fault("request.route")])
        case HTTPException(status_code=405):
            return Rejected([Fault("request.method")])
    log.error("request failed", action="request.failed", exc_info=error)
    return AxisError([Fault("axis.internal")])


def _validation(item: Mapping[str, Any]) -> Fault:
    place = ".".join(str(part)[:PART_MAX] for part in item["loc"])
    detail = {key: str(value) for key, value in item.get("ctx", {}).items()}
    en, vi = _INVALID.get(item["type"], ("is not valid: “{msg}”", "không hợp lệ: “{msg}”"))
    detail["msg"] = item["msg"]
    in_vietnamese = {**detail, "expected": _OR.sub(r"\1 hoặc \2", detail.get("expected", ""))}
    return invalid_fault(place, en.format_map(detail), vi.format_map(in_vietnamese))


def answer(error: AxisError, more: Mapping[str, str] = _NOTHING) -> tuple[int, Headers, bytes]:
    """Return status, headers and body of the response that tells of ``error``, with ``more``
    members beside those of every problem (RFC 9457 section 3.2).
    """
    first = error.faults[0]
    headers = [(b"content-type", MEDIA_TYPE.encode())]
    if isinstance(error, Unavailable):
        headers.append((b"retry-after", b"%d" % error.retry_after_s))
    if first.code in _LAST:
        headers.append((b"connection", b"close"))
    if (challenge := _CHALLENGES.get(first.code)) is not None:
        headers.append((b"www-authenticate", challenge))
    if first.code == "request.media_type":
        # RFC 9110 section 15.5.16: a 415 names what would have been taken.
        headers.append((b"accept", first.detail["taken"].encode()))
    if first.code == "request.coding":
        headers.append((b"accept-encoding", b"identity"))
    return first.entry.status, headers, dumps({**problem(error.faults), **more})
