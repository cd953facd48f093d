"""Decisions, one rule at a time, and the laws that hold for all of them. No store is involved."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axis.core.commands import (
    Accept,
    Accepted,
    Audit,
    ByDocument,
    ById,
    Lock,
    Move,
    Moves,
    Note,
    Recorded,
    Refused,
    Said,
    Say,
    UpTo,
)
from axis.core.decide import decide
from axis.core.directory import Agency
from axis.core.document import Addressee, Delivery, Document, Lane, Place
from axis.core.facts import Changes, Facts
from axis.core.lifecycle import (
    ANSWERS,
    BUSINESS,
    BY_SENDER,
    LOCKED,
    STATUS_CODES,
    TRANSPORT,
    TRANSPORT_SAME,
    Business,
    Request,
    Step,
    Transport,
)
from axis.core.member_commands import Revoke, Revoked
from axis.core.trust import Certificate

A, B, C = "000.00.00.H01", "000.00.00.H02", "000.00.00.H03"
PLACE = Place(B, 0, 1)
TARGET = ById("doc_1", B)
AUDIT = Audit(actor="op", act="lock", target=B, why="asked to", now=9)


def _agency(code: str, locked: bool = False) -> Agency:
    return Agency(code=code, name_vi="", name_en="", kind="", level="", certainty="", locked=locked)


def _delivery(**given: object) -> Delivery:
    delivery = Delivery(place=PLACE, doc=1, doc_id="doc_1", sender=A, kind=0)
    return delivery._replace(**given)  # type: ignore[arg-type]


def _facts(*deliveries: Delivery, locked: str = "") -> Facts:
    return Facts(
        seq=7,
        agencies={code: _agency(code, code == locked) for code in (A, B, C)},
        deliveries={delivery.place: delivery for delivery in deliveries},
        found={ById(d.doc_id, d.place.recipient): d.place for d in deliveries},
    )


def _accept(number: int = 1, **given: object) -> Accept:
    command = Accept(
        id=f"doc_{number}",
        sender=A,
        unit=A,
        document_id="1/UBND",
        kind=0,
        urgency=0,
        sha256=f"{number:064}",
        body=b"x",
        recipients=(Addressee(B, (B,)),),
        at=1,
        now=2,
        verdict="valid",
    )
    return replace(command, **given)  # type: ignore[arg-type]


def _move(step: Step, **given: object) -> Move:
    move = Move(step=step, targets=(PLACE,), actor=B, at=1, now=2, reason="bad zip")
    return replace(move, **given)  # type: ignore[arg-type]


def _say(code: str, **given: object) -> Say:
    actor = A if code in BY_SENDER else B
    say = Say(target=TARGET, code=code, actor=actor, at=1, now=2, reason="nhầm")
    return replace(say, **given)  # type: ignore[arg-type]


def _written(changes: Changes) -> bool:
    return not changes.empty or bool(changes.created or changes.updated or changes.tally)


# ---- documents ---------------------------------------------------------------------------------


def test_a_document_is_numbered_in_every_lane_and_written_once_whole():
    facts = _facts()
    facts.lanes = {Lane(B, 0): 4, Lane(C, 0): 0}
    (outcome,), changes = decide(
        facts, [_accept(recipients=(Addressee(C, (C,)), Addressee(B, ("000.00.13.H02",))))]
    )
    assert isinstance(outcome, Accepted)
    assert outcome.document.recipients == (
        Addressee(C, (C,), 1),
        Addressee(B, ("000.00.13.H02",), 5),
    )
    assert changes.documents == [outcome.document]
    assert [event.seq for event in changes.events] == [outcome.document.seq] == [8]
    assert list(changes.created) == [Place(C, 0, 1), Place(B, 0, 5)]
    assert changes.lanes == {Lane(C, 0): 1, Lane(B, 0): 5}
    assert changes.bodies == {outcome.document.sha256: b"x"}


def test_one_recipient_in_common_is_a_conflict_and_none_is_not():
    facts = _facts()
    both = (Addressee(B, (B,)), Addressee(C, (C,)))
    first, clash, other, update = decide(
        facts,
        [
            _accept(1),
            _accept(2, recipients=both),
            _accept(3, recipients=both[1:]),
            _accept(4, kind=2),
        ],
    )[0]
    assert isinstance(first, Accepted)
    assert isinstance(clash, Refused)
    assert (clash.fault.code, clash.fault.detail["recipient"]) == ("document.conflict", B)
    assert isinstance(other, Accepted)
    assert isinstance(update, Accepted)


def test_a_recall_first_does_not_stand_in_the_way_of_the_document():
    outcomes, _ = decide(_facts(), [_accept(1, kind=1), _accept(2)])
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)


@pytest.mark.parametrize(("locked", "code"), [(A, "agency.locked"), (B, "recipient.locked")])
def test_a_lock_committed_after_intake_looked_still_counts(locked: str, code: str):
    (outcome,), changes = decide(_facts(locked=locked), [_accept()])
    assert isinstance(outcome, Refused)
    assert outcome.fault.code == code
    assert not _written(changes)


def test_what_was_accepted_stays_accepted_when_its_recipient_is_locked():
    accept = _accept()
    lock = Lock(code=B, locked=True, audit=AUDIT)
    first, _, again = decide(_facts(), [accept, lock, accept])[0]
    assert isinstance(first, Accepted)
    assert again == Accepted(first.document, repeated=True)


# ---- transport ---------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [Step.OFFER, Step.DONE, Step.FAIL, Step.RESET])
@pytest.mark.parametrize("state", Transport)
def test_every_step_does_what_the_table_says(state: Transport, step: Step):
    before = _delivery(transport=state)
    (outcome,), changes = decide(_facts(before), [_move(step)])
    assert isinstance(outcome, Moves)
    (item,) = outcome.items
    if (state, step) in TRANSPORT:
        assert item.changed
        assert item.delivery is not None
        assert item.delivery.transport is TRANSPORT[state, step]
        assert changes.updated == {PLACE: item.delivery}
    else:
        assert (item.delivery, item.changed) == (before, False)
        assert (item.fault is None) == ((state, step) in TRANSPORT_SAME)
        assert not _written(changes)


def test_a_parked_delivery_keeps_its_reason_only_while_it_is_parked():
    outcomes, changes = decide(
        _facts(_delivery()),
        [_move(Step.FAIL), _move(Step.RESET), _move(Step.FAIL), _move(Step.DONE)],
    )
    reasons = [o.items[0].delivery.reason for o in outcomes]  # type: ignore[union-attr]
    assert reasons == ["bad zip", "", "bad zip", ""]
    assert changes.updated[PLACE].attempt == 2
    assert [event.addressee for event in changes.events] == [A, "", A, ""]


def test_a_range_takes_open_deliveries_of_its_lane_in_order():
    lane = [_delivery(place=Place(B, 0, no), doc_id=f"doc_{no}") for no in (12, 3, 1, 2)]
    done = _delivery(place=Place(B, 0, 4), transport=Transport.DONE)
    others = [_delivery(place=Place(B, 1, 1)), _delivery(place=Place(C, 0, 1))]
    facts = _facts(*lane, done, *others)
    move = _move(Step.DONE, targets=(UpTo(B, 0, 4), UpTo(B, 0, 99), UpTo(C, 4, 9)))
    (outcome,), _ = decide(facts, [move])
    assert isinstance(outcome, Moves)
    assert [item.delivery.place.no for item in outcome.items if item.delivery] == [1, 2, 3, 12]


def test_a_range_finds_what_its_group_accepted_behind_another_range():
    facts = _facts()
    facts.lanes = {Lane(B, 0): 0}
    up_to = _move(Step.DONE, targets=(UpTo(B, 0, 1),))
    outcomes, changes = decide(facts, [up_to, _accept(), up_to])
    assert outcomes[0] == Moves(())
    assert changes.created[PLACE].transport is Transport.DONE


def test_a_range_begins_above_where_it_is_told_to():
    lane = [_delivery(place=Place(B, 0, no)) for no in range(1, 5)]
    (outcome,), _ = decide(_facts(*lane), [_move(Step.DONE, targets=(UpTo(B, 0, 3, above=1),))])
    assert isinstance(outcome, Moves)
    assert [item.delivery.place.no for item in outcome.items if item.delivery] == [2, 3]


@pytest.mark.parametrize("back", [Step.RESET, Step.UNLOCK])
def test_a_range_leaves_alone_what_was_put_back_until_it_is_offered_again(back: Step):
    put_back: list[Lock | Move] = [_move(Step.FAIL), _move(Step.RESET)]
    if back is Step.UNLOCK:
        lock = Lock(code=B, locked=True, audit=AUDIT)
        put_back = [lock, replace(lock, locked=False)]
    up_to = _move(Step.DONE, targets=(UpTo(B, 0, 1),))
    before = _facts(_delivery(transport=Transport.OFFERED))
    outcomes, changes = decide(before, [*put_back, up_to, _move(Step.OFFER), up_to])
    assert outcomes[-3] == Moves(())
    assert changes.updated[PLACE].transport is Transport.DONE


def test_an_act_that_failed_in_part_is_on_record_as_refused():
    fine, other = PLACE, Place(B, 0, 2)
    for targets, act in (((fine, other), "lock refused"), ((fine,), "lock")):
        facts = _facts(_delivery(transport=Transport.PARKED), _delivery(place=other))
        _, changes = decide(facts, [_move(Step.RESET, targets=targets, audit=AUDIT)])
        assert [audit.act for audit in changes.audits] == [act]


def test_the_deliveries_of_others_are_not_found():
    (outcome,), changes = decide(_facts(_delivery()), [_move(Step.DONE, mine=C)])
    assert isinstance(outcome, Moves)
    assert outcome.items[0].delivery is None
    assert outcome.items[0].fault is not None
    assert outcome.items[0].fault.code == "delivery.not_found"
    assert not _written(changes)


# ---- statuses ----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", sorted(STATUS_CODES))
@pytest.mark.parametrize("state", Business)
@pytest.mark.parametrize("request_state", Request)
def test_every_status_does_what_the_tables_say(code: str, state: Business, request_state: Request):
    before = _delivery(transport=Transport.DONE, business=state, request=request_state)
    (outcome,), changes = decide(_facts(before), [_say(code)])
    if code in ANSWERS:
        fault = "" if request_state is Request.OPEN else "lifecycle.not_asked"
    elif state.ended:
        fault = "lifecycle.ended"
    else:
        fault = "" if code == "13" or (state, code) in BUSINESS else "lifecycle.backwards"
    if fault:
        assert isinstance(outcome, Refused)
        assert outcome.fault.code == fault
        assert not _written(changes)
        return
    assert isinstance(outcome, Said)
    assert outcome.delivery.business is BUSINESS.get((state, code), state)
    answer = Request.OPEN if code == "13" else ANSWERS.get(code, request_state)
    assert outcome.delivery.request is answer
    assert outcome.delivery.said >> int(code) & 1
    assert len(changes.events) == 1


def test_what_was_asked_back_and_refused_twice_is_still_known_as_said():
    commands = [_say(code) for code in ("13", "16", "13", "13", "16", "16")]
    outcomes, changes = decide(_facts(_delivery(transport=Transport.DONE)), commands)
    repeated = [outcome.repeated for outcome in outcomes if isinstance(outcome, Said)]
    assert repeated == [False, False, False, True, False, True]
    assert changes.updated[PLACE].said == 1 << 13 | 1 << 16
    assert len(changes.events) == 4


@pytest.mark.parametrize(("actor", "code"), [(B, "delivery.ambiguous"), (C, "delivery.not_found")])
def test_that_a_name_is_borne_twice_is_told_to_its_parties_alone(actor: str, code: str):
    target = ByDocument(A, "1/UBND", B)
    facts = _facts(_delivery(), _delivery(place=Place(B, 0, 2), doc=2, doc_id="doc_2"))
    facts.named[target] = [PLACE, Place(B, 0, 2)]
    (outcome,), _ = decide(facts, [_say("01", target=target, actor=actor)])
    assert isinstance(outcome, Refused)
    assert outcome.fault.code == code


def test_a_package_that_is_known_by_two_ways_is_one():
    target = ByDocument(A, "1/UBND", B)
    facts = _facts(_delivery())
    facts.named[target] = [PLACE]
    _, changes = decide(_facts(), [_accept(id="doc_1")])
    facts.documents[A, "1/UBND"] = changes.documents
    (outcome,), _ = decide(facts, [_say("01", target=target)])
    assert isinstance(outcome, Said)


@pytest.mark.parametrize("transport", [Transport.WAITING, Transport.OFFERED, Transport.PARKED])
def test_whoever_speaks_of_a_document_has_it(transport: Transport):
    (outcome,), changes = decide(_facts(_delivery(transport=transport)), [_say("03")])
    assert isinstance(outcome, Said)
    assert outcome.delivery.transport is Transport.DONE
    assert [event.kind for event in changes.events] == ["done", "status"]
    assert changes.tally[B, 0, "received"] + changes.tally[B, 0, "said.03"] == 2


@given(st.sampled_from(sorted(STATUS_CODES)), st.integers(1, 3))
def test_a_status_repeated_at_once_is_written_once(code: str, times: int):
    facts = _facts(_delivery(request=Request.OPEN))
    outcomes, changes = decide(facts, [_say(code)] * (1 + times))
    said = [outcome.repeated for outcome in outcomes if isinstance(outcome, Said)]
    assert said == [False] + [True] * times
    assert sum(event.kind == "status" for event in changes.events) == 1


def test_a_stranger_learns_nothing_of_a_delivery():
    for say in (_say("01", actor=C), _say("01", target=ById("doc_9", B), actor=C)):
        (outcome,), _ = decide(_facts(_delivery()), [say])
        assert isinstance(outcome, Refused)
        assert outcome.fault.code == "delivery.not_found"


def test_what_this_group_accepted_is_found_by_both_names():
    outcomes, changes = decide(
        _facts(),
        [
            _accept(1),
            _say("01", target=ById("doc_1", B)),
            _accept(2, kind=3),
            _say("03", target=ByDocument(A, "1/UBND", B)),
            _say("01", target=ByDocument(A, "1/UBND", C), actor=C),
        ],
    )
    assert [type(outcome) for outcome in outcomes] == [Accepted, Said, Accepted, Said, Refused]
    # By name it is the package that B has, not the one still on its way to it.
    assert changes.created[Place(B, 0, 1)].business is Business.ACCEPTED
    assert changes.created[Place(B, 0, 2)].business is Business.NONE
    assert not changes.updated


# ---- operators ---------------------------------------------------------------------------------


def _certificate(agency: str, fingerprint: str, revoked_at: int | None = None) -> Certificate:
    return Certificate(
        agency=agency, fingerprint=fingerprint, not_before=0, not_after=99, revoked_at=revoked_at
    )


def test_a_certificate_is_revoked_once_and_keeps_its_date():
    facts = _facts()
    known = [_certificate(B, "b1"), _certificate(B, "b2", revoked_at=5), _certificate(C, "c1")]
    facts.certificates = {certificate.fingerprint: certificate for certificate in known}
    revoke = Revoke(agency=B, audit=AUDIT)
    later = replace(revoke, agency="", fingerprint="b1", audit=replace(AUDIT, now=11))
    outcomes, changes = decide(facts, [revoke, later])
    first, second = replace(known[0], revoked_at=AUDIT.now), known[1]
    assert outcomes == [Revoked((first, second), 1), Revoked((first,), 0)]
    assert changes.certificates == {"b1": first}
    assert changes.audits == [AUDIT, later.audit]


@pytest.mark.parametrize("named", [{"agency": A}, {"fingerprint": "ff"}, {}])
def test_what_has_no_certificate_cannot_be_revoked(named: dict[str, str]):
    facts = _facts()
    facts.certificates = {"b1": _certificate(B, "b1")}
    (outcome,), changes = decide(facts, [Revoke(**named, audit=AUDIT)])
    assert isinstance(outcome, Refused)
    assert outcome.fault.code == "certificate.unknown"
    assert changes.empty


def test_unlocking_lets_wait_what_the_lock_parked_and_not_what_failed():
    waiting = _delivery()
    failed = _delivery(place=Place(B, 0, 2), transport=Transport.PARKED, reason="bad zip")
    done = _delivery(place=Place(B, 0, 3), transport=Transport.DONE)
    facts = _facts(waiting, failed, done, _delivery(place=Place(C, 0, 1)))
    lock = Lock(code=B, locked=True, audit=AUDIT)
    outcomes, changes = decide(facts, [lock, lock, replace(lock, locked=False)])
    parked, nothing, back = outcomes
    assert isinstance(parked, Recorded)
    assert isinstance(back, Recorded)
    assert [(d.place, d.transport) for d in parked.moved] == [(PLACE, Transport.PARKED)]
    assert nothing == Recorded()
    assert [(d.place, d.transport) for d in back.moved] == [(PLACE, Transport.WAITING)]
    assert changes.updated == {PLACE: waiting._replace(attempt=2)}
    assert facts.deliveries[failed.place] == failed
    assert [event.body.get("reason", "") for event in changes.events] == [LOCKED, ""]
    assert len(changes.audits) == 3
    assert not facts.agencies[B].locked


def test_a_note_is_an_audit_line_and_nothing_else():
    outcomes, changes = decide(_facts(), [Note(audit=AUDIT)])
    assert outcomes == [Recorded()]
    assert changes == Changes(audits=[AUDIT])


# ---- laws --------------------------------------------------------------------------------------

_commands = st.lists(
    st.one_of(
        st.builds(_accept, st.integers(1, 4), kind=st.sampled_from((0, 2))),
        st.builds(_move, st.sampled_from((Step.OFFER, Step.DONE, Step.FAIL, Step.RESET))),
        st.builds(_say, st.sampled_from(sorted(STATUS_CODES))),
        st.builds(Lock, code=st.just(B), locked=st.booleans(), audit=st.just(AUDIT)),
    ),
    max_size=12,
)


@given(_commands)
def test_every_command_is_answered_and_every_number_given_once(commands: list[object]):
    facts = _facts()
    outcomes, changes = decide(facts, commands)  # type: ignore[arg-type]
    assert len(outcomes) == len(commands)
    assert [event.seq for event in changes.events] == list(range(8, 8 + len(changes.events)))
    assert facts.seq == 7 + len(changes.events)
    assert changes.seq in (0, facts.seq)
    numbers = [place.no for place in changes.created]
    assert numbers == list(range(1, 1 + len(numbers)))


@given(_commands)
def test_rows_and_facts_agree_and_no_row_is_both_new_and_changed(commands: list[object]):
    facts = _facts()
    documents: list[Document] = []
    for _ in range(2):
        _, changes = decide(facts, commands)  # type: ignore[arg-type]
        documents += changes.documents
        assert not changes.created.keys() & changes.updated.keys()
        for place, delivery in (changes.created | changes.updated).items():
            assert facts.deliveries[place] == delivery
    assert len(facts.deliveries) == sum(len(d.recipients) for d in documents)
