"""The words of ours that stand inside Vietnamese sentences: states, speakers, reasons.

Only those that an error chooses from a list of its own: what a caller wrote is quoted as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_STATES: Final = {
    "waiting": "chờ lấy",
    "offered": "đã trao",
    "done": "đã nhận xong",
    "parked": "tạm giữ",
    "withdrawn": "đã rút lại",
    "none": "chưa phản hồi",
    "arrived": "đã đến",
    "refused": "đã từ chối",
    "accepted": "đã tiếp nhận",
    "assigned": "đã phân công",
    "processing": "đang xử lý",
    "completed": "đã hoàn thành",
    "recalled": "đã thu hồi",
    "replaced": "đã thay thế",
    "taken_back": "đã lấy lại",
}
_PACKAGES: Final = {"document": "văn bản", "status": "trạng thái"}
#: Why a signature does not hold (``schemas.xmldsig``) or its certificate is not trusted.
_SEALS: Final = {
    "the package is not what was signed": "gói tin không còn như khi được ký",
    "unknown": "không có trong danh sách tin cậy",
    "foreign": "thuộc cơ quan khác",
    "not_yet_valid": "chưa có hiệu lực",
    "expired": "đã hết hạn",
    "revoked": "đã bị thu hồi",
    "there is more than one Signature": "có nhiều hơn một Signature",
    "Signature is not a child of edXMLHeader": "Signature không nằm trong edXMLHeader",
    "Signature is not in the namespace of XML Signature": (
        "Signature không thuộc không gian tên XML Signature"
    ),
    "Signature is not the last child of edXMLHeader": "Signature không đứng cuối edXMLHeader",
    "SignatureValue does not have the length of an ECDSA signature": (
        "SignatureValue không có độ dài của chữ ký ECDSA"
    ),
    "SignedInfo is not of the profile: one Reference, to the whole document": (
        "SignedInfo không đúng mẫu: một Reference tới toàn bộ tài liệu"
    ),
    "a comment stands inside a text": "có chú thích bên trong một giá trị",
    "a processing instruction speaks of a Signature": "có chỉ thị xử lý nhắc tới Signature",
    "the document has a DOCTYPE": "tài liệu có DOCTYPE",
    "the package has no canonical form": "gói tin không có dạng chuẩn tắc",
    "there is a comment or a processing instruction in the Signature": (
        "có chú thích hoặc chỉ thị xử lý trong Signature"
    ),
}
#: Those of them that quote something.
_QUOTING: Final = (
    (
        r"a value is not base64 of 1 to (\d+) bytes",
        r"một giá trị không phải base64 của 1 đến \1 byte",
    ),
    (r"algorithm (.*) is not allowed", r"thuật toán \1 không được phép"),
    (r"(.*) must hold text only", r"\1 chỉ được chứa văn bản"),
    (r"(.*) has attributes or text", r"\1 có thuộc tính hoặc văn bản"),
    (r"(.*) must hold (.*) only", r"\1 chỉ được chứa \2"),
)

#: Why a certificate cannot be trusted (``axis.adapters.trust_list``).
_CERTIFICATES: Final = {
    "not a certificate": "không phải chứng thư số X.509 dạng PEM",
    "not issued by the trust root": "không do gốc tin cậy cấp",
    "an authority's certificate signs no packages": (
        "chứng thư số của cơ quan cấp không dùng để ký gói tin"
    ),
    "valid for longer than the trust root": "có hiệu lực dài hơn gốc tin cậy",
    "the key is neither P-256 nor RSA of 2048 to 4096 bits": (
        "khóa không phải P-256 hay RSA từ 2048 đến 4096 bit"
    ),
}

#: By the codes they stand in and the name of the detail.
_WORDS: Final[Mapping[str, Mapping[str, Mapping[str, str]]]] = {
    "lifecycle": {"state": _STATES},
    "delivery": {"state": _STATES},
    "status": {"speaker": {"sender": "bên gửi", "recipient": "bên nhận"}},
    "package": {"expected": _PACKAGES, "found": _PACKAGES},
    "signature": {"reason": _SEALS},
    "certificate": {"reason": _CERTIFICATES},
}


def in_vietnamese(code: str, name: str, text: str) -> str:
    """The detail ``name`` of an error as it stands in its Vietnamese sentence."""
    known = _WORDS.get(code.partition(".")[0], {}).get(name)
    if known is None:
        return text
    if text not in known and known is _SEALS:
        for pattern, words in _QUOTING:
            if (match := re.fullmatch(pattern, text, re.DOTALL)) is not None:
                return match.expand(words)
    return known.get(text, text)
