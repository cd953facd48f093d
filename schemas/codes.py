"""The code tables of the format and the agencies, as data with their sources.

``data/codes.csv`` and ``data/agencies.csv`` say for every row where it comes from and how sure it
is; nothing here adds certainty. The lists of document types are those of QCVN 102:2016 as amended
by TT 01/2022/TT-BTTTT.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

#: Names of the tables in ``codes.csv``. Statuses, document kinds and receiver changes: VPCP 2.4
#: sections 2.2.3, 2.3.3, 2.5.3 and 2.6.3. Priorities: RIPT edoc.json, as Bkav's Checker accepts
#: them; Bkav's own database numbers them otherwise. Steering types are disputed between sources.
STATUS = "status"
PRIORITY = "priority"
DOC_TYPE = "bussiness_doc_type"
STEERING_TYPE = "steering_type"
DOCUMENT_TYPE = "document_type"
RECEIVER_TYPE = "receiver_type"


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One code. ``certainty`` is ``sourced``, ``inferred`` or ``disputed``."""

    table: str
    code: str
    name_vi: str
    name_en: str
    certainty: str
    source: str


@dataclass(frozen=True, slots=True)
class AgencyRow:
    """One of the 95 agencies.

    ``sourced`` is false where the code is a recollection, a guess or a placeholder; ``source``
    says which.
    """

    code: str
    name_vi: str
    name_en: str
    kind: str
    level: str
    source: str
    sourced: bool


@dataclass(frozen=True, slots=True)
class TypeRow:
    """One document type: ``TypeDetail``, ``TypeName``, and whether the number is only inferred."""

    number: int
    name_vi: str
    inferred: bool = False


@cache
def _tables() -> Mapping[str, Mapping[str, CodeRow]]:
    tables: dict[str, dict[str, CodeRow]] = {}
    for row in _csv("codes.csv"):
        code = CodeRow(
            table=row["table"],
            code=row["code"],
            name_vi=row["name_vi"],
            name_en=row["name_en"],
            certainty=row["certainty"],
            source=row["source"],
        )
        tables.setdefault(code.table, {})[code.code] = code
    return {name: MappingProxyType(rows) for name, rows in tables.items()}


def table(name: str) -> Mapping[str, CodeRow]:
    """The rows of a code table by code, in the order of the file.

    :raises KeyError: for a name that ``codes.csv`` does not have.
    """
    return _tables()[name]


@cache
def agencies() -> tuple[AgencyRow, ...]:
    """The 95 agencies of 12 March 2019, in the order of the file.

    Sources: Bkav's ``edoc.sql``, the list of QĐ 09/2025, VNPT's samples, public code; provinces
    that no source names stand at their alphabetical place and are not ``sourced``.
    """
    return tuple(
        AgencyRow(
            code=row["code"],
            name_vi=row["name_vi"],
            name_en=row["name_en"],
            kind=row["kind"],
            level=row["level"],
            source=row["source"],
            sourced=row["source"].startswith("sourced"),
        )
        for row in _csv("agencies.csv")
    )


def _csv(name: str) -> list[dict[str, str]]:
    text = resources.files("schemas").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _types(names: str, first: int = 1, *, inferred: bool = False) -> tuple[TypeRow, ...]:
    listed = enumerate(names.split("; "), start=first)
    return tuple(TypeRow(number, name, inferred) for number, name in listed)


#: Type 1, legal normative documents: list A of the annex to TT 01/2022/TT-BTTTT.
NORMATIVE_TYPES = _types(
    "Hiến pháp; Luật; Pháp lệnh; Lệnh; Nghị quyết; Nghị quyết liên tịch; Nghị định; Quyết định; "
    "Thông tư; Thông tư liên tịch; Chỉ thị của UBND; Bộ luật; Khác"
)

#: Type 2, administrative documents: list B of the same annex. Where its public text breaks off
#: (10 to 17, 27 to 32) the names follow TT 01/2011/TT-BNV, which has the same order.
ADMINISTRATIVE_TYPES = (
    *_types(
        "Nghị quyết (cá biệt); Quyết định (cá biệt); Chỉ thị; Quy chế; Quy định; Thông cáo; "
        "Thông báo; Hướng dẫn; Chương trình"
    ),
    *_types(
        "Kế hoạch; Phương án; Đề án; Dự án; Báo cáo; Biên bản; Tờ trình; Hợp đồng",
        10,
        inferred=True,
    ),
    *_types(
        "Công văn; Công điện; Bản ghi nhớ; Bản cam kết; Bản thỏa thuận; Giấy chứng nhận; "
        "Giấy ủy quyền; Giấy mời; Giấy giới thiệu",
        18,
    ),
    *_types(
        "Giấy nghỉ phép; Giấy đi đường; Giấy biên nhận hồ sơ; Phiếu gửi; Phiếu chuyển; Thư công",
        27,
        inferred=True,
    ),
)

#: Abbreviations that begin a CodeNotation (NĐ 30/2020 Annex III). Công văn has none: its notation
#: is that of the agency and the unit.
NOTATIONS: Mapping[str, str] = MappingProxyType(
    {
        "NQ": "Nghị quyết (cá biệt)",
        "QĐ": "Quyết định (cá biệt)",
        "CT": "Chỉ thị",
        "QC": "Quy chế",
        "QyĐ": "Quy định",
        "TC": "Thông cáo",
        "TB": "Thông báo",
        "HD": "Hướng dẫn",
        "CTr": "Chương trình",
        "KH": "Kế hoạch",
        "PA": "Phương án",
        "ĐA": "Đề án",
        "DA": "Dự án",
        "BC": "Báo cáo",
        "BB": "Biên bản",
        "TTr": "Tờ trình",
        "HĐ": "Hợp đồng",
        "CĐ": "Công điện",
        "BGN": "Bản ghi nhớ",
        "BTT": "Bản thỏa thuận",
        "GUQ": "Giấy ủy quyền",
        "GM": "Giấy mời",
        "GGT": "Giấy giới thiệu",
        "GNP": "Giấy nghỉ phép",
        "PG": "Phiếu gửi",
        "PC": "Phiếu chuyển",
        "PB": "Phiếu báo",
        "SY": "Bản sao y",
        "TrS": "Bản trích sao",
        "SL": "Bản sao lục",
    }
)
