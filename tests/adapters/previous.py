"""Books as an axis of the previous schema left them: rows written by hand, each table with some."""

from __future__ import annotations

import json

from axis.core.document import Addressee, Delivery, Document, Event, Place
from axis.core.lifecycle import Transport
from axis.core.record import Stretch
from axis.core.replay import Act, ItemRow, Kind, Outcomes, Word
from axis.core.tally import Counted, Since
from axis.core.timeliness import FAMILIES
from axis.lanes import Lanes
from axis.ports import Store
from tests.contract.books import NOON, TODAY, A, B, Scribe, differences, one, ran
from tests.contract.recipes import Replayed

_SHA256 = "29c6cc02bf1bdc66c8d109559d4fcfc621acacac849f40bf199b668af938ca92"
_MARK = NOON + 1
_RECIPIENTS = json.dumps([[B, [B], 1]])

#: What stands in the books: one document of A that waits for B, and everything around it.
SCRIPT = f"""
    insert into agency values ('{A}', 'Đơn vị', 'Agency', 'province', 'local', '', false);
    insert into agency values ('{B}', 'Đơn vị', 'Agency', 'province', 'local', '', false);
    insert into client (id, secret_sha256, roles) values ('{A}', '11', '["agency"]');
    insert into certificate values ('aa', '{A}', 1, 2, null, '00');
    insert into document values (1, 'doc_1', '{A}', '{A}', '1/UBND', 0, 0, '{_SHA256}', 22,
        '{_RECIPIENTS}', {NOON}, {_MARK}, 'valid', '', '{{"subject":"V/v báo cáo"}}');
    insert into delivery
        (doc, recipient, urgency, no, transport, business, request, said, reason, attempt)
        values (1, '{B}', 0, 1, 0, 0, 0, 0, '', 1);
    insert into event values (1, 'accepted', 1, '', '{A}', {NOON}, {_MARK}, '', '', '');
    insert into tally values ({TODAY}, '{A}', 'sent', 1);
    insert into tally values (0, '{B}', 'deliveries', 1);
    insert into tally values (0, '{B}', 'transport.waiting', 1);
    insert into audit (actor, act, target, why, recorded_at) values ('op', 'lock', '{B}', 'x', 1);
    insert into refusal (caller, code, place, sentence, sha256, size, recorded_at)
        values ('{A}', 'edxml.not_xml', '', '', '00', 1, 1);
    update head set seq = 1
"""


async def must_be_whole(store: Store) -> None:
    """Everything of ``SCRIPT`` is in the books, and can be worked with."""
    document = await store.document("doc_1")
    assert document == Document(
        seq=1,
        id="doc_1",
        sender=A,
        unit=A,
        document_id="1/UBND",
        kind=0,
        urgency=0,
        sha256=_SHA256,
        size=22,
        recipients=(Addressee(B, (B,), 1),),
        occurred_at=NOON,
        recorded_at=_MARK,
        verdict="valid",
        meta={"subject": "V/v báo cáo"},
    )
    (delivery,) = await store.deliveries(1)
    assert (delivery.place, delivery.transport) == (Place(B, 0, 1), Transport.WAITING)
    assert [row.delivery for row in await store.inbox(B, {}, 9)] == [delivery]
    items = [item async for item in store.history()]
    assert [type(item) for item in items[2:]] == [Document, Event, Delivery]
    # What the statistics count was not counted then.
    since = {family: Since(1, TODAY + 1) for family in FAMILIES}
    assert await store.counted() == Counted(TODAY, TODAY, TODAY, since)
    assert await wrong(store) == []
    assert [agency.code for agency in await store.agencies()] == [A, B]
    assert (await store.client(A)) is not None
    assert len(await store.certificates()) == 1
    assert len(await store.audit_log(9)) == len(await store.refusals(9)) == 1


async def wrong(store: Store) -> list[str]:
    """What is wrong with the books, but that the rows were written without any bytes."""
    found = await differences(store)
    by_hand = [line for line in found if line.startswith("package of document doc_1: no row says ")]
    assert len(by_hand) == 1
    return [line for line in found if line not in by_hand]


#: A job whose one item was handed over, taken and answered.
JOB_SCRIPT = f"""
    insert into replay values ('rpl_1', '', 'give_back', 'finished', 1, 1, 100, 0, {NOON}, {NOON},
        {NOON}, '', 2, 0, 'op', 'x', '', '{{"documents":1}}');
    insert into replay_item values ('rpl_1', 1, 1, '{B}', {NOON}, 2, 1, 'answered', '');
"""


async def must_be_replayed(store: Replayed) -> None:
    """The job of ``JOB_SCRIPT`` is what it was, and shadows can be judged beside it."""
    row = ItemRow(1, "doc_1", B, NOON, 2, True, Word.ANSWERED, "")
    assert await store.replays.items("rpl_1", 0, 9) == [row]
    assert await store.replays.outcomes("rpl_1") == Outcomes(handed=1, answered=1)
    scribe = Scribe()
    plan = scribe.plan((1, B), kind=Kind.SHADOW)
    await store.apply([plan, scribe.steer(plan.job.id, Act.RUN)])
    job = ran(await one(store, scribe.take(plan.job.id, "one")))
    await one(store, scribe.report(job, (1, Word.SAME)))
    assert await store.replays.outcomes(job.id) == Outcomes(same=1)


async def must_be_relayed(lanes: Lanes) -> None:
    """Nobody knows what was told: all of it is told again, from the first number."""
    await lanes.take("relay", [A, B], NOON, NOON + 1)
    page = await lanes.unpublished([A, B], 9, 9)
    assert [record[:3] for record in page.records] == [(B, 0, 1)]
    assert page.stretches == [Stretch(B, 0, 0, 1)]
