"""The contract of replay jobs: what is given back, what a plan finds, and who may drive."""

from __future__ import annotations

from dataclasses import replace

import pytest

from axis.core.commands import ById, UpTo
from axis.core.document import Document, Link, Place, Redelivery
from axis.core.lifecycle import Again, Step, Transport
from axis.core.replay import KEPT_US, VALID_US, Act, Filter, Job, Kind, Outcomes, Stage, Word
from tests.contract.books import (
    DONE,
    NOON,
    PARKED,
    A,
    B,
    C,
    Scribe,
    agency,
    code_of,
    differences,
    document_of,
    items_of,
    numbers,
    one,
    ran,
    said,
)
from tests.contract.conftest import Library
from tests.contract.recipes import Replayed

HOUR = 3_600_000_000


@pytest.fixture
async def done(store: Replayed, scribe: Scribe) -> list[Document]:
    """Three documents of A that B has confirmed, an hour apart."""
    accepted = await store.apply(
        [scribe.accept(f"{n}/UBND", at=NOON + n * HOUR) for n in range(1, 4)]
    )
    moves = [scribe.move(Step.DONE, Place(B, 0, n), at=NOON + (n + 6) * HOUR) for n in range(1, 4)]
    await store.apply(moves)
    return [document_of(outcome) for outcome in accepted]


async def running(store: Replayed, scribe: Scribe, documents: list[Document], **how: Kind) -> Job:
    """A job over B's deliveries of some documents, run and taken."""
    plan = scribe.plan(*((document.seq, B) for document in documents), **how)
    await store.apply([plan])
    job = ran(await one(store, scribe.steer(plan.job.id, Act.RUN)))
    return ran(await one(store, scribe.take(job.id, "one")))


async def gave(store: Replayed, scribe: Scribe, documents: list[Document]) -> Job:
    """The same, with everything handed over."""
    job = await running(store, scribe, documents)
    places = [Place(B, 0, d.recipients[0].no) for d in documents]
    return ran(await one(store, scribe.drive(job, *places)))


# ---- giving back -------------------------------------------------------------------------------


async def test_what_is_given_back_is_in_the_inbox_again_and_is_counted_nowhere(
    store: Replayed, scribe: Scribe, done: list[Document]
):
    before = await store.counts(None, 0, 0), await store.counts(None, 1, 99_999)
    job = await gave(store, scribe, done[1:])
    assert (job.stage, job.cursor) == (Stage.FINISHED, 2)
    rows = await store.inbox(B, {}, 9)
    assert [row.document for row in rows] == done[1:]
    assert [(row.delivery.transport, row.delivery.again) for row in rows] == [
        (Transport.DONE, Again.GIVEN)
    ] * 2
    assert [row.redelivery for row in rows] == [
        Redelivery(job.id, NOON + 1),
        Redelivery(job.id, NOON + 2),
    ]
    assert await numbers(store, B, DONE) == [1, 2, 3]
    assert await numbers(store, B, [0]) == []
    assert before == (await store.counts(None, 0, 0), await store.counts(None, 1, 99_999))
    assert await differences(store) == []
    assert await store.replays.outcomes(job.id) == Outcomes(silent=2)
    assert [row.handed for row in await store.replays.items(job.id, 0, 9)] == [False, False]
    await store.apply([scribe.move(Step.OFFER, Place(B, 0, 2))])
    assert [row.redelivery for row in await store.inbox(B, {}, 9)] == [r.redelivery for r in rows]
    assert [row.handed for row in await store.replays.items(job.id, 0, 9)] == [True, False]


