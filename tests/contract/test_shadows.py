"""The contract of shadows: who may play one, what is told of it, and what it leaves alone."""

from __future__ import annotations

import pytest

from axis.core.document import Document
from axis.core.replay import Act, ItemRow, Job, Kind, Outcomes, Stage, Word
from tests.contract.books import NOON, B, Scribe, code_of, document_of, one, ran
from tests.contract.conftest import Library
from tests.contract.recipes import Replayed

WORDS = (Word.SAME, Word.DIFFERENT, Word.MISSING)


@pytest.fixture
async def sent(store: Replayed, scribe: Scribe) -> list[Document]:
    """Three documents of A that wait for B."""
    accepted = await store.apply([scribe.accept(f"{n}/UBND") for n in range(1, 4)])
    return [document_of(outcome) for outcome in accepted]


@pytest.fixture
async def job(store: Replayed, scribe: Scribe, sent: list[Document]) -> Job:
    """A shadow of all of them, run and taken."""
    plan = scribe.plan(*((document.seq, B) for document in sent), kind=Kind.SHADOW)
    await store.apply([plan, scribe.steer(plan.job.id, Act.RUN)])
    return ran(await one(store, scribe.take(plan.job.id, "one")))


async def test_a_shadow_is_told_by_its_player_and_touches_nothing(
    library: Library, store: Replayed, scribe: Scribe, job: Job, sent: list[Document]
):
    before = [item async for item in store.history()]
    job = ran(await one(store, scribe.report(job, (2, Word.DIFFERENT), played=2)))
    assert (job.stage, job.cursor) == (Stage.RUNNING, 2)
    await one(store, scribe.report(job, (1, Word.SAME), (3, Word.MISSING), played=3))
    # All of it was played, and yet it is its player who says that it is done.
    assert await store.replays.running() == [await store.replays.job(job.id)]
    ended = ran(await one(store, scribe.report(job, played=3, ending={"books": {"after": "x"}})))
    assert (ended.stage, ended.owner, ended.told["books"]) == (Stage.FINISHED, "", {"after": "x"})
    store = await library.reopen()
    assert await store.replays.job(job.id) == ended
    assert await store.replays.items(job.id, 0, 9) == [
        ItemRow(no, doc.id, B, NOON + no, 0, False, word, "", {"differences": [word]})
        for no, doc, word in zip((1, 2, 3), sent, WORDS, strict=True)
    ]
    assert await store.replays.outcomes(job.id) == Outcomes(same=1, different=1, missing=1)
    assert [item async for item in store.history()] == before


async def test_a_verdict_said_again_is_the_one_that_counts(
    store: Replayed, scribe: Scribe, job: Job
):
    await store.apply(
        [scribe.report(job, (1, Word.MISSING)), scribe.report(job, (1, Word.DIFFERENT))]
    )
    assert await store.replays.outcomes(job.id) == Outcomes(different=1)
    await one(store, scribe.report(job, (1, Word.SAME)))
    assert await store.replays.outcomes(job.id) == Outcomes(same=1)


async def test_one_player_has_a_shadow_at_a_time(store: Replayed, scribe: Scribe, job: Job):
    assert code_of(await one(store, scribe.take(job.id, "two", NOON + 9))) == "replay.taken"
    # The same one after a kill: what it said before is void.
    again = ran(await one(store, scribe.take(job.id, "one")))
    assert code_of(await one(store, scribe.report(job, (1, Word.SAME)))) == "replay.lost"
    # Each report renews the lease.
    renewed = ran(await one(store, scribe.report(again)))
    assert code_of(await one(store, scribe.take(job.id, "two", renewed.lease_until - 1))) == (
        "replay.taken"
    )
    other = ran(await one(store, scribe.take(job.id, "two", renewed.lease_until)))
    assert code_of(await one(store, scribe.report(again, (1, Word.SAME)))) == "replay.lost"
    await one(store, scribe.report(other, (1, Word.SAME)))
    assert await store.replays.outcomes(job.id) == Outcomes(same=1)


@pytest.mark.parametrize("act", [Act.PAUSE, Act.ABORT])
async def test_a_player_is_held_at_either_word(store: Replayed, scribe: Scribe, job: Job, act: Act):
    await one(store, scribe.report(job, played=3))
    await one(store, scribe.steer(job.id, act))
    assert code_of(await one(store, scribe.report(job, (1, Word.SAME)))) == "replay.lost"
    assert code_of(await one(store, scribe.take(job.id, "one"))) == "replay.stage"
    if act is Act.PAUSE:
        # It has been played whole, and its outcome is still to come.
        resumed = ran(await one(store, scribe.steer(job.id, Act.RESUME)))
        assert (resumed.stage, resumed.cursor) == (Stage.RUNNING, 3)
        taken = ran(await one(store, scribe.take(job.id, "one")))
        await one(store, scribe.report(taken, (1, Word.SAME)))
        assert await store.replays.outcomes(job.id) == Outcomes(same=1)


async def test_no_player_reports_on_what_the_axis_drives_itself(
    store: Replayed, scribe: Scribe, sent: list[Document]
):
    plan = scribe.plan((sent[0].seq, B))
    await store.apply([plan, scribe.steer(plan.job.id, Act.RUN)])
    job = ran(await one(store, scribe.take(plan.job.id, "one")))
    assert code_of(await one(store, scribe.report(job, (1, Word.SAME)))) == "replay.lost"


async def test_a_shadow_of_nothing_is_over_when_it_is_run(store: Replayed, scribe: Scribe):
    plan = scribe.plan(kind=Kind.SHADOW)
    await one(store, plan)
    assert ran(await one(store, scribe.steer(plan.job.id, Act.RUN))).stage is Stage.FINISHED
