"""The words of ours that stand inside Vietnamese sentences: states, speakers, reasons.

Only those that an error chooses from a list of its own: what a caller wrote is quoted as it is.
Those about the form of a package stand in ``words_vi_form``, those about a traffic file in
``words_vi_traffic``, what both know of states and signatures in ``words_vi_rules``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from axis.core.glossary import Glossary
from axis.core.words_vi_form import FORM
from axis.core.words_vi_rules import DISTRUST, SEALS, STATES
from axis.core.words_vi_traffic import TRAFFIC

#: Why a certificate cannot be trusted (``axis.adapters.trust_list``).
_CERTIFICATES: Final = Glossary(
    {
        "not a certificate": "không phải chứng thư số X.509 dạng PEM",
        "not issued by the trust root": "không do gốc tin cậy cấp",
        "an authority's certificate signs no packages": (
            "chứng thư số của cơ quan cấp không dùng để ký gói tin"
        ),
        "valid for longer than the trust root": "có hiệu lực dài hơn gốc tin cậy",
        "the key is neither P-256 nor RSA of 2048 to 4096 bits": (
            "khóa không phải P-256 hay RSA từ 2048 đến 4096 bit"
        ),
        "fingerprint or dates are not those of the certificate": (
            "dấu vân tay hoặc thời hạn không phải của chứng thư số"
        ),
        "the trust root is no certificate authority": "gốc tin cậy không phải cơ quan cấp",
        "the trust root did not sign itself": "gốc tin cậy không tự ký",
    }
)
#: Roles keep their names, which tokens give as scopes.
_ROLES: Final = Glossary(
    {
        "agency": "cơ quan (agency)",
        "operator": "vận hành (operator)",
        "auditor": "kiểm toán (auditor)",
        "operator or auditor": "vận hành (operator) hoặc kiểm toán (auditor)",
    }
)
_STAGES: Final = Glossary(
    {
        "planned": "mới được lập",
        "running": "đang chạy",
        "paused": "đang tạm dừng",
        "finished": "đã hoàn tất",
        "stopped": "đã tự dừng",
        "aborted": "đã bị hủy",
    }
)
_ACTS: Final = Glossary(
    {
        "run": "chạy",
        "pause": "tạm dừng",
        "resume": "chạy tiếp",
        "abort": "hủy",
        "take": "nhận",
    }
)
_JOBS: Final = Glossary(
    {
        "give_back": "trả lại (give_back)",
        "redrive": "đưa lại (redrive)",
        "shadow": "bản bóng (shadow)",
    }
)
#: What of the books cannot be read (``axis.books.Torn``).
_BOOKS: Final = Glossary(
    {
        "document": "văn bản",
        "event": "sự kiện",
        "delivery": "lượt gửi",
        "head of the books: missing": "thiếu số cuối cùng đã cấp",
    },
    {
        r"(\w+) (\d+) and on: cannot be read: (.*)": "{0} từ số {1} trở đi không đọc được: “{2}”",
        r"(\w+) (.*): its row is no \w+: (.*)": "dòng của {0} {1} không đúng dạng: “{2}”",
        r"(\w+) (.*): its row is no \w+": "dòng của {0} {1} không đúng dạng",
    },
)
#: What was sent instead of HTTP: our own words, and those of llhttp.
_HTTP: Final = Glossary(
    {
        "it cannot be read": "không đọc được",
        "Host is missing": "thiếu Host",
        "Invalid method encountered": "phương thức không hợp lệ",
        "Content-Length": "Content-Length",
        "Transfer-Encoding": "Transfer-Encoding",
    },
    {
        r"(Host|Content-Type|Axis-Occurred-At) is given twice": "{0} được ghi hai lần",
        r"Expected HTTP/.*|Invalid HTTP version|Invalid m\w+ version": "phiên bản không hợp lệ",
        r"Invalid header .*|Unexpected whitespace after header value": "dòng tiêu đề không hợp lệ",
        r"(?:Invalid char.*|Unexpected .*) in url.*": "địa chỉ có ký tự không hợp lệ",
        r"(\S+) can't be present with (\S+)": "có {0} thì không được có {1}",
        r".*(Content-Length|Transfer-Encoding).*": "{0} không hợp lệ",
        r".*chunk.*": "nội dung chia khối (chunked) không hợp lệ",
        r"Missing expected .*|Expected (?:CR)?LF.*": "ký tự xuống dòng không đúng",
    },
    "bộ đọc HTTP báo “{0}”",
)
#: What is wrong with a request, where it is not said in both languages on the spot.
_REQUESTS: Final = Glossary(
    patterns={
        r"at most (\d+) at once": "tối đa {0} mục một lần",
        r"is damaged at byte (\d+): (.*)": "bị hỏng tại byte {0}: {1}",
        r"no header line": "không có dòng tiêu đề",
        r"the header is not JSON": "tiêu đề không phải JSON",
        r"the header has a field twice": "tiêu đề có trường xuất hiện hai lần",
        r"the header has no size": "tiêu đề không có size",
        r"the package has not (\d+) bytes": "gói tin không đủ {0} byte",
    }
)
_PACKAGES: Final = Glossary({"document": "văn bản", "status": "trạng thái"})

#: By the codes they stand in, or the first part of those, and the name of the detail.
_WORDS: Final[Mapping[str, Mapping[str, Glossary]]] = {
    **FORM,
    **TRAFFIC,
    "lifecycle": {"state": STATES},
    "delivery": {"state": STATES},
    "status": {
        "speaker": Glossary({"sender": "bên gửi", "recipient": "bên nhận"}),
    },
    "package.kind": {"expected": _PACKAGES, "found": _PACKAGES},
    "package.too_large": {"size": Glossary(patterns={r"(\d+) or more": "ít nhất {0}"})},
    "signature.broken": {"reason": SEALS},
    "signature.untrusted": {"reason": DISTRUST},
    "certificate": {"reason": _CERTIFICATES},
    "auth.role": {"role": _ROLES},
    "replay.stage": {"stage": _STAGES, "act": _ACTS},
    "replay.not_played": {"kind": _JOBS},
    "axis.books_damaged": {"what": _BOOKS},
    "request.malformed": {"reason": _HTTP},
    "request.invalid": {"message": _REQUESTS},
}


def glossary(code: str, name: str) -> Glossary | None:
    """What the detail ``name`` of an error may say; None where it says nothing of ours."""
    named = _WORDS.get(code) or _WORDS.get(code.partition(".")[0])
    return None if named is None else named.get(name)


def in_vietnamese(code: str, name: str, text: str) -> str:
    """The detail ``name`` of an error as it stands in its Vietnamese sentence."""
    known = glossary(code, name)
    return text if known is None else known.say(text)