@pytest.mark.parametrize(
    ("step", "kind", "word"), [(Step.DONE, "kept", Word.ANSWERED), (Step.FAIL, "had", Word.HAD)]
)
async def test_the_recipients_word_ends_it_and_changes_nothing_else(
    store: Replayed, scribe: Scribe, done: list[Document], step: Step, kind: str, word: Word
):
    (before,) = await store.deliveries(done[0].seq)
    job = await gave(store, scribe, done[:1])
    await one(store, scribe.move(Step.OFFER, Place(B, 0, 1)))
    assert await store.replays.outcomes(job.id) == Outcomes(handed=1, silent=1)
    (item,) = items_of(await one(store, scribe.move(step, ById(done[0].id, B), reason="trùng")))
    assert (item.changed, item.fault) == (False, None)
    assert item.delivery == before._replace(attempt=2)
    assert await store.inbox(B, {}, 9) == []
    kinds = [event.kind for event in await store.events(done[0].seq)]
    assert kinds == ["accepted", "done", "given", "handed", kind]
    (row,) = await store.replays.items(job.id, 0, 9)
    assert (row.doc_id, row.attempt, row.handed, row.word) == (done[0].id, 2, True, word)
    # Said once more it is what it always was: nothing.
    await one(store, scribe.move(step, ById(done[0].id, B), reason="trùng"))
    assert [event.kind for event in await store.events(done[0].seq)] == kinds
    assert await differences(store) == []


async def test_a_status_is_an_answer_once_the_package_was_handed_out_again(
    store: Replayed, scribe: Scribe, done: list[Document]
):
    targets = [ById(document.id, B) for document in done[:2]]
    await one(store, scribe.say(targets[0], "01"))
    job = await gave(store, scribe, done[:2])
    # A clerk's word may be older than the loss: what is given back must not go with it.
    await store.apply([scribe.say(target, "03") for target in targets])
    assert await store.replays.outcomes(job.id) == Outcomes(silent=2)
    await one(store, scribe.move(Step.OFFER, *targets))
    await store.apply([scribe.say(targets[0], "03"), scribe.say(targets[1], "04")])
    assert await store.replays.outcomes(job.id) == Outcomes(handed=2, answered=2)
    assert await store.inbox(B, {}, 9) == []
    assert await differences(store) == []


async def test_a_word_of_the_sender_is_no_answer(
    store: Replayed, scribe: Scribe, done: list[Document]
):
    job = await gave(store, scribe, done[:1])
    await one(store, scribe.move(Step.OFFER, Place(B, 0, 1)))
    for repeated in (False, True):
        answer = said(await one(store, scribe.say(ById(done[0].id, B), "13", actor=A)))
        assert (answer.repeated, answer.delivery.again) == (repeated, Again.HANDED)
    assert len(await store.inbox(B, {}, 9)) == 1
    assert await store.replays.outcomes(job.id) == Outcomes(handed=1, silent=1)


async def test_a_range_confirms_what_was_handed_out_again_and_nothing_else(
    store: Replayed, scribe: Scribe, done: list[Document]
):
    job = await gave(store, scribe, done)
    await one(store, scribe.move(Step.OFFER, Place(B, 0, 2)))
    items = items_of(await one(store, scribe.move(Step.DONE, UpTo(B, 0, 3))))
    assert [item.delivery.place.no for item in items if item.delivery] == [2]
    assert [row.delivery.place.no for row in await store.inbox(B, {}, 9)] == [1, 3]
    assert await store.replays.outcomes(job.id) == Outcomes(handed=1, answered=1, silent=2)


async def test_what_is_open_parked_or_being_given_back_is_passed_over(
    store: Replayed, scribe: Scribe, done: list[Document]
):
    fresh = document_of(await one(store, scribe.accept("4/UBND")))
    await gave(store, scribe, done[:1])
    job = await running(store, scribe, [done[0], fresh, done[1]])
    await one(store, scribe.drive(job, *(Place(B, 0, n) for n in (1, 4, 2))))
    found = [(row.attempt, row.skipped) for row in await store.replays.items(job.id, 0, 9)]
    assert found == [(0, "delivery.given_back"), (0, "delivery.not_done waiting"), (2, "")]
    assert await store.replays.outcomes(job.id) == Outcomes(silent=1, skipped=2)


async def test_a_lock_withholds_what_was_being_given_back(
    store: Replayed, scribe: Scribe, done: list[Document]
):
    job = await gave(store, scribe, done[:1])
    await one(store, scribe.lock(B))
    assert await store.inbox(B, {}, 9) == []
    assert await store.replays.outcomes(job.id) == Outcomes(withheld=1)
    again = await running(store, scribe, done[1:2])
    await one(store, scribe.drive(again, Place(B, 0, 2)))
    (row,) = await store.replays.items(again.id, 0, 9)
    assert row.skipped == "delivery.locked"
    assert await differences(store) == []


