"""The states of a delivery, and what is said of signatures, inside Vietnamese sentences."""

from __future__ import annotations

from typing import Final

from axis.core.glossary import Glossary

STATES: Final = Glossary(
    {
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
)

#: Why a certificate does not speak for a sender (``axis.core.trust``).
DISTRUST: Final = Glossary(
    {
        "unknown": "không có trong danh sách tin cậy",
        "foreign": "thuộc cơ quan khác",
        "not_yet_valid": "chưa có hiệu lực",
        "expired": "đã hết hạn",
        "revoked": "đã bị thu hồi",
    }
)
#: Why a signature does not hold (``schemas.xmldsig``).
SEALS: Final = Glossary(
    {
        "the package is not what was signed": "gói tin không còn như khi được ký",
        "what it carries is no certificate": "chứng thư kèm theo không đọc được",
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
    },
    {
        r"a value is not base64 of 1 to (\d+) bytes": (
            "một giá trị không phải base64 của 1 đến {0} byte"
        ),
        r"algorithm (.*) is not allowed": "thuật toán {0} không được phép",
        r"(.*) must hold text only": "{0} chỉ được chứa văn bản",
        r"(.*) has attributes or text": "{0} có thuộc tính hoặc văn bản",
        r"(.*) must hold (.*) only": "{0} chỉ được chứa {1}",
        r"(\w+) and (.+)": "{0} và {1}",
    },
)
