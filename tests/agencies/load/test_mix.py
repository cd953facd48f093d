"""Packages without a signature, and reports: as many as asked for, and nothing else is moved."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agencies.drive import package
from agencies.keys import make_agency, make_authority
from agencies.lists import GOVERNMENT_OFFICE
from agencies.load.impossible import Impossible
from agencies.load.plan import Shape, plan
from agencies.traffic import Planned
from schemas.examine import examine


def planned(**shape: float) -> tuple[Planned, ...]:
    return plan(Shape(documents=200, seconds=2, **shape).step(3, 150))  # type: ignore[arg-type]


PLAIN = planned()


@settings(max_examples=20)
@given(st.floats(0, 1))
def test_so_many_are_signed_and_nothing_else_is_moved(signed: float) -> None:
    found = planned(signed=signed)
    assert sum(one.signed for one in found) == len(found) - round((1 - signed) * len(found))
    assert tuple(replace(one, signed=True) for one in found) == PLAIN


@settings(max_examples=20)
@given(st.floats(0, 0.5))
def test_so_many_report_and_the_deliveries_are_as_many_as_before(share: float) -> None:
    found = planned(reports=share)
    moved = [n for n, (a, b) in enumerate(zip(found, PLAIN, strict=True)) if a != b]
    # Who wrote to the Office anyway is a report that moved nothing.
    assert len(moved) <= round(share * len(found))
    told = [one for one in found if one.recipients == (GOVERNMENT_OFFICE,)]
    assert len(told) >= round(share * len(found))
    assert all(one.sender != GOVERNMENT_OFFICE for one in told)
    assert [len(one.recipients) for one in found] == [len(one.recipients) for one in PLAIN]
    assert [one.document_id for one in found] == [one.document_id for one in PLAIN]


def test_where_too_few_write_to_one_recipient_all_of_them_report() -> None:
    for one in planned(reports=1.0):
        single = len(one.recipients) == 1 and one.sender != GOVERNMENT_OFFICE
        assert not single or one.recipients == (GOVERNMENT_OFFICE,)


@pytest.mark.parametrize(("signed", "kind"), [(True, "candidate"), (False, "absent")])
def test_a_package_is_signed_where_it_is_planned_so(*, signed: bool, kind: str) -> None:
    office = make_agency(make_authority("mix"), PLAIN[0].sender, "an office")
    raw = package(replace(PLAIN[0], signed=signed), office.private_key, office.certificate_der)
    assert examine(raw).seal.kind == kind


@pytest.mark.parametrize("signed", [-0.1, 1.5])
def test_a_share_that_is_none_is_refused(signed: float) -> None:
    with pytest.raises(Impossible, match=rf"{signed:.0%} is not .* 75% would do"):
        Shape(signed=signed)
