from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given

from schemas.codes import agencies
from schemas.organ import agency_of, expand, is_organ_id
from tests.schemas.packages import organ_ids

PROVINCE = (
    Path(__file__).resolve().parents[3]
    / "shared/samples/code-tables/tayninh_axis_organizations.csv"
)


@pytest.mark.parametrize(
    ("unit", "agency"),
    [
        ("000.00.00.H37", "000.00.00.H37"),
        ("000.00.13.H53", "000.00.00.H53"),
        ("28.22.H17", "000.00.00.H17"),
        ("01.02.G22", "000.00.00.G22"),
        ("001.00.20.TT2", "000.00.00.TT2"),
    ],
)
def test_a_unit_belongs_to_the_agency_of_its_last_group(unit: str, agency: str) -> None:
    assert agency_of(unit) == agency


@pytest.mark.parametrize(
    "text",
    [
        "",
        "H37",
        "000.00.00.00.H37",
        "000.00.00.h37",
        "000.00.00.H37 ",
        "0000.00.H37",
        "000..H37",
        "000.000.00.H37",
    ],
)
def test_other_shapes_are_no_codes(text: str) -> None:
    assert not is_organ_id(text)
    with pytest.raises(ValueError, match="not an agency code"):
        agency_of(text)


def test_a_code_of_only_digits_names_no_agency() -> None:
    with pytest.raises(ValueError, match="letter"):
        agency_of("000.00.00.001")


def test_a_short_name_expands_and_a_whole_code_stays() -> None:
    assert expand("H37") == "000.00.00.H37"
    assert expand("000.00.13.H37") == "000.00.13.H37"
    with pytest.raises(ValueError, match="H37"):
        expand("Lạng Sơn")


def test_every_agency_of_the_directory_is_its_own_agency() -> None:
    for row in agencies():
        assert agency_of(row.code) == row.code
        assert expand(row.code.rpartition(".")[2]) == row.code


@given(organ_ids)
def test_the_grammar_is_closed(code: str) -> None:
    assert is_organ_id(code)


def test_the_codes_of_a_real_province_are_codes() -> None:
    if not PROVINCE.is_file():
        pytest.skip("the samples are not beside this checkout")
    with PROVINCE.open(encoding="utf-8", newline="") as lines:
        codes = [row["code"] for row in csv.DictReader(lines)]
    odd = [code for code in codes if not is_organ_id(code)]
    assert len(codes) == 455
    assert odd == ["000.1137.H53"]  # A clerk's slip in the source: "11.37" without its dot.
