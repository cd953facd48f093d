"""What simulated documents say: notations, subjects, signers, clerks, reasons for refusal.

The sentences have the form that Vietnamese administrative documents have; people, mail boxes and
matters are made up. Everything is drawn from ``Planned.wording_seed`` alone.
"""

from __future__ import annotations

from datetime import date

from agencies.dice import Dice
from schemas.codes import AgencyRow
from schemas.edxml import NEW, RECALL, REPLACEMENT, UPDATE, Signer, Staff

#: Letters of the agencies in notations, by the last group of the code (usage of the agencies'
#: published documents of 2019; a province writes UBND).
_LETTERS = {
    "G01": "BCA",
    "G02": "BCT",
    "G03": "BGDĐT",
    "G04": "BGTVT",
    "G05": "BKHĐT",
    "G06": "BKHCN",
    "G07": "BLĐTBXH",
    "G08": "BNG",
    "G09": "BNV",
    "G10": "BNN",
    "G11": "BQP",
    "G12": "BTC",
    "G13": "BTNMT",
    "G14": "BTTTT",
    "G15": "BTP",
    "G16": "BVHTTDL",
    "G17": "BXD",
    "G18": "BYT",
    "G19": "NHNN",
    "G20": "TTCP",
    "G21": "UBDT",
    "G22": "VPCP",
    "G23": "BQLL",
    "G24": "BHXH",
    "G27": "TNVN",
    "G28": "THVN",
    "G29": "HVCTQG",
    "G30": "TTX",
    "G31": "VHL",
    "G32": "KHXH",
    "G36": "UBQLV",
    "A00": "VPTW",
}
_PROVINCE_LETTERS = "UBND"

_GENERAL_DIRECTOR = ("Tổng Giám đốc", "Phó Tổng Giám đốc")
_CHAIR = ("Chủ tịch", "Phó Chủ tịch")
#: Titles of the head and of a deputy, by kind of agency, and where an agency differs.
_HEADS_BY_KIND = {
    "ministry": ("Bộ trưởng", "Thứ trưởng"),
    "ministerial-level agency": ("Chủ nhiệm", "Phó Chủ nhiệm"),
    "government-attached agency": _CHAIR,
    "province": _CHAIR,
    "centrally-run city": _CHAIR,
    "party office": ("Chánh Văn phòng", "Phó Chánh Văn phòng"),
}
_HEADS = {
    "G19": ("Thống đốc", "Phó Thống đốc"),
    "G20": ("Tổng Thanh tra", "Phó Tổng Thanh tra"),
    "G23": ("Trưởng ban", "Phó Trưởng ban"),
    "G24": _GENERAL_DIRECTOR,
    "G27": _GENERAL_DIRECTOR,
    "G28": _GENERAL_DIRECTOR,
    "G29": ("Giám đốc", "Phó Giám đốc"),
    "G30": _GENERAL_DIRECTOR,
}

#: Departments that draft documents; their letters close the notation of a letter.
_CENTRAL_UNITS = ("VP", "KHTC", "TCCB", "PC", "CNTT", "HTQT", "TTr", "TĐKT")
_PROVINCE_UNITS = ("KSTT", "KGVX", "KTTH", "KTN", "NC", "TH", "TKBT", "TCD")
_GOVERNMENT_OFFICE_UNITS = ("KSTT", "KGVX", "KTTH", "NN", "CN", "QHQT", "TCCV", "PL", "V.I")