async def test_given_back_twice_each_job_keeps_its_own_outcome(
    store: Replayed, scribe: Scribe, done: list[Document]
):
    first = await gave(store, scribe, done[:1])
    await one(store, scribe.move(Step.FAIL, Place(B, 0, 1), reason="đã có"))
    second = await gave(store, scribe, done[:1])
    (row,) = await store.inbox(B, {}, 9)
    assert row.redelivery == Redelivery(second.id, NOON + 1)
    await one(store, scribe.move(Step.DONE, Place(B, 0, 1)))
    assert await store.replays.outcomes(first.id) == Outcomes(already_had=1)
    assert await store.replays.outcomes(second.id) == Outcomes(handed=1, answered=1)


async def test_what_is_handed_over_and_answered_in_one_group_is_answered(
    store: Replayed, scribe: Scribe, done: list[Document]
):
    job = await running(store, scribe, done[:1])
    await store.apply([scribe.drive(job, Place(B, 0, 1)), scribe.move(Step.DONE, Place(B, 0, 1))])
    assert await store.replays.outcomes(job.id) == Outcomes(handed=1, answered=1)
    assert await store.inbox(B, {}, 9) == []


# ---- putting back ------------------------------------------------------------------------------


async def test_what_is_redriven_waits_again_and_its_fate_is_the_outcome(
    store: Replayed, scribe: Scribe
):
    documents = [document_of(await one(store, scribe.accept(f"{n}/UBND"))) for n in range(3)]
    places = [Place(B, 0, n) for n in (1, 2, 3)]
    await one(store, scribe.move(Step.FAIL, *places, reason="hết chỗ"))
    job = await running(store, scribe, documents, kind=Kind.REDRIVE)
    await one(store, scribe.drive(job, *places))
    assert await numbers(store, B) == [1, 2, 3]
    assert await store.replays.outcomes(job.id) == Outcomes(silent=3)
    await one(store, scribe.move(Step.DONE, places[0]))
    await one(store, scribe.move(Step.FAIL, places[1], reason="hết chỗ"))
    assert await store.replays.outcomes(job.id) == Outcomes(
        handed=1, answered=1, failed=1, silent=1
    )
    await one(store, scribe.lock(B))
    assert await store.replays.outcomes(job.id) == Outcomes(
        handed=1, answered=1, failed=1, withheld=1
    )
    assert await differences(store) == []


async def test_what_stops_by_itself_runs_until_its_last_page_was_judged(
    store: Replayed, scribe: Scribe
):
    document = document_of(await one(store, scribe.accept("1/UBND")))
    await one(store, scribe.move(Step.FAIL, Place(B, 0, 1), reason="hết chỗ"))
    plan = scribe.plan((document.seq, B), kind=Kind.REDRIVE, stop_percent=50)
    await store.apply([plan, scribe.steer(plan.job.id, Act.RUN)])
    job = ran(await one(store, scribe.take(plan.job.id, "one")))
    job = ran(await one(store, scribe.drive(job, Place(B, 0, 1))))
    assert (job.stage, job.cursor) == (Stage.RUNNING, 1)
    # Held and resumed in between it is still to be judged.
    await store.apply([scribe.steer(job.id, act) for act in (Act.PAUSE, Act.RESUME)])
    job = ran(await one(store, scribe.take(job.id, "one")))
    assert ran(await one(store, scribe.drive(job))).stage is Stage.FINISHED


# ---- plans -------------------------------------------------------------------------------------


async def test_a_window_is_about_when_a_delivery_was_done(
    store: Replayed, scribe: Scribe, done: list[Document]
):
    fourth = document_of(await one(store, scribe.accept("4/UBND", at=NOON + 8 * HOUR)))
    other = Place(B, 0, fourth.recipients[0].no + 1)
    await one(store, scribe.accept("5/UBND", at=NOON + 7 * HOUR))
    await one(store, scribe.move(Step.OFFER, other, at=NOON + 8 * HOUR))
    await one(store, scribe.move(Step.DONE, other, at=NOON + 9 * HOUR))
    asked = Filter(recipient=B, since=NOON + 8 * HOUR, until=NOON + 9 * HOUR)
    found = await store.replays.candidates(asked, 9)
    # The second was accepted hours before; the fourth waits, and has only its acceptance.
    assert [(c.delivery.place.no, c.done_at) for c in found] == [(2, NOON + 8 * HOUR), (4, 0)]
    assert found[0].sha256 == done[1].sha256
    assert (found[0].size, found[0].occurred_at) == (done[1].size, NOON + 2 * HOUR)


