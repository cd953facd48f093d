"""``axis pack``: packages of all four kinds, as asked for."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from axis.adapters.system_clock import SystemClock
from axis.cli.checking import signature_of
from schemas.edxml import RECALL, REPLACEMENT, UPDATE, DocumentPackage
from schemas.edxml_read import read
from schemas.edxml_rules import strict
from tests.cli.conftest import Axis


def _package(path: str = "a.edxml") -> DocumentPackage:
    reading = read(Path(path).read_bytes(), files=True)
    assert reading.ok, reading.problems
    assert reading.root is not None
    assert not strict(reading.root)
    assert isinstance(reading.package, DocumentPackage)
    return reading.package


def _pack(axis: Axis, *more: object, out: str = "a.edxml") -> DocumentPackage:
    result = axis("pack", "--to", "G22", "--subject", "V/v thử", "-o", out, *more)
    assert result.exit_code == 0, result.output
    return _package(out)


def test_short_codes_are_spelled_out_and_the_package_is_signed(axis: Axis, keys: Path) -> None:
    Path("phu-luc.txt").write_text("Phụ lục", "utf-8")
    package = _pack(axis, "--as", "H37", "--to", "G09", "--attach", "phu-luc.txt", "--urgency", 2)
    assert package.sender.organ_id == "000.00.00.H37"
    assert [r.organ_id for r in package.recipients] == ["000.00.00.G22", "000.00.00.G09"]
    assert package.other.priority == 2
    assert [(a.name, a.data.decode()) for a in package.attachments] == [("phu-luc.txt", "Phụ lục")]
    root = read(Path("a.edxml").read_bytes()).root
    assert root is not None
    assert signature_of(root).word == "whole"


@pytest.mark.parametrize(
    ("chair", "remedy"),
    [("G01", "axis init completes the world,"), ("X99", "axis agencies certify 000.00.00.X99")],
)
def test_whoever_lacks_a_key_learns_what_makes_one(
    axis: Axis, keys: Path, chair: str, remedy: str
) -> None:
    result = axis("pack", "--as", chair, "--to", "G22", "--subject", "x", "-o", "a.edxml")
    assert result.exit_code == 2
    assert remedy in result.stderr
    assert "--unsigned does without" in result.stderr


@pytest.mark.parametrize(
    ("chair", "remedy"),
    [
        ("G01", "axis init completes the world"),
        ("operator", "axis init completes the world"),
        ("X99", "axis register, then axis secret 000.00.00.X99 --save give it one"),
    ],
)
def test_whoever_lacks_a_secret_learns_what_gives_one(
    axis: Axis, var: Path, chair: str, remedy: str
) -> None:
    result = axis("token", chair, "--url", "http://127.0.0.1:9")
    assert result.exit_code == 2
    assert remedy in result.stderr


def test_number_notation_and_day_make_the_document_id(axis: Axis, keys: Path) -> None:
    package = _pack(axis, "--number", "118", "--notation", "UBND-KSTT", "--date", "2020-01-15")
    assert package.document_id == "000.00.00.H37,2020/01/15,118/UBND-KSTT"
    assert package.promulgated == date(2020, 1, 15)
    early = _pack(axis, "--number", "1", "--notation", "X", "--date", "0801-01-02", out="b.edxml")
    assert early.document_id == "000.00.00.H37,0801/01/02,1/X"


def test_two_packages_in_a_row_are_two_documents(axis: Axis, keys: Path) -> None:
    assert _pack(axis).document_id != _pack(axis, out="b.edxml").document_id


def test_packages_of_one_instant_are_as_many_documents(
    axis: Axis, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SystemClock, "now", lambda _: 1_579_060_800_000_000)
    names = {_pack(axis, "--unsigned").document_id for _ in range(20)}
    assert len(names) == 20


def test_a_unit_packs_with_the_key_of_its_agency(axis: Axis, keys: Path) -> None:
    assert _pack(axis, "--as", "000.00.13.H37").sender.organ_id == "000.00.13.H37"


def test_a_recall_names_each_document_and_unit(axis: Axis, keys: Path) -> None:
    first = _pack(axis)
    by_id = "000.00.00.H37,2020/01/15,118/UBND-KSTT"
    package = _pack(axis, "--to", "G09", "--recalls", "a.edxml", "--recalls", by_id, out="b.edxml")
    assert package.business.doc_type == RECALL
    assert [(r.organ_id[-3:], r.document_id) for r in package.response_for] == [
        ("G22", first.document_id),
        ("G09", first.document_id),
        ("G22", by_id),
        ("G09", by_id),
    ]
    assert package.response_for[2].code == "118/UBND-KSTT"


def test_an_update_is_the_same_document_again(axis: Axis, keys: Path) -> None:
    first = _pack(axis)
    package = _pack(axis, "--doc-type", 2, "--updates", "a.edxml", out="b.edxml")
    assert package.business.doc_type == UPDATE
    assert package.document_id == package.business.document_id == first.document_id
    assert package.business.info_changed is True


def test_a_replacement_is_a_new_document_for_old_ones(axis: Axis, keys: Path) -> None:
    first = _pack(axis)
    package = _pack(axis, "--replaces", "a.edxml", "--reason", "Sai số liệu", out="b.edxml")
    assert package.business.doc_type == REPLACEMENT
    assert package.business.reason == "Sai số liệu"
    assert package.document_id != first.document_id
    (replaced,) = package.business.replaced
    assert (replaced.document_id, replaced.organ_ids) == (first.document_id, ("000.00.00.G22",))


def test_without_a_name_the_file_is_called_by_the_code(axis: Axis, keys: Path) -> None:
    result = axis("pack", "--to", "G22", "--subject", "a", "--number", "7", "--notation", "BC-UBND")
    assert result.exit_code == 0
    assert Path("7-BC-UBND.edxml").is_file()


@pytest.mark.parametrize(
    "wrong",
    [
        ("--doc-type", "1"),
        ("--doc-type", "0", "--updates", "000.00.00.H37,2020/01/15,118/UBND"),
        ("--recalls", "no such thing"),
        ("--recalls", "000.00.00.H37,2020/13/15,118/UBND"),
        ("--as", "h37"),
        ("--as", "X99"),
        ("--urgency", "5"),
        ("--attach", "missing.pdf"),
        ("--content", "a\x01b"),
    ],
)
def test_what_cannot_be_packed_is_a_usage_error(
    axis: Axis, keys: Path, wrong: tuple[str, ...]
) -> None:
    result = axis("pack", "--to", "G22", "--subject", "a", "-o", "a.edxml", *wrong)
    assert result.exit_code == 2, result.output
    assert not Path("a.edxml").exists()


@pytest.mark.parametrize(
    ("line", "told"),
    [("sim: 01 afer 1s", True), ("sim: 01 after 1s", False), ("Kính gửi quý cơ quan", False)],
)
def test_a_line_that_no_simulated_agency_understands_is_packed_and_said(
    axis: Axis, keys: Path, line: str, told: bool
) -> None:
    result = axis("pack", "--to", "G22", "--subject", "a", "--content", line, "-o", "a.edxml")
    assert result.exit_code == 0
    assert (line in result.stderr) is told
    assert line not in result.stdout
    assert _package().content == line


def test_a_file_without_end_is_read_no_further_than_a_package_goes(axis: Axis, keys: Path) -> None:
    Path("a.txt").write_text("a")
    zero, limit = "/dev/zero", "more than a package may have (52,428,800 bytes)"
    pack = ("pack", "--to", "G22", "--subject", "a", "-o", "a.edxml", "--attach")
    for words in ((*pack, zero), (*pack, "a.txt", "--attach", zero), ("send", zero)):
        result = axis(*words)
        assert (result.exit_code, result.stderr) == (1, f"{zero}: {limit}\n"), result.output
        assert not Path("a.edxml").exists()
    result = axis("check", zero)
    assert (result.exit_code, result.stdout) == (2, f"{zero}: cannot be read: {limit}\n")
    result = axis(*pack, ".")
    assert (result.exit_code, "is a directory" in result.stderr) == (2, True)


def test_a_chair_without_a_key_is_told_how_to_get_one(axis: Axis, var: Path) -> None:
    result = axis("pack", "--to", "G22", "--subject", "a", "-o", "a.edxml")
    assert result.exit_code == 2
    assert "axis init" in result.stderr


def test_a_package_that_breaks_a_rule_is_not_written(axis: Axis, keys: Path) -> None:
    result = axis("pack", "--to", "G22", "--to", "G22", "--subject", "a", "-o", "a.edxml")
    assert result.exit_code == 1
    assert "recipient.twice  at edXMLHeader/MessageHeader/To[2]/OrganId" in result.stderr
    assert not Path("a.edxml").exists()