_MATTERS = (
    "cải cách thủ tục hành chính",
    "gửi, nhận văn bản điện tử qua Trục liên thông văn bản quốc gia",
    "xây dựng Chính phủ điện tử",
    "kết nối, tích hợp với Cổng Dịch vụ công quốc gia",
    "thực hiện chế độ báo cáo định kỳ trên Hệ thống thông tin báo cáo quốc gia",
    "phòng, chống bệnh dịch tả lợn Châu Phi",
    "giải ngân vốn đầu tư công",
    "bảo đảm trật tự an toàn giao thông",
    "bảo đảm an toàn thực phẩm",
    "tiếp công dân, giải quyết khiếu nại, tố cáo",
    "phòng cháy, chữa cháy rừng",
    "phòng, chống thiên tai và tìm kiếm cứu nạn",
    "xây dựng nông thôn mới",
    "giảm nghèo bền vững",
    "chống buôn lậu, gian lận thương mại và hàng giả",
    "sắp xếp đơn vị hành chính cấp huyện, cấp xã",
    "tinh giản biên chế",
    "thanh toán không dùng tiền mặt",
    "quản lý, sử dụng đất đai",
    "quản lý hoạt động khoáng sản",
    "phát triển bảo hiểm y tế toàn dân",
    "chăm sóc người có công với cách mạng",
    "phát triển giáo dục nghề nghiệp",
    "quản lý chất thải rắn sinh hoạt",
    "phát triển du lịch",
    "hỗ trợ doanh nghiệp nhỏ và vừa",
    "ứng dụng chữ ký số trong cơ quan nhà nước",
    "phòng, chống tham nhũng",
    "quản lý giá và bình ổn thị trường",
    "bảo đảm an toàn thông tin mạng",
)

#: Subjects by type of document; ``{matter}`` and ``{year}`` are filled in.
_SUBJECTS = {
    "Công văn": (
        "V/v báo cáo tình hình thực hiện công tác {matter}",
        "V/v triển khai nhiệm vụ {matter} năm {year}",
        "V/v góp ý dự thảo Nghị định về {matter}",
        "V/v cung cấp số liệu phục vụ công tác {matter}",
        "V/v đôn đốc thực hiện nhiệm vụ {matter}",
        "V/v tăng cường công tác {matter}",
        "V/v trả lời kiến nghị về {matter}",
        "V/v cử cán bộ tham gia đoàn kiểm tra công tác {matter}",
    ),
    "Báo cáo": (
        "Báo cáo kết quả thực hiện công tác {matter} năm {year}",
        "Báo cáo sơ kết công tác {matter}",
    ),
    "Quyết định": (
        "Quyết định về việc phê duyệt Kế hoạch {matter} năm {year}",
        "Quyết định về việc thành lập Tổ công tác về {matter}",
    ),
    "Giấy mời": (
        "Giấy mời dự họp về {matter}",
        "Giấy mời dự hội nghị trực tuyến về công tác {matter}",
    ),
    "Thông báo": (
        "Thông báo kết luận cuộc họp về {matter}",
        "Thông báo phân công nhiệm vụ {matter}",
    ),
    "Kế hoạch": ("Kế hoạch triển khai công tác {matter} năm {year}",),
    "Tờ trình": ("Tờ trình về việc ban hành chính sách {matter}",),
}
_OTHER_SUBJECTS = ("{kind} về công tác {matter} năm {year}",)

_SURNAMES = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi", "Đỗ", "Hồ", "Nông")
#: Middle names with given names that go with them, of men and of women.
_NAMES = (
    (("Văn", "Đức", "Quốc", "Hữu"), ("Bình", "Cường", "Dũng", "Hùng", "Nam", "Phúc", "Sơn")),
    (("Thị", "Thanh", "Hồng", "Ngọc"), ("An", "Bình", "Hà", "Hạnh", "Lan", "Mai", "Yến")),
)

REFUSAL_REASONS = (
    "Gửi sai nơi nhận: nội dung không thuộc thẩm quyền giải quyết của cơ quan",
    "Thiếu phụ lục nêu trong văn bản",
    "Tệp đính kèm không đọc được",
    "Số, ký hiệu trong gói tin không khớp với văn bản đính kèm",
    "Trích yếu không khớp với nội dung văn bản đính kèm",
    "Văn bản gửi trùng với văn bản đã tiếp nhận",
    "Văn bản thiếu chữ ký số của người có thẩm quyền",
    "Đề nghị gửi lại kèm tệp dự thảo để góp ý",
)

