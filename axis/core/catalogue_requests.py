"""The words of the error catalogue about a request as HTTP has it: English, Vietnamese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from axis.core.catalogue_form import Words

#: By HTTP status: what is wrong with a request before anything of its matter is looked at.
REQUESTS: Final[Mapping[int, Words]] = {
    400: {
        "request.malformed": (
            "This is not HTTP: {reason}.",
            "Đây không phải HTTP hợp lệ: {reason}.",
        ),
        "request.empty": (
            "The request has no body; this address takes {taken}.",
            "Yêu cầu không có nội dung; địa chỉ này nhận {taken}.",
        ),
        "request.form": (
            "The form is not as it should be: {message}.",
            "Biểu mẫu không đúng: {message}.",
        ),
        "request.json": (
            "The body is not JSON as it should be: {message}.",
            "Nội dung không đúng dạng JSON: {message}.",
        ),
    },
    404: {
        "request.route": ("There is nothing at this address.", "Không có gì ở địa chỉ này."),
    },
    405: {
        "request.method": (
            "This address does not take {method}.",
            "Địa chỉ này không nhận {method}.",
        ),
    },
    408: {
        "request.slow": (
            "The request came too slowly, or no further; repeat it.",
            "Yêu cầu đến quá chậm hoặc bị ngừng giữa chừng; hãy gửi lại.",
        ),
    },
    413: {
        "request.too_large": (
            "The body has {size} bytes; {limit} are allowed.",
            "Nội dung có {size} byte, tối đa {limit}.",
        ),
    },
    414: {
        "request.address_too_long": (
            "The address has more than {limit} bytes, its query included.",
            "Địa chỉ, kể cả phần truy vấn, dài quá {limit} byte.",
        ),
    },
    415: {
        "request.media_type": (
            "The body is sent as {sent}; this address takes {taken}.",
            "Nội dung được gửi dưới dạng {sent}; địa chỉ này nhận {taken}.",
        ),
        "request.coding": (
            "The body is sent with Content-Encoding {sent}; it is taken as it is (identity).",
            "Nội dung được gửi với Content-Encoding {sent}; chỉ nhận nội dung nguyên dạng (identity).",
        ),
    },
    422: {
        "request.invalid": ("{place}: {message}.", "{place}: {message}."),
    },
    431: {
        "request.head_too_large": (
            "The head of the request has more than {limit} bytes.",
            "Phần đầu của yêu cầu dài quá {limit} byte.",
        ),
    },
    501: {
        "request.unserved": ("{what} is not served.", "{what} không được hỗ trợ."),
    },
}
