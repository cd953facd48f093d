"""The seeded draws: the same everywhere, within bounds, without repeats."""

from __future__ import annotations

from itertools import accumulate

from agencies.dice import Dice


def test_equal_labels_give_the_equal_stream_and_others_another() -> None:
    assert Dice(1, "a").words(9) == Dice(1, "a").words(9)
    assert Dice(1, "a").words(9) != Dice(1, "b").words(9)


def test_the_stream_is_pinned_so_that_old_plans_come_out_again() -> None:
    dice = Dice(1, "2020-01-15", "senders")
    assert dice.words(2) == PINNED_WORDS
    assert [dice.below(1000) for _ in range(5)] == PINNED_DRAWS


PINNED_WORDS = (10578129213584647708, 17488856892626689070)
PINNED_DRAWS = [862, 51, 369, 817, 657]


def test_fewer_words_are_the_beginning_of_more() -> None:
    assert Dice(7).words(1000)[:10] == Dice(7).words(10)


def test_draws_keep_below_their_bound_and_reach_every_value() -> None:
    dice = Dice("below")
    drawn = {dice.below(7) for _ in range(1000)}
    assert drawn == set(range(7))


def test_weights_of_zero_are_never_drawn() -> None:
    weights = tuple(accumulate((0, 3, 0, 1, 0)))
    drawn = Dice("weights").picks(weights, 4000)
    assert set(drawn) == {1, 3}
    # Three in four, five standard deviations of a binomial of 4,000 around it.
    assert abs(drawn.count(1) - 3000) < 5 * (4000 * 0.75 * 0.25) ** 0.5


def test_a_sample_has_different_items_in_any_order() -> None:
    dice = Dice("sample")
    assert sorted(dice.sample("abcdef", 6)) == list("abcdef")
    assert len(set(dice.sample(range(100), 20))) == 20
    firsts = {dice.sample("abc", 1)[0] for _ in range(200)}
    assert firsts == set("abc")
