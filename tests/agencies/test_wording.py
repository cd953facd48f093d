"""The words of simulated documents: within the format's lengths, for every agency and type."""

from __future__ import annotations

from datetime import date

import pytest

from agencies import model, wording
from agencies.dice import Dice
from schemas.codes import AgencyRow, agencies

DAY = date(2020, 1, 15)


def agency(letters: str) -> AgencyRow:
    return next(row for row in agencies() if row.code.endswith(letters))


@pytest.mark.parametrize(
    ("letters", "kind", "expected"),
    [
        ("G22", "Công văn", "VPCP-KSTT"),
        ("G22", "Quyết định", "QĐ-TTg"),
        ("G22", "Thông báo", "TB-VPCP"),
        ("H37", "Báo cáo", "BC-UBND"),
        ("G14", "Tờ trình", "TTr-BTTTT"),
    ],
)
def test_a_notation_has_the_letters_of_type_and_agency(
    letters: str, kind: str, expected: str
) -> None:
    of_kind = {k.name: k.letters for k in model.DOCUMENT_KINDS.value}
    assert wording.notation(agency(letters), kind, of_kind[kind], seed=0) == expected


def test_every_agency_has_letters_of_its_own_but_for_the_provinces() -> None:
    central = [row for row in agencies() if row.level != "provincial"]
    own = {wording.notation(row, "Báo cáo", "BC", seed=0) for row in central}
    assert len(own) == len(central) == 32
    assert "BC-UBND" not in own


@pytest.mark.parametrize("row", agencies(), ids=lambda row: row.code)
def test_words_keep_to_the_lengths_of_the_format(row: AgencyRow) -> None:
    for seed in range(20):
        dice = Dice(seed)
        for kind in model.DOCUMENT_KINDS.value:
            assert 10 < len(wording.subject(kind.name, DAY, dice)) <= 500
            assert len(wording.notation(row, kind.name, kind.letters, seed)) <= 30
        signer = wording.signer(row, dice)
        assert 0 < len(signer.position) <= 100
        assert 0 < len(signer.full_name) <= 50
        assert wording.clerk(row, dice).email.endswith("@example.com")
    assert 0 < len(wording.place(row)) <= 50


def test_subjects_leave_no_gap_to_fill() -> None:
    dice = Dice("subjects")
    for kind in model.DOCUMENT_KINDS.value:
        for _ in range(100):
            assert not set("{}") & set(wording.subject(kind.name, DAY, dice))


@pytest.mark.parametrize(
    ("letters", "place"),
    [("H37", "Lạng Sơn"), ("H29", "Hồ Chí Minh"), ("H24", "Hải Phòng"), ("G22", "Hà Nội")],
)
def test_a_document_is_made_where_its_agency_sits(letters: str, place: str) -> None:
    assert wording.place(agency(letters)) == place


def test_the_deputy_of_a_minister_signs_for_the_minister() -> None:
    signers = {wording.signer(agency("G14"), Dice(seed)).position for seed in range(50)}
    competences = {wording.signer(agency("G14"), Dice(seed)).competence for seed in range(50)}
    assert signers == {"Bộ trưởng", "Thứ trưởng"}
    assert competences == {"", "KT. BỘ TRƯỞNG"}


def test_no_content_commands_a_simulated_agency() -> None:
    assert not wording.content(None).startswith("sim:")
    assert "29/01/2020" in wording.content(date(2020, 1, 29))


def test_reasons_for_refusal_are_sentences_a_clerk_would_write() -> None:
    assert len(set(wording.REFUSAL_REASONS)) == len(wording.REFUSAL_REASONS) >= 6
    assert all(20 < len(reason) <= 500 for reason in wording.REFUSAL_REASONS)
