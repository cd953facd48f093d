"""Random commands over small books: few agencies, names and bytes, so that they often meet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from hypothesis import strategies as st

from axis.core.commands import ByDocument, ById, Command, Note, Refuse, Target, UpTo
from axis.core.document import Event, Link, Place
from axis.core.job_commands import Plan
from axis.core.lifecycle import STATUS_CODES, Step, Transport
from axis.core.member_commands import Register
from axis.core.questions import Search, Window
from axis.core.replay import Act, Filter
from axis.core.statistics import METRICS
from axis.ports import Store
from axis.replays import Replays
from tests.contract.books import CODES, NOON, TODAY, Scribe, agency

_SPANS = ((TODAY, TODAY), (0, TODAY + 2), (TODAY + 1, 99_999))


class Replayed(Store, Protocol):
    """A store with its replay jobs, as every one has them."""

    @property
    def replays(self) -> Replays:
        """What is in its books about them."""
        ...


#: A command to be, once a scribe numbers it.
Recipe = Callable[[Scribe], Command]

_DAY_US = 86_400_000_000
_NAMES = ("1/UBND", "2/UBND", "3/BTC")
_NEW = "000.00.00.G22"

_codes = st.sampled_from(CODES)
_senders = st.sampled_from(CODES[:2])
_names = st.sampled_from(_NAMES)
#: Half hours: an answer at once, the next morning and day, behind a weekend; in other quarters.
_times = st.sampled_from(
    [NOON + n * _DAY_US // 48 for n in (0, 0, 1, 40, 48, 5 * 48, -20 * 48, 80 * 48 + 7)]
)
_reasons = st.sampled_from(("nhầm", "trùng"))
_recipients = st.lists(_codes, min_size=1, max_size=4, unique=True)
#: Scribes number documents together with everything else; the first five are always documents.
_doc_ids = st.sampled_from((1, 2, 3, 4, 5, 6, 7, 9)).map(lambda number: f"doc_{number:026}")
_by_id = st.builds(ById, _doc_ids, _codes)
_by_document = st.builds(ByDocument, _senders, _names, _codes)
_places = st.builds(Place, _codes, st.sampled_from((0, 0, 4)), st.integers(1, 3))
_ranges = st.builds(UpTo, _codes, st.sampled_from((0, 4)), st.integers(0, 5))
_targets: st.SearchStrategy[Target] = st.one_of(_places, _by_document, _by_id, _ranges)


#: What the job of the books is about: five of the first documents' deliveries.
_ITEMS = tuple((doc, code) for doc in (1, 2) for code in CODES[1:])[:5]
_PLACES = tuple(Place(code, 4 if doc == 2 else 0, 1) for doc, code in _ITEMS)


def _driven(before: int, epoch: int, many: int) -> Recipe:
    """Some items behind ``before``, as one who may have the lease or not."""
    job = replace(_planned(Scribe()).job, cursor=before, epoch=epoch)
    return lambda scribe: scribe.drive(job, *_PLACES[before : before + many])


def _planned(scribe: Scribe) -> Plan:
    plan = scribe.plan(*_ITEMS)
    return replace(plan, job=replace(plan.job, id=_JOB))


def _recipe(method: str, *positional: Any, **named: Any) -> st.SearchStrategy[Recipe]:
    arguments = st.tuples(st.tuples(*positional), st.fixed_dictionaries(named))
    return arguments.map(
        lambda given: lambda scribe: getattr(scribe, method)(*given[0], **given[1])
    )


_accepts = _recipe(
    "accept",
    _names,
    sender=_senders,
    to=_recipients,
    kind=st.sampled_from((0, 0, 0, 1, 2, 3)),
    urgency=st.sampled_from((0, 0, 4)),
    body=st.sampled_from((b"", b"one", b"two")),
    links=st.lists(
        st.builds(Link, st.sampled_from(("recalls", "answers")), _codes, _names), max_size=2
    ),
    at=_times,
    verdict=st.sampled_from(("valid", "valid", "absent", "weak")),
    signed_on=st.sampled_from(("2020-01-15", "2020-01-15", "2020-01-14", "2020-01-17", "")),
)
_STEPS = (Step.OFFER, Step.DONE, Step.DONE, Step.FAIL, Step.RESET, Step.GIVE, Step.GIVE)
_moves = st.lists(_targets, min_size=1, max_size=3).flatmap(
    lambda targets: _recipe(
        "move",
        st.sampled_from(_STEPS),
        *map(st.just, targets),
        actor=_codes,
        mine=st.sampled_from(("", "", "", CODES[1])),
        reason=_reasons,
        at=_times,
    )
)
_says = _recipe(
    "say",
    st.one_of(_by_document, _by_id),
    st.sampled_from(sorted(STATUS_CODES)),
    actor=st.sampled_from(("", "", "", "", *CODES[:2])),
    reason=_reasons,
    at=_times,
)
#: The one job of these books.
_JOB = "rpl_1"
_steers = _recipe("steer", st.just(_JOB), st.sampled_from((*Act, Act.RUN, Act.RESUME)))
_takes = _recipe("take", st.just(_JOB), st.sampled_from(("one", "two")))
_drives = st.builds(_driven, st.integers(0, 5), st.integers(1, 4), st.integers(0, 4))
_locks = _recipe("lock", _codes, st.sampled_from((True, False, False)))


def _register(scribe: Scribe) -> Command:
    return Register(agency=agency(_NEW), audit=scribe.audit("register", _NEW))


def _note(scribe: Scribe) -> Command:
    return Note(audit=scribe.audit("read package", "doc_1"))


def _refuse(scribe: Scribe) -> Command:
    now = scribe.audit("", "").now
    return Refuse(
        caller=CODES[0], code="edxml.not_xml", place="", sentence="", sha256="", size=1, now=now
    )


_recipes: st.SearchStrategy[Recipe] = st.one_of(
    *[_accepts] * 5,
    *[_moves] * 5,
    *[_says] * 8,
    *[_steers] * 2,
    *[_takes] * 2,
    *[_drives] * 3,
    _locks,
    st.sampled_from((_register, _note, _refuse)),
)
#: Groups of commands, in order.
groups = st.lists(st.lists(_recipes, min_size=1, max_size=9), min_size=1, max_size=6)


def written(groups_of: Sequence[Sequence[Recipe]]) -> list[list[Command]]:
    """The commands of recipes behind five documents: the same for the same recipes."""
    scribe = Scribe()
    first: list[Command] = [
        scribe.accept("1/UBND", to=CODES[1:]),
        scribe.accept("2/UBND", to=CODES, urgency=4),
        scribe.accept("1/UBND", to=CODES[1:3], kind=2),
        scribe.accept("3/BTC", sender=CODES[1], to=CODES),
        scribe.accept("2/UBND", to=CODES[1:], kind=3),
    ]
    done = [scribe.move(Step.DONE, place, actor=place.recipient) for place in _PLACES[:4]]
    first += [*done, _planned(scribe), scribe.steer(_JOB, Act.RUN)]
    return [first, *([recipe(scribe) for recipe in group] for group in groups_of)]


async def pages(store: Store) -> list[Any]:
    """What those see who wait at their inboxes and streams."""
    read: list[Any] = []
    for code in CODES:
        for after in ({}, {0: 1}, {4: 1, 0: 2}):
            read += [await store.inbox(code, after, 3, states) for states in ((0, 1), (0,))]
        read += [await store.stream(code, after, 4) for after in (0, 9, 20)]
    return read


async def everything(store: Replayed) -> list[Any]:
    """All that a store answers about its books."""
    history = [item async for item in store.history()]
    seqs = [item.seq for item in history if isinstance(item, Event) and item.kind == "accepted"]
    read: list[Any] = [history, await store.agencies(), await store.queues()]
    read += [await store.counted(), sorted(await store.sums(_SPANS, METRICS))]
    read += [await store.audit_log(99), await store.refusals(99), await store.find(Search())]
    read += (await store.extract(Window(since=0, until=2**62), 0, 99)).found
    for seq in seqs:
        deliveries = await store.deliveries(seq)
        read += [deliveries, await store.events(seq)]
        read += [await store.delivery(d.doc_id, d.place.recipient) for d in deliveries]
    read += await _of_replays(store)
    for code in CODES:
        read += [await store.stream(code, 0, 99), await store.counts([code], 0, 99_999)]
        read += [await store.counts([code], 0, 0)]
        read += [
            await store.inbox(code, {0: 1}, 5, states) for states in ((0, 1), tuple(Transport))
        ]
        for name in _NAMES:
            documents = await store.documents_named(code, name, 0, 99)
            read += [documents, await store.bodies([d.sha256 for d in documents])]
            read += [await store.linked_to(code, name, to, 3) for to in ("", *CODES)]
            read += [await store.document_of(code, d.sha256) for d in documents]
    return read


async def _of_replays(store: Replayed) -> list[Any]:
    """All that a store answers about replay jobs."""
    replays = store.replays
    read: list[Any] = [await replays.job(_JOB), await replays.jobs("", 9), await replays.running()]
    read += [await replays.items(_JOB, 1, 3), await replays.outcomes(_JOB)]
    read += [await replays.page(_JOB, after, 3) for after in (0, 2)]
    for asked in (
        Filter(recipient=CODES[1], since=NOON, until=NOON + _DAY_US),
        Filter(recipient=CODES[2], transport=Transport.PARKED),
        Filter(sender=CODES[0], kind=0, business=0),
        Filter(named=((f"doc_{1:026}", ""), (f"doc_{2:026}", CODES[1]))),
    ):
        read += [await replays.candidates(asked, 9), await replays.candidates(asked, 1)]
    return read
