"""What shows of a text, and what does not."""

from __future__ import annotations

import pytest

from schemas.shown import shown
from tests.core.test_reasons import BLANK


@pytest.mark.parametrize("text", BLANK, ids=ascii)
def test_nothing_shows(text: str) -> None:
    assert shown(text) == ""


def test_what_shows_stays_as_it_was_given_but_for_spaces_around_it() -> None:
    assert shown(" Gửi\u200b nhầm\n") == "Gửi\u200b nhầm"
    assert shown("\u200bx") == "\u200bx"
