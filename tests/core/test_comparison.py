"""A delivery against its record: same, different with what is so, or missing with why."""

from __future__ import annotations

from typing import Any

import pytest

from axis.core.comparison import Compared, Times, compared
from schemas.traffic import Row
from tests.traffic_rows import DONE, G22, H26, SENT, happening, row, share


def one(played: Row | None, recorded: Row | None = None, **more: Any) -> Compared:
    (found,) = compared(recorded or row(), played, more.pop("why", ""), same_bytes=True, **more)
    return found


def test_what_is_as_it_was_is_the_same_and_both_times_are_told():
    later = "2026-11-26T08:00:00+07:00"
    again = share()
    again["happened"][1] = happening("done", recorded_at="2026-11-26T08:00:02.500000+07:00")
    played = row(7, doc=f"doc_{8:026}", sha256=row().sha256, recorded_at=later, deliveries=[again])
    assert one(played) == Compared(
        G22,
        "same",
        (),
        Times(SENT, SENT, DONE, 60.0),
        Times(SENT, later, "2026-11-26T08:00:02.500000+07:00", 2.5),
    )


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"answer": "arrived"}, "answer: accepted, now arrived"),
        ({"request": "open"}, "request: none, now open"),
        ({"reason": "đĩa đầy"}, "reason: none, now đĩa đầy"),
        ({"state": "parked"}, "state: done, now parked"),
        ({"happened": [happening("status", code="01")]}, "statuses: 01, 03, now 01"),
        (
            {"happened": [happening("status", code="02", reason="nhầm")]},
            "statuses: 01, 03, now 02 (nhầm)",
        ),
    ],
)
def test_what_is_otherwise_is_different_and_says_how(change: dict[str, Any], difference: str):
    found = one(row(deliveries=[share(**change)]))
    assert (found.verdict, found.differences) == ("different", (difference,))


def test_what_a_lock_had_parked_is_parked_by_its_recipient_when_it_is_played():
    parked: dict[str, Any] = {
        "state": "parked",
        "answer": "none",
        "happened": [happening("parked")],
    }
    recorded = row(deliveries=[share(reason="locked", **parked)])
    assert one(row(deliveries=[share(reason="'locked'", **parked)]), recorded).verdict == "same"
    other = one(row(deliveries=[share(reason="đĩa đầy", **parked)]), recorded)
    assert other.differences == ("reason: 'locked', now đĩa đầy",)


def test_other_bytes_are_a_difference_where_the_very_package_went_in():
    other = row(sha256="f" * 64, verdict="untrusted")
    found = one(other)
    assert [text.partition(":")[0] for text in found.differences] == ["digest", "verdict"]
    (found,) = compared(row(), other, "", same_bytes=False)
    assert found.verdict == "same"


def test_what_was_refused_or_is_not_there_is_missing():
    found = one(None, why="document.conflict: other bytes")
    assert (found.verdict, found.differences) == ("missing", ("document.conflict: other bytes",))
    assert found.played == Times()
    recorded = row(deliveries=[share(), share(H26)])
    verdicts = [c.verdict for c in compared(recorded, row(), "", same_bytes=True)]
    assert verdicts == ["same", "missing"]


def test_waiting_and_offered_are_one_state_and_have_no_time_of_done():
    waiting = row(deliveries=[share(state="waiting", answer="none", happened=[])])
    offered = share(state="offered", answer="none", happened=[happening("offered")])
    found = one(row(deliveries=[offered]), waiting)
    assert (found.verdict, found.played) == ("same", Times(SENT, SENT, "", None))
