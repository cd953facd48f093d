"""The two state machines are the drawings of the module, and nothing else."""

from __future__ import annotations

from axis.core.lifecycle import (
    AGAIN,
    ANSWERS,
    BUSINESS,
    BY_RECIPIENT,
    BY_SENDER,
    STATUS_CODES,
    TRANSPORT,
    TRANSPORT_SAME,
    WITH_REASON,
    Again,
    Business,
    Step,
    Transport,
)


def test_the_transport_machine_is_the_drawing():
    drawn = {
        "waiting": {"offer": "offered", "done": "done", "fail": "parked", "lock": "parked"},
        "offered": {"done": "done", "fail": "parked", "lock": "parked"},
        "parked": {"done": "done", "unlock": "waiting", "reset": "waiting"},
        "done": {},
        "withdrawn": {},
    }
    for state in Transport:
        steps = {s.value: TRANSPORT[state, s].name.lower() for s in Step if (state, s) in TRANSPORT}
        assert steps == drawn[state.name.lower()]


def test_a_step_either_changes_something_or_is_a_repeat_or_is_illegal():
    assert not TRANSPORT.keys() & TRANSPORT_SAME
    assert all(target is not state for (state, _), target in TRANSPORT.items())


def test_what_may_be_said_again_is_what_has_come_about():
    drawn = {
        "offered": {"offer"},
        "done": {"offer", "done", "fail"},
        "parked": {"fail"},
    }
    for state in Transport:
        same = {step.value for step in Step if (state, step) in TRANSPORT_SAME}
        assert same == drawn.get(state.name.lower(), set())


def test_what_is_done_stays_done():
    assert not [state for state, _ in TRANSPORT if state is Transport.DONE]
    assert [state for state in Transport if state.open] == [Transport.WAITING, Transport.OFFERED]


def test_what_is_given_back_is_the_drawing():
    drawn = {
        "none": {"give": "given"},
        "given": {"offer": "handed", "done": "none", "fail": "none", "lock": "none"},
        "handed": {"done": "none", "fail": "none", "lock": "none"},
    }
    for state in Again:
        steps = {s.value: AGAIN[state, s].name.lower() for s in Step if (state, s) in AGAIN}
        assert steps == drawn[state.name.lower()]


def test_whatever_ends_giving_back_is_a_repeat_for_what_is_done():
    for step in (Step.OFFER, Step.DONE, Step.FAIL):
        assert (Transport.DONE, step) in TRANSPORT_SAME
    assert Step.GIVE not in {step for _, step in TRANSPORT.keys() | TRANSPORT_SAME}


def test_the_business_chain_goes_forward_only_and_may_skip():
    chain = ["01", "03", "04", "05", "06"]
    for (state, code), target in BUSINESS.items():
        assert not state.ended
        if code != "02":
            assert chain.index(code) > max(
                (chain.index(c) for c in chain if BUSINESS[Business.NONE, c] is state), default=-1
            )
            assert BUSINESS[Business.NONE, code] is target
    assert {code for state, code in BUSINESS if state is Business.NONE} == {*chain, "02"}
    assert [code for state, code in BUSINESS if state is Business.PROCESSING] == ["06"]


def test_a_document_is_refused_before_it_is_accepted_or_never():
    assert {state for state, code in BUSINESS if code == "02"} == {Business.NONE, Business.ARRIVED}
    ended = {state.name.lower() for state in Business if state.ended}
    assert ended == {"refused", "completed", "recalled", "replaced", "taken_back"}


def test_every_code_has_one_speaker():
    assert not BY_SENDER & BY_RECIPIENT
    assert {"01", "02", "03", "04", "05", "06", "13", "15", "16"} == STATUS_CODES
    assert ANSWERS.keys() <= BY_RECIPIENT
    assert {"02", "16"} == WITH_REASON
