from __future__ import annotations

from schemas import codes
from schemas.edxml_rules import STATUS_CODES


def test_the_directory_has_95_different_agencies() -> None:
    rows = codes.agencies()
    assert len(rows) == 95
    assert len({row.code for row in rows}) == 95
    assert {row.level for row in rows} == {"central", "provincial", "party"}
    assert sum(row.level == "provincial" for row in rows) == 63


def test_an_agency_says_whether_its_code_has_a_source() -> None:
    by_code = {row.code: row for row in codes.agencies()}
    assert by_code["000.00.00.G22"].sourced
    assert by_code["000.00.00.H37"].name_vi.endswith("Lạng Sơn")
    unsourced = [row for row in codes.agencies() if not row.sourced]
    assert by_code["000.00.00.A00"] in unsourced
    assert all(row.source for row in unsourced)


def test_the_status_table_names_the_codes_the_rules_accept() -> None:
    statuses = codes.table(codes.STATUS)
    assert set(statuses) == STATUS_CODES
    assert statuses["03"].name_vi == "Đã tiếp nhận"
    assert all(row.name_en and row.certainty == "sourced" for row in statuses.values())


def test_priorities_run_from_normal_to_the_appointed_hour() -> None:
    assert list(codes.table(codes.PRIORITY)) == ["0", "1", "2", "3", "4"]
    assert [row.name_vi for row in codes.table(codes.PRIORITY).values()][3] == "Hỏa tốc"


def test_disputed_codes_say_so() -> None:
    assert {row.certainty for row in codes.table(codes.STEERING_TYPE).values()} == {"disputed"}


def test_every_named_table_is_there() -> None:
    for name in (codes.DOC_TYPE, codes.DOCUMENT_TYPE, codes.RECEIVER_TYPE):
        assert codes.table(name)


def test_document_types_are_numbered_without_a_gap() -> None:
    assert [row.number for row in codes.NORMATIVE_TYPES] == list(range(1, 14))
    assert [row.number for row in codes.ADMINISTRATIVE_TYPES] == list(range(1, 33))
    assert codes.ADMINISTRATIVE_TYPES[17] == codes.TypeRow(18, "Công văn")
    inferred = [row.number for row in codes.ADMINISTRATIVE_TYPES if row.inferred]
    assert inferred == [*range(10, 18), *range(27, 33)]


def test_notations_name_types_of_the_list() -> None:
    names = {row.name_vi for row in codes.ADMINISTRATIVE_TYPES}
    copies = {"SY", "TrS", "SL"}
    for notation, name in codes.NOTATIONS.items():
        if notation not in copies:
            assert name in names or notation == "PB"  # Phiếu báo came with NĐ 30 only.
    assert len(codes.NOTATIONS) == 30
