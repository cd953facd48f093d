"""Shares of the agencies make the whole, and have nothing in common."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.share import Share, chosen, share_of
from schemas.codes import agencies

CODES = [row.code for row in agencies()]
some = st.sets(st.sampled_from(CODES))


@given(of=st.integers(1, 200), but=some)
def test_all_shares_of_a_number_make_the_whole_and_are_disjoint(of: int, but: set[str]) -> None:
    parts = [chosen(CODES, Share(number, of), but=but) for number in range(1, of + 1)]
    every = [code for part in parts for code in part]
    assert sorted(every) == sorted(set(CODES) - but)
    whole = [chosen(CODES, Share(number, of)) for number in range(1, of + 1)]
    sizes = {len(part) for part in whole}
    assert max(sizes) - min(sizes) <= 1


@given(only=some, but=some, of=st.integers(1, 5))
def test_only_some_of_them(only: set[str], but: set[str], of: int) -> None:
    parts = [chosen(CODES, Share(n, of), only=only, but=but) for n in range(1, of + 1)]
    every = [code for part in parts for code in part]
    assert sorted(every) == sorted((only or set(CODES)) - but)


@given(of=st.integers(1, 1000), data=st.data())
def test_a_share_is_read_as_it_is_written(of: int, data: st.DataObject) -> None:
    share = Share(data.draw(st.integers(1, of)), of)
    assert share_of(f"{share}") == share


@pytest.mark.parametrize("text", ["", "1", "0/4", "5/4", "1/0", "-1/4", "a/b", "1/4/2", "1 / 4"])
def test_what_is_no_share_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="the first of four is 1/4"):
        share_of(text)


def test_a_code_that_is_nobodys_is_refused() -> None:
    with pytest.raises(ValueError, match=r"000\.00\.00\.H99"):
        chosen(CODES, but=["000.00.00.H99"])
