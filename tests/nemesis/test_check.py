"""Every kind of violation, planted into a history in which all went well, is found."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from schemas.bus import PARKED
from tests.nemesis.check import check
from tests.nemesis.run import Run
from tests.nemesis.story import A, B, C, Story, notice
from tests.nemesis.tape import Heard

#: Changes a run, which is its own, and returns it or another.
Plant = Callable[[Run], Run]


def _answers(run: Run, method: str, path: str, who: str = "") -> list[Heard]:
    return [
        one
        for one in run.heard
        if one.method == method and one.path.startswith(path) and one.who.endswith(who)
    ]


def _changed(run: Run, old: Heard, **values: Any) -> Run:
    return replace(run, heard=[replace(h, **values) if h is old else h for h in run.heard])


def _another_receipt(run: Run) -> Run:
    again = _answers(run, "POST", "/v1/documents")[1]
    return _changed(run, again, text=again.text + " ")


def _two_documents_of_one(run: Run) -> Run:
    again = _answers(run, "POST", "/v1/documents")[1]
    return _changed(run, again, got={**again.got, "doc": "doc_9"})


def _created_twice(run: Run) -> Run:
    again = _answers(run, "POST", "/v1/documents")[1]
    return _changed(run, again, status=201, repeated=False)


def _no_receipt(run: Run) -> Run:
    return replace(run, heard=[one for one in run.heard if one.said != run.sent[0].sha256])


def _not_in_the_books(run: Run) -> Run:
    inboxes = {
        code: tuple(row for row in rows if row["doc"] != "doc_3")
        for code, rows in run.final.inboxes.items()
    }
    views = {doc: view for doc, view in run.final.views.items() if doc != "doc_3"}
    return replace(run, final=replace(run.final, inboxes=inboxes, views=views))


def _never_taken(run: Run) -> Run:
    (page,) = _answers(run, "GET", "/v1/inbox/packages", C)
    return _changed(run, page, got=[])


def _forgotten_by_its_recipient(run: Run) -> Run:
    return replace(run, memories={**run.memories, C: []})


def _taken_twice(run: Run) -> Run:
    return replace(run, memories={**run.memories, C: [*run.memories[C]] * 2})


def _given_to_a_stranger(run: Run) -> Run:
    (page,) = _answers(run, "GET", "/v1/inbox/packages", C)
    return _changed(run, page, who=A)


def _other_bytes(run: Run) -> Run:
    (page,) = _answers(run, "GET", "/v1/inbox/packages", C)
    page.got[0]["got"] = "0" * 64
    return run


def _remembered_otherwise(run: Run) -> Run:
    return replace(run, memories={**run.memories, C: [{**run.memories[C][0], "sha256": "0" * 64}]})


def _passed_over(run: Run) -> Run:
    (page,) = _answers(run, "GET", "/v1/inbox/packages", B)
    first = replace(page, got=page.got[1:], ended=page.ended - 0.01)
    return replace(run, heard=sorted([*run.heard, first], key=lambda one: one.ended))


def _numbers_with_a_gap(run: Run) -> Run:
    *first, last = run.final.inboxes[B]
    inboxes = {**run.final.inboxes, B: (*first, {**last, "no": 4})}
    return replace(run, final=replace(run.final, inboxes=inboxes))


def _offered_when_done(run: Run) -> Run:
    (page,) = _answers(run, "GET", "/v1/inbox/packages", B)
    late = replace(page, began=run.healed_s, ended=run.healed_s + 1)
    return replace(run, heard=[*run.heard, late])


def _status_never_read(run: Run) -> Run:
    (page,) = _answers(run, "GET", "/v1/statuses")
    last = page.got["statuses"][-2]["seq"]
    return _changed(run, page, got={"statuses": page.got["statuses"][:-1], "next": last})


def _hole_in_the_stream(run: Run) -> Run:
    (page,) = _answers(run, "GET", "/v1/statuses")
    del page.got["statuses"][1]
    return run


def _status_taken_and_not_written(run: Run) -> Run:
    said = _answers(run, "POST", "/v1/statuses", C)[0]
    said.got["results"][0]["seq"] = 999
    return run


def _status_repeated_and_never_written(run: Run) -> Run:
    again = _answers(run, "POST", "/v1/statuses", C)[-1]
    again.said["statuses"][0]["code"] = "04"
    return run


def _status_refused(run: Run) -> Run:
    said = _answers(run, "POST", "/v1/statuses", C)[0]
    said.got["results"][0] = {"status": 409, "problem": {"code": "lifecycle.backwards"}}
    return run


def _answer_before_arrival(run: Run) -> Run:
    history = run.final.views["doc_1"]["history"]
    history[2]["seq"], history[3]["seq"] = history[3]["seq"], history[2]["seq"]
    return run


def _unbalanced(run: Run) -> Run:
    (looked,) = _answers(run, "GET", "/v1/counts")
    return _changed(run, looked, got={"balances": [{"line": "transport", "difference": 1}]})


def _one_too_many(run: Run) -> Run:
    return replace(run, final=replace(run.final, counts={**run.final.counts, "received": 5}))


def _not_proved(run: Run) -> Run:
    return replace(run, final=replace(run.final, audit={"clean": False}))


def _refused_for_nothing(run: Run) -> Run:
    again = _answers(run, "POST", "/v1/documents")[1]
    got = {"code": "edxml.not_xml", "detail": "It is not XML."}
    return _changed(run, again, status=422, got=got, text="")


def _told(run: Run, *changed: dict[str, Any]) -> Run:
    """The topic of C with notices of its one delivery."""
    (row,) = run.final.inboxes[C]
    return replace(run, topics={**run.topics, (C, 0): [notice(row, **one) for one in changed]})


def _strange_notice(run: Run) -> Run:
    return _told(run, {"subject": "doc_9.x"})


def _notice_with_another_digest(run: Run) -> Run:
    return _told(run, {"sha256": "0" * 64})


def _notice_with_another_number(run: Run) -> Run:
    return _told(run, {}, {"no": 2})


def _tombstone_of_the_living(run: Run) -> Run:
    return _told(run, {}, {"type": PARKED})


def _gap_in_a_topic(run: Run) -> Run:
    first, _, last = run.topics[B, 0]
    return replace(run, topics={**run.topics, (B, 0): [first, last]})


def _topic_ends_too_soon(run: Run) -> Run:
    return replace(run, topics={**run.topics, (B, 0): run.topics[B, 0][:2]})


def _fault_of_its_own(run: Run) -> Run:
    again = _answers(run, "POST", "/v1/documents")[1]
    failed = replace(again, status=500, got={"code": "axis.internal"}, text="")
    return replace(run, heard=[*run.heard, failed])


def _ended_by_itself(run: Run) -> Run:
    return replace(run, complaints=["axis-1 ended by itself (exit 1)"])


PLANTS: dict[Plant, str] = {
    _another_receipt: "unstable",
    _two_documents_of_one: "duplicated",
    _created_twice: "duplicated",
    _no_receipt: "unfinished",
    _not_in_the_books: "lost",
    _never_taken: "lost",
    _forgotten_by_its_recipient: "lost",
    _taken_twice: "duplicated",
    _given_to_a_stranger: "phantom",
    _other_bytes: "altered",
    _remembered_otherwise: "altered",
    _passed_over: "reordered",
    _numbers_with_a_gap: "reordered",
    _offered_when_done: "duplicated",
    _status_never_read: "unheard",
    _hole_in_the_stream: "stream",
    _status_taken_and_not_written: "lost",
    _status_repeated_and_never_written: "lost",
    _status_refused: "misjudged",
    _answer_before_arrival: "illegal",
    _unbalanced: "unbalanced",
    _one_too_many: "miscounted",
    _not_proved: "miscounted",
    _refused_for_nothing: "misjudged",
    _strange_notice: "topic",
    _notice_with_another_digest: "topic",
    _notice_with_another_number: "topic",
    _tombstone_of_the_living: "topic",
    _gap_in_a_topic: "topic",
    _topic_ends_too_soon: "topic",
    _fault_of_its_own: "failed",
    _ended_by_itself: "failed",
}


def test_a_run_in_which_all_went_well_has_no_violation() -> None:
    assert check(Story().run()) == []


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__.strip("_"))
def test_what_is_planted_is_found(plant: Plant) -> None:
    found = {violation.kind for violation in check(plant(deepcopy(Story().run())))}
    assert PLANTS[plant] in found


def test_without_relays_a_topic_may_have_gaps() -> None:
    run = replace(_gap_in_a_topic(Story().run()), relayed=False)
    assert check(run) == []