async def test_every_filter_leaves_the_others_out(
    store: Replayed, scribe: Scribe, done: list[Document]
):
    await store.apply(
        [
            scribe.accept("5/BTC", sender=C, to=[A, B]),
            scribe.accept("1/UBND", kind=2, to=[B, C]),
            scribe.move(Step.FAIL, Place(B, 0, 5), reason="hết chỗ"),
            scribe.say(ById(done[0].id, B), "01"),
        ]
    )

    async def found(asked: Filter, limit: int = 9) -> list[tuple[str, int]]:
        rows = await store.replays.candidates(asked, limit)
        return [(row.delivery.place.recipient, row.delivery.place.no) for row in rows]

    assert await found(Filter(sender=C)) == [(A, 1), (B, 4)]
    assert await found(Filter(sender=A, recipient=C)) == [(C, 1)]
    assert await found(Filter(recipient=B, kind=2)) == [(B, 5)]
    assert await found(Filter(recipient=B, transport=Transport.PARKED)) == [(B, 5)]
    assert await found(Filter(recipient=B, reason="hết chỗ")) == [(B, 5)]
    assert await found(Filter(recipient=B, reason="khác")) == []
    assert await found(Filter(transport=Transport.PARKED, reason="hết chỗ")) == [(B, 5)]
    assert await found(Filter(sender=C, transport=Transport.PARKED, reason="hết chỗ")) == []
    assert await found(Filter(recipient=B, business=1)) == [(B, 1)]
    assert await found(Filter(named=((done[1].id, ""), (done[2].id, C)))) == [(B, 2)]
    assert await found(Filter(recipient=B), 2) == [(B, 1), (B, 2)]


@pytest.mark.parametrize("named", [("", B), (B, ""), (B, B), ("", B, "")])
async def test_what_is_named_twice_is_found_once(
    store: Replayed, scribe: Scribe, done: list[Document], named: tuple[str, ...]
):
    asked = Filter(named=tuple((done[0].id, recipient) for recipient in named))
    assert [one.delivery.doc for one in await store.replays.candidates(asked, 9)] == [done[0].seq]


async def test_a_plan_sees_what_was_recalled_or_replaced_for_its_recipient(
    store: Replayed, scribe: Scribe, done: list[Document]
):
    await store.apply(
        [
            scribe.accept("9/UBND", kind=1, links=[Link("recalls", A, "1/UBND")]),
            scribe.accept("8/UBND", kind=3, links=[Link("replaces", A, "2/UBND")]),
            # Of no weight: sent to somebody else, said by somebody else.
            scribe.accept("7/UBND", kind=1, to=[C], links=[Link("recalls", A, "3/UBND")]),
            scribe.accept("6/BTC", sender=C, kind=1, links=[Link("recalls", A, "3/UBND")]),
        ]
    )
    found = await store.replays.candidates(Filter(named=tuple((d.id, "") for d in done)), 9)
    assert [(c.recalled, c.replaced) for c in found] == [
        (True, False),
        (False, True),
        (False, False),
    ]


@pytest.mark.parametrize(
    ("kind", "relation", "expected"),
    [
        (3, "replaces", [(False, True), (False, True), (False, False)]),
        (1, "recalls", [(True, False), (True, False), (False, False)]),
    ],
)
async def test_of_packages_with_one_id_only_a_later_one_counts(
    store: Replayed, scribe: Scribe, kind: int, relation: str, expected: list[tuple[bool, bool]]
):
    said = [Link(relation, A, "1/UBND")]
    sent = [scribe.accept("1/UBND")]
    sent += [scribe.accept("1/UBND", kind=kind, body=body, links=said) for body in (b"B", b"C")]
    documents = [document_of(outcome) for outcome in await store.apply(sent)]
    named = Filter(named=tuple((document.id, "") for document in documents))
    found = await store.replays.candidates(named, 9)
    assert [(c.recalled, c.replaced) for c in found] == expected


