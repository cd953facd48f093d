"""The words of the report, and how it writes numbers and days: as Vietnamese texts do."""

from __future__ import annotations

from datetime import date
from typing import Final, NamedTuple

from axis.core.period import Unit, periods
from axis.core.working_days import LISTED

#: The families of measures.
FAMILIES_VI: Final = {
    "books": "Mọi số liệu",
    "signature": "Chữ ký gói tin",
    "sending": "Thời gian gửi",
    "acceptance": "Thời gian tiếp nhận",
}
FAMILIES_EN: Final = {
    "books": "All figures",
    "signature": "Package signatures",
    "sending": "Time of sending",
    "acceptance": "Time of acceptance",
}


class Words(NamedTuple):
    """The same in both languages."""

    vi: str
    en: str


#: What each figure means.
DEFINITIONS: Final = (
    Words(
        vi="Gửi: gói văn bản đã được Trục tiếp nhận, mọi loại nghiệp vụ. Nhận: lượt gửi được nơi "
        "nhận xác nhận lần đầu. Không nguồn nào định nghĩa hai từ này; đây là cách hiểu của Trục.",
        en="Sent: document packages accepted by the axis, of every kind. Received: deliveries at "
        "the recipient's first confirmation. No source defines the two words; this is our reading.",
    ),
    Words(
        vi="Từ chối (02) và tiếp nhận (03) tính cho nơi nhận đã báo trạng thái.",
        en="Refused (02) and accepted (03) are counted for the recipient who said so.",
    ),
    Words(
        vi="Chữ ký gói tin là chữ ký XML trên gói; chữ ký số trong văn bản đính kèm (Điều 4 Quyết "
        "định 28/2018) chưa được kiểm tra.",
        en="The package signature is the XML signature on the package; the one inside the attached "
        "document (art. 4) is not examined yet.",
    ),
    Words(
        vi="Gửi đúng hạn: trong ngày ký hoặc trước 12 giờ ngày làm việc tiếp theo (Điều 6.2). Ngày "
        "ký là ngày ban hành ghi trong gói; văn bản thu hồi, cập nhật, thay thế không tính.",
        en="Sent in time: on the day of signing, or before noon of the next working day (art. "
        "6.2). The day of signing is the PromulgationDate of the package; recalls, updates and "
        "replacements are left out.",
    ),
    Words(
        vi="Thời gian tiếp nhận tính từ lúc nơi nhận xác nhận đã nhận (hoặc báo 01) đến lúc báo "
        "03; giờ là giờ đồng hồ. Lượt không rõ lúc đến không tính.",
        en="Acceptance is timed from the recipient's confirmation (or 01) to 03, in hours by the "
        "clock; deliveries whose arrival is not known by itself are left out.",
    ),
    Words(
        vi="Trung bình và tỷ lệ được tính từ tổng theo ngày; không có trung vị.",
        en="Means and shares are made of daily sums; no median can be had from them.",
    ),
    Words(
        vi="“Chưa ghi nhận” nghĩa là khi đó số liệu chưa được đếm; không phải bằng 0.",
        en="“Not yet recorded” means that nobody counted it then; it is not 0.",
    ),
)
#: Said of days outside those whose holidays are listed.
HOLIDAYS: Final = Words(
    vi=f"Ngày nghỉ Tết, Giỗ Tổ và ngày hoán đổi chỉ được biết từ {LISTED[0]:%d/%m/%Y} đến "
    f"{LISTED[1]:%d/%m/%Y}; ngoài khoảng đó chỉ trừ cuối tuần và ngày lễ cố định.",
    en=f"Holidays that move are known from {LISTED[0]} to {LISTED[1]} only; outside, weekends and "
    "fixed holidays are left out.",
)


def count(value: int) -> str:
    """A count: 298.000."""
    return f"{value:,}".replace(",", ".")


def decimal(value: float) -> str:
    """A mean with two digits: 1,25."""
    whole, _, digits = f"{value:,.2f}".partition(".")
    return f"{whole.replace(',', '.')},{digits}"


def percent(value: float) -> str:
    """A share: 91,3 %."""
    return f"{value * 100:.1f} %".replace(".", ",")


def day(iso: str) -> str:
    """A day: 01/12/2019."""
    return f"{date.fromisoformat(iso):%d/%m/%Y}"


def title(first: date, last: date) -> tuple[str, str]:
    """The name of a span in both languages: that of the period which it is, if it is one."""
    for unit in (Unit.YEAR, Unit.HALF, Unit.QUARTER, Unit.MONTH, Unit.MONTH30):
        (period, *others) = periods(unit, first, last)
        if not others and (period.first, period.last) == (first, last):
            return period.name_vi, period.name_en
    (span,) = periods(Unit.SPAN, first, last)
    return span.name_vi, span.name_en
