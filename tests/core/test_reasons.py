"""What is a reason: something that shows."""

from __future__ import annotations

import pytest

from axis.core.errors import Rejected
from axis.core.reasons import required

BLANK = [
    "",
    " ",
    "\t\n",
    "\u00a0",
    "\u200b",
    "\ufeff",
    "\u00ad",
    "\u2028",
    " \u200b\u2060\u3000 ",
    "\x1f",
]


@pytest.mark.parametrize("text", BLANK, ids=ascii)
def test_what_does_not_show_is_no_reason(text: str) -> None:
    with pytest.raises(Rejected, match=r"reason\.missing"):
        required(text)


@pytest.mark.parametrize(
    ("place", "field"), [("why", "why"), ("reason", "reason"), ("query.why", "why")]
)
def test_the_field_that_should_have_held_it_is_named(place: str, field: str) -> None:
    with pytest.raises(Rejected) as caught:
        required(" ", place)
    (fault,) = caught.value.faults
    assert fault.place == place
    assert fault.sentence() == f"This act needs a reason ({field})."
    assert fault.sentence("vi") == f"Thao tác này phải ghi lý do ({field})."


def test_a_reason_stays_as_it_was_given_but_for_spaces_around_it() -> None:
    assert required(" Gửi\u200b nhầm\n") == "Gửi\u200b nhầm"