# ---- jobs --------------------------------------------------------------------------------------


async def test_a_job_is_found_by_whose_it_is(store: Replayed, scribe: Scribe, done: list[Document]):
    plans = [scribe.plan((done[0].seq, B), agency=whose) for whose in ("", B, "")]
    await store.apply(plans)
    assert [job.id for job in await store.replays.jobs("", 9)] == [
        plans[2].job.id,
        plans[0].job.id,
    ]
    assert await store.replays.jobs(B, 9) == [plans[1].job]
    assert [job.id for job in await store.replays.jobs(None, 2)] == [
        plans[2].job.id,
        plans[1].job.id,
    ]
    assert await store.replays.jobs("", 1) == [plans[2].job]
    assert await store.replays.job(plans[1].job.id) == plans[1].job
    assert await store.replays.job("rpl_0") is None
    assert await store.replays.running() == []
    assert [audit.act for audit in await store.audit_log(9)] == ["plan"] * 3


async def test_the_newest_plan_comes_first_whatever_its_id(
    store: Replayed, scribe: Scribe, done: list[Document]
):
    newer, other = (scribe.plan((done[0].seq, B)) for _ in range(2))
    older = replace(other, job=replace(other.job, planned_at=other.job.planned_at - 1))
    await store.apply([newer, older])
    for whose in ("", None):
        found = await store.replays.jobs(whose, 9)
        assert [job.id for job in found] == [newer.job.id, older.job.id]


async def test_another_agencys_job_is_not_there(
    store: Replayed, scribe: Scribe, done: list[Document]
):
    plan = scribe.plan((done[0].seq, B), agency=B)
    await one(store, plan)
    outcome = await one(store, scribe.steer(plan.job.id, Act.RUN, C))
    assert code_of(outcome) == "replay.not_found"
    assert ran(await one(store, scribe.steer(plan.job.id, Act.RUN, B))).stage is Stage.RUNNING
    # An operator can hold it.
    assert ran(await one(store, scribe.steer(plan.job.id, Act.ABORT))).stage is Stage.ABORTED


async def test_a_plan_runs_for_an_hour_and_is_forgotten_a_day_later(
    store: Replayed, scribe: Scribe, done: list[Document]
):
    old = scribe.plan((done[0].seq, B), planned_at=NOON - VALID_US)
    await one(store, old)
    for act in (Act.RUN, Act.PAUSE, Act.RESUME):
        assert code_of(await one(store, scribe.steer(old.job.id, act))) == "replay.expired"
    await one(store, scribe.plan(planned_at=NOON + KEPT_US))
    assert await store.replays.items(old.job.id, 0, 9) != []
    await one(store, scribe.plan(planned_at=NOON + KEPT_US + 1))
    assert await store.replays.items(old.job.id, 0, 9) == []
    assert await store.replays.job(old.job.id) is None


async def test_what_a_job_refuses_stays_on_record(
    store: Replayed, scribe: Scribe, done: list[Document]
):
    plan = scribe.plan((done[0].seq, B))
    late = scribe.steer(plan.job.id, Act.RUN)
    late = replace(late, audit=replace(late.audit, now=plan.job.expires_at))
    refused = [scribe.steer(plan.job.id, Act.PAUSE), late]
    await store.apply([plan, *refused, scribe.steer(plan.job.id, Act.ABORT)])
    told = [(audit.act, audit.target, audit.why) for audit in await store.audit_log(9)]
    assert told[1:3] == [(f"{o.audit.act} refused", o.job, o.audit.why) for o in refused[::-1]]
    assert [act for act, _, _ in told if "refused" not in act] == ["abort", "plan"]


async def test_a_job_that_was_run_is_never_forgotten(
    store: Replayed, scribe: Scribe, done: list[Document]
):
    job = await gave(store, scribe, done)
    items = await store.replays.items(job.id, 0, 9)
    await one(store, scribe.plan(planned_at=NOON + 9 * KEPT_US))
    assert await store.replays.job(job.id) == job
    assert await store.replays.items(job.id, 0, 9) == items


