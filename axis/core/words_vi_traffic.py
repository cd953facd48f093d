"""What is said of a traffic file inside Vietnamese sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from axis.core.glossary import Glossary
from axis.core.words_vi_rules import DISTRUST, SEALS, STATES

#: Why a row cannot be read, or no package be built of it (``schemas.traffic_lines``).
_ROWS: Final = Glossary(
    {
        "a recipient stands in it twice": "có nơi nhận xuất hiện hai lần",
        "id": "mã",
        "package": "gói tin",
        "its sender is not the one that was asked for": "không phải của nơi gửi được yêu cầu",
        "it has not the recipient that was asked for": "không có nơi nhận được yêu cầu",
        "its type is not the one that was asked for": "không thuộc loại được yêu cầu",
        "it stands behind the closing line": "đứng sau dòng kết thúc",
        "it holds NUL": "chứa ký tự NUL",
        "a document_id in it is blank": "có document_id để trống",
        "a unit stands in it twice": "có đơn vị xuất hiện hai lần",
    },
    {
        r"its (\w+) is that of an earlier row": "{0} trùng với một dòng trước",
        r"(\S+) has a document of its name in an earlier row": (
            "{0} đã có văn bản cùng mã ở một dòng trước"
        ),
        r"it has more than (\d+) bytes": "dài quá {0} byte",
        r"it has more than (\d+) bytes beside its package": "ngoài gói tin còn dài quá {0} byte",
        r"the closing line counts (\d+) rows, (\d+) deliveries": (
            "dòng kết thúc ghi {0} dòng, {1} lượt gửi"
        ),
        r"no package can be built: (.*)": "không dựng được gói tin: {0}",
        r"it holds (\S+), a character that XML cannot carry": "chứa {0}, ký tự XML không cho phép",
        r"its code is no number of (\d+) characters and notation of (\d+) at the most, "
        r"with a slash between": (
            "số ký hiệu phải gồm số tối đa {0} ký tự và ký hiệu tối đa {1} ký tự, "
            "ngăn bằng dấu gạch chéo"
        ),
        r"its type has more than (\d+) characters": "loại văn bản dài quá {0} ký tự",
        r"it is of kind (\d+) and \w+ nothing": "thuộc loại {0} mà không nêu văn bản liên quan",
        r"it speaks of a document of ('.*'), which is no agency": (
            "nhắc tới văn bản của {0}, không phải cơ quan nào"
        ),
    },
)
#: What is wrong with the parties that a row or a header names.
_PARTIES: Final = Glossary(
    {
        "Not among the agencies": "Không có trong danh mục cơ quan",
        "No unit of the agency that it stands with": "Không phải đơn vị của cơ quan ghi cùng",
    }
)
#: Why something cannot have happened then, and what (``axis.core.traffic``).
_TIMES: Final = Glossary(
    {
        "its times are none": "thời điểm không đúng dạng",
        "that is no time from 2000 to 2099": "không phải thời điểm từ 2000 đến 2099",
        "that is outside the window of the file": "nằm ngoài khoảng thời gian của tệp",
        "that is in the future": "ở tương lai",
        "the document was sent later": "văn bản được gửi sau đó",
        "what lies before it was later": "việc đứng trước lại xảy ra sau",
    },
    {
        r"it ends behind its beginning, within (\d+) days": (
            "phải kết thúc sau khi bắt đầu, trong vòng {0} ngày"
        )
    },
)
_HAPPENED: Final = Glossary(
    {
        **STATES.words,
        "reset": "đặt lại",
        "It": "Văn bản",
        "The window": "Khoảng thời gian",
        "The export": "Việc xuất tệp",
    },
    {r"status (.*)": "trạng thái {0}"},
)
#: Why a delivery cannot have come to where it stands.
_COURSES: Final = Glossary(
    {**_HAPPENED.words, "none": "chưa có", "open": "đang chờ", "agreed": "đã đồng ý"},
    {
        r"it leads to (.*) and stands as (.*)": "dẫn tới {0} nhưng lại ghi {1}",
        r"(\w+), (\w+), (\w+)": "{0}, {1}, {2}",
        r"(\w+) cannot follow (\w+)": "{0} không thể đến sau {1}",
        r"(\w+) cannot follow": "không thể báo {0}",
        r"there is no status ('.*')": "không có trạng thái {0}",
        r"(\w+) is not said by (.*)": "{0} không do {1} báo",
        r"(\w+) has no reason": "{0} không kèm lý do",
        r"(\w+) was said before it was done": "{0} được báo trước khi nhận xong",
        r"(\w+) answers nothing": "{0} không trả lời yêu cầu nào",
    },
)
#: How a package is not what its row says (``axis.cli.replay_check``).
_PACKAGES: Final = Glossary(
    {
        "the header says that there are none": "dòng đầu ghi là không kèm gói tin",
        "it is no base64, or not there": "không phải base64, hoặc không có",
        "it is no document": "không phải văn bản",
        "sender": "nơi gửi",
        "kind": "loại nghiệp vụ",
        "urgency": "độ khẩn",
        "recipients": "nơi nhận",
        "untrusted": "không được tin cậy",
        "broken": "không hợp lệ",
        **DISTRUST.words,
        **SEALS.words,
    },
    {
        r"it has (\d+) bytes with the digest (\S+)": "có {0} byte với mã băm {1}",
        r"it cannot be read: (.*)": "không đọc được: {0}",
        r"it has not the same (\w+)": "khác {0}",
        r"its signature is (\w+) in a world of this seed: (.*)": (
            "với số gieo (seed) này thì chữ ký {0}: {1}"
        ),
        **SEALS.patterns,
    },
)

TRAFFIC: Final[Mapping[str, Mapping[str, Glossary]]] = {
    "traffic.version": {"found": Glossary(patterns={r"(\S+) version (.*)": "{0} phiên bản {1}"})},
    "traffic.row": {"message": _ROWS},
    "traffic.agency": {"message": _PARTIES},
    "traffic.time": {
        "what": _HAPPENED,
        "found": Glossary({"its header": "ở dòng đầu tệp"}),
        "message": _TIMES,
    },
    "traffic.state": {"message": _COURSES},
    "traffic.package": {"message": _PACKAGES},
}