#: The summaries of a recall (QĐ 28/2018 art. 9: cancel it and say so) and of an update.
RECALLED = "Đề nghị quý cơ quan dừng xử lý, hủy văn bản được thu hồi và thông báo lại."
UPDATED = "Cập nhật thông tin của văn bản đã gửi; nội dung văn bản không thay đổi."
#: BussinessDocReason by BussinessDocType.
BUSINESS_REASONS = {
    NEW: "Văn bản điện tử mới",
    RECALL: "Thu hồi văn bản gửi nhầm",
    UPDATE: "Cập nhật thông tin văn bản",
    REPLACEMENT: "Thay thế văn bản đã gửi",
}

#: Why a recall, an update or a replacement is refused.
DONE_WITH = "Văn bản đã được giải quyết xong, đề nghị có văn bản chính thức"


def notation(sender: AgencyRow, kind: str, letters: str, seed: int) -> str:
    """The notation beside the number: ``VPCP-KSTT`` of a letter, ``BC-UBND`` of other types.

    The Government Office also hands out the Prime Minister's decisions (``QĐ-TTg``).
    """
    last = sender.code[-3:]
    own = _LETTERS.get(last, _PROVINCE_LETTERS)
    if not letters:
        return f"{own}-{_unit(sender, seed)}"
    if last == "G22" and kind in ("Quyết định", "Chỉ thị"):
        own = "TTg"
    return f"{letters}-{own}"


def _unit(sender: AgencyRow, seed: int) -> str:
    units: tuple[str, ...]
    if sender.code.endswith("G22"):
        units = _GOVERNMENT_OFFICE_UNITS
    else:
        units = _PROVINCE_UNITS if sender.level == "provincial" else _CENTRAL_UNITS
    return units[seed % len(units)]


def subject(kind: str, day: date, dice: Dice) -> str:
    """The subject (trích yếu), at most 500 characters as NĐ 30/2020 annex VI has it."""
    form = dice.choice(_SUBJECTS.get(kind, _OTHER_SUBJECTS))
    return form.format(matter=dice.choice(_MATTERS), year=day.year, kind=kind)


def signer(sender: AgencyRow, dice: Dice) -> Signer:
    """Who signed: the head, or three times in four a deputy for the head (``KT.``)."""
    head, deputy = _HEADS.get(sender.code[-3:]) or _HEADS_BY_KIND[sender.kind]
    if dice.below(4) == 0:
        return Signer(position=head, full_name=_person(dice))
    return Signer(competence=f"KT. {head.upper()}", position=deputy, full_name=_person(dice))


def content(due: date | None) -> str:
    """The summary that goes with the document; never a line a simulated agency obeys."""
    if due is None:
        return "Kính chuyển quý cơ quan để biết, nghiên cứu và thực hiện theo thẩm quyền."
    return f"Đề nghị quý cơ quan nghiên cứu, có ý kiến bằng văn bản trước ngày {due:%d/%m/%Y}."


def recall(kind: str, code: str, day: date) -> str:
    """The subject of a letter that recalls a document."""
    return f"V/v thu hồi {kind} số {code} ngày {day:%d/%m/%Y}"


def clerk(sender: AgencyRow, dice: Dice) -> Staff:
    """The clerk who sends."""
    return Staff(department="Văn thư - Lưu trữ", name=_person(dice), email=mailbox(sender))


def mailbox(agency: AgencyRow) -> str:
    """The registry's address, in a domain that is kept for examples (RFC 2606)."""
    return f"vanthu.{agency.code[-3:].lower()}@example.com"


def _person(dice: Dice) -> str:
    middles, givens = dice.choice(_NAMES)
    return f"{dice.choice(_SURNAMES)} {dice.choice(middles)} {dice.choice(givens)}"


def place(sender: AgencyRow) -> str:
    """Where the document was made: the province, or Hà Nội for central agencies."""
    if sender.level != "provincial":
        return "Hà Nội"
    name = sender.name_vi.removeprefix("Ủy ban nhân dân ")
    return name.removeprefix("tỉnh ").removeprefix("thành phố ").removeprefix("Thành phố ")