async def test_nothing_is_handed_over_by_who_has_lost_the_lease(
    store: Replayed, scribe: Scribe, done: list[Document]
):
    job = await running(store, scribe, done)
    assert code_of(await one(store, scribe.take(job.id, "two", NOON + 9))) == "replay.stage"
    # It has run out, and another takes it: what the first has in hand is void.
    other = ran(await one(store, scribe.take(job.id, "two", NOON + 10)))
    assert other.epoch > job.epoch
    assert code_of(await one(store, scribe.drive(job, Place(B, 0, 1)))) == "replay.lost"
    assert await store.inbox(B, {}, 9) == []
    await one(store, scribe.drive(other, Place(B, 0, 1)))
    # Nor does one page go out twice.
    assert code_of(await one(store, scribe.drive(other, Place(B, 0, 1)))) == "replay.lost"
    assert await numbers(store, B) == [1]


async def test_a_paused_job_hands_nothing_over_until_it_is_resumed(
    store: Replayed, scribe: Scribe, done: list[Document]
):
    job = await running(store, scribe, done)
    assert [j.id for j in await store.replays.running()] == [job.id]
    await one(store, scribe.steer(job.id, Act.PAUSE))
    assert await store.replays.running() == []
    assert code_of(await one(store, scribe.drive(job, Place(B, 0, 1)))) == "replay.lost"
    assert code_of(await one(store, scribe.take(job.id, "one"))) == "replay.stage"
    assert ran(await one(store, scribe.steer(job.id, Act.RESUME))).stage is Stage.RUNNING
    # Nor does who drove it before, and has not heard of the pause.
    assert code_of(await one(store, scribe.drive(job, Place(B, 0, 1)))) == "replay.lost"
    taken = ran(await one(store, scribe.take(job.id, "one")))
    skipped = [(2, "package.damaged")]
    await one(store, scribe.drive(taken, Place(B, 0, 1), skipped=skipped))
    aborted = ran(await one(store, scribe.steer(job.id, Act.ABORT)))
    assert (aborted.stage, aborted.cursor) == (Stage.ABORTED, 2)
    assert code_of(await one(store, scribe.steer(job.id, Act.RESUME))) == "replay.stage"
    assert [row.skipped for row in await store.replays.items(job.id, 1, 1)] == ["package.damaged"]


async def test_a_page_shows_items_as_they_stand_now(
    store: Replayed, scribe: Scribe, done: list[Document]
):
    job = await running(store, scribe, done)
    await one(store, scribe.say(ById(done[1].id, B), "02", reason="nhầm"))
    page = await store.replays.page(job.id, 1, 9)
    assert [(no, c.delivery.doc) for no, c in page] == [(2, done[1].seq), (3, done[2].seq)]
    assert page[0][1].delivery.business == 2
    assert [no for no, _ in await store.replays.page(job.id, 0, 1)] == [1]


async def test_a_page_has_no_other_recipient_of_a_document(store: Replayed, scribe: Scribe):
    document = document_of(await one(store, scribe.accept(to=(C, B))))
    await store.apply([scribe.say(ById(document.id, code), "01") for code in (B, C)])
    job = await running(store, scribe, [document])
    page = await store.replays.page(job.id, 0, 9)
    assert [(no, c.delivery.place) for no, c in page] == [(1, Place(B, 0, 1))]


async def test_everything_outlives_the_store(
    library: Library, store: Replayed, scribe: Scribe, done: list[Document]
):
    job = await running(store, scribe, done)
    job = ran(await one(store, scribe.drive(job, Place(B, 0, 1))))
    await one(store, scribe.move(Step.OFFER, Place(B, 0, 1)))
    rows = await store.inbox(B, {}, 9)
    assert [row.redelivery for row in rows] == [Redelivery(job.id, NOON + 1)]
    store = await library.reopen()
    assert await store.replays.job(job.id) == job
    assert await store.inbox(B, {}, 9) == rows
    await store.enrol([agency(C)], [], [])
    await one(store, scribe.move(Step.DONE, Place(B, 0, 1)))
    assert await store.replays.outcomes(job.id) == Outcomes(handed=1, answered=1)
    assert await numbers(store, B, PARKED) == []
