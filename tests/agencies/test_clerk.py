"""What a recipient says, and when: a pure function of document and seed."""

from __future__ import annotations

from statistics import median

from agencies.clerk import Clerk, delay_us
from agencies.dice import Dice
from agencies.pace import Pace
from agencies.script import Script, Step

MINUTE_US = 60_000_000
DAY_US = 1440 * MINUTE_US
PACE = Pace(lambda: 0.0, 0, 0.0, 60.0, DAY_US, played=True)
DOCUMENT = ("000.00.00.G22", "000.00.00.G22,2020/01/15,7/VPCP-PL")


def clerk(closes_us: int = DAY_US, longest_us: int = DAY_US) -> Clerk:
    return Clerk("000.00.00.H37", 1, PACE, closes_us, longest_us)


def test_01_is_said_at_once_and_03_later_always_at_the_same_time() -> None:
    words = clerk().words("d", DOCUMENT, MINUTE_US, Script(), "")
    assert [(w.code, w.reason) for w in words] == [("01", ""), ("03", "")]
    assert words[0].due_us == MINUTE_US < words[1].due_us
    assert words[1].staff
    assert words == clerk().words("d", DOCUMENT, MINUTE_US, Script(), "")


def test_a_refusal_of_the_plan_is_said_when_the_clerk_has_looked() -> None:
    usual = clerk().words("d", DOCUMENT, 0, Script(), "")
    refused = clerk().words("d", DOCUMENT, 0, Script(), "Thiếu phụ lục")
    assert [(w.code, w.reason) for w in refused] == [("01", ""), ("02", "Thiếu phụ lục")]
    assert [w.due_us for w in refused] == [w.due_us for w in usual]


def test_delays_are_log_normal_with_a_median_of_25_minutes() -> None:
    delays = sorted(delay_us(Dice("test", n)) / MINUTE_US for n in range(4000))
    assert 23 < median(delays) < 27
    # exp(1.1 x 1.2816) = 4.1 and exp(1.1 x 2.3263) = 12.9 medians.
    assert 0.85 < delays[3600] / (25 * 4.1) < 1.15
    assert 0.75 < delays[3960] / (25 * 12.9) < 1.25


def test_nothing_lies_on_a_desk_when_the_office_has_closed() -> None:
    for n in range(200):
        document = ("s", f"{n}")
        early, late = 10 * MINUTE_US, 90 * MINUTE_US
        words = clerk(closes_us=60 * MINUTE_US).words("d", document, early, Script(), "")
        assert words[1].due_us <= 60 * MINUTE_US
        words = clerk(closes_us=60 * MINUTE_US).words("d", document, late, Script(), "")
        assert words[1].due_us == late


def test_nothing_lies_on_a_desk_for_longer_than_is_allowed() -> None:
    waits = [
        clerk(longest_us=MINUTE_US).words("d", ("s", f"{n}"), 0, Script(), "")[1].due_us
        for n in range(200)
    ]
    assert max(waits) == MINUTE_US
    assert min(waits) > 0


def test_a_script_is_said_step_after_step_in_real_time() -> None:
    script = Script("steps", steps=(Step("01", 1.0), Step("02", 0.0, "sai"), Step("06", 2.0)))
    words = clerk().words("d", DOCUMENT, 0, script, "")
    assert [(w.code, w.due_us, w.reason) for w in words] == [
        ("01", MINUTE_US, ""),
        ("02", MINUTE_US, "sai"),
        ("06", 3 * MINUTE_US, ""),
    ]
    assert words == sorted(words)


def test_steps_of_one_moment_are_said_in_the_order_of_the_line() -> None:
    script = Script("steps", steps=(Step("04"), Step("03"), Step("01")))
    words = clerk().words("d", DOCUMENT, 0, script, "")
    # A voice says the least first.
    assert [word.code for word in sorted(words)] == ["04", "03", "01"]


def test_whoever_is_to_be_silent_or_failed_says_nothing() -> None:
    assert clerk().words("d", DOCUMENT, 0, Script("silent"), "") == []
    assert clerk().words("d", DOCUMENT, 0, Script("fail", reason="x"), "") == []
