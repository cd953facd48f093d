"""A recorded document and the same one played again: what of each delivery is as it was.

Pure. Times are not compared but told: how soon a delivery is done is the machine's matter. Waiting
and offered are one state here, since whoever plays takes at once what is announced.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal, NamedTuple

from axis.core.lifecycle import own_words
from axis.core.timetable import MICROSECONDS, from_iso
from schemas.traffic import Row, Share

Verdict = Literal["same", "different", "missing"]

_OPEN: Final = frozenset({"waiting", "offered"})


class Times(NamedTuple):
    """When a delivery came about: ``sent`` in the run's time, ``accepted`` and ``done`` by the
    axis's own clock; ``took_s`` lies between those two. Empty and None where it was not.
    """

    sent: str = ""
    accepted: str = ""
    done: str = ""
    took_s: float | None = None


class Compared(NamedTuple):
    """One delivery: ``differences`` are sentences, none where it is the same."""

    recipient: str
    verdict: Verdict
    differences: tuple[str, ...]
    recorded: Times
    played: Times


def compared(
    recorded: Row, played: Row | None, why_not: str, *, same_bytes: bool
) -> Iterator[Compared]:
    """Every delivery of a recorded document against the one that was played.

    ``played`` is None where the axis did not take the document, for the reason ``why_not``;
    ``same_bytes`` says whether the very package was handed in.
    """
    shares = {} if played is None else {share.recipient: share for share in played.deliveries}
    of_all = _of_document(recorded, played) if played is not None and same_bytes else ()
    for share in recorded.deliveries:
        other = shares.get(share.recipient)
        before = times(recorded, share)
        if played is None or other is None:
            why = why_not or "it is not in the books that were played"
            yield Compared(share.recipient, "missing", (why,), before, Times())
            continue
        found = (*of_all, *_of_delivery(share, other))
        verdict: Verdict = "different" if found else "same"
        yield Compared(share.recipient, verdict, found, before, times(played, other))


def times(row: Row, share: Share) -> Times:
    """When a delivery of a row came about."""
    done = next((one.recorded_at for one in share.happened if one.kind == "done"), "")
    took_s = None
    if done:
        took_s = (from_iso(done) - from_iso(row.recorded_at)) / MICROSECONDS
    return Times(row.occurred_at, row.recorded_at, done, took_s)


def _of_document(recorded: Row, played: Row) -> tuple[str, ...]:
    pairs = (
        ("digest", recorded.sha256, played.sha256),
        ("verdict", recorded.verdict, played.verdict),
    )
    return tuple(_unlike(pairs))


def _of_delivery(recorded: Share, played: Share) -> tuple[str, ...]:
    return tuple(
        _unlike(
            (
                ("state", _state(recorded), _state(played)),
                ("answer", recorded.answer, played.answer),
                ("request", recorded.request, played.request),
                # Whoever plays parks in the recipient's name, also what a lock had parked.
                ("reason", own_words(recorded.reason), own_words(played.reason)),
                ("statuses", _said(recorded), _said(played)),
            )
        )
    )


def _unlike(pairs: Iterable[tuple[str, Any, Any]]) -> Iterator[str]:
    for name, before, now in pairs:
        if before != now:
            yield f"{name}: {before or 'none'}, now {now or 'none'}"


def _state(share: Share) -> str:
    return "open" if share.state in _OPEN else share.state


def _said(share: Share) -> str:
    """The statuses of a delivery in their order, with their reasons."""
    return ", ".join(
        f"{one.code} ({one.reason})" if one.reason else one.code
        for one in share.happened
        if one.kind == "status"
    )
