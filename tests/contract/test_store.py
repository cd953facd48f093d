"""The contract of ``axis.ports.Store``: documents, packages, the directory, logs and counts."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from axis.books import Head
from axis.core.commands import Accepted, Note, Recorded, Refuse, Refused
from axis.core.directory import Client
from axis.core.document import Link, Place
from axis.core.errors import Fault
from axis.core.lifecycle import Step, Transport
from axis.core.member_commands import Certify, Register, Renew, Revoke, Revoked
from axis.core.questions import Linked
from axis.core.trust import Certificate
from axis.ports import REFUSALS_KEPT_MAX, Row, Store
from tests.contract.books import (
    CODES,
    NOON,
    TODAY,
    A,
    B,
    C,
    D,
    Scribe,
    agency,
    code_of,
    differences,
    document_of,
    numbers,
    one,
)
from tests.contract.conftest import Library

# ---- accepting ---------------------------------------------------------------------------------


async def test_an_accepted_document_is_in_the_books_with_its_bytes(store: Store, scribe: Scribe):
    command = scribe.accept(to=[B, C], body="Đúng từng byte \r\n\x00".encode(), urgency=3)
    document = document_of(await one(store, command))
    assert (document.seq, document.id, document.sha256) == (1, command.id, command.sha256)
    assert [(r.agency, r.units, r.no) for r in document.recipients] == [
        (B, ("000.00.13.H02",), 1),
        (C, ("000.00.13.H03",), 1),
    ]
    assert document.meta == command.meta
    assert await store.document(command.id) == document
    assert await store.body(command.sha256) == command.body
    assert [d.id for d in await store.deliveries(document.seq)] == list(document.delivery_ids())
    (event,) = await store.events(document.seq)
    assert (event.seq, event.kind, event.actor, event.recipient) == (1, "accepted", A, "")
    assert (event.occurred_at, event.recorded_at) == (command.at, command.now)


async def test_the_same_bytes_again_are_the_same_document(store: Store, scribe: Scribe):
    first = document_of(await one(store, scribe.accept()))
    again = await store.apply([scribe.accept(), scribe.accept()])
    assert again == [Accepted(first, repeated=True)] * 2
    assert await store.counts([A], TODAY, TODAY) == [(A, TODAY, "sent", 1)]
    assert len(await store.events(first.seq)) == 1


async def test_the_same_bytes_twice_in_one_group_are_one_document(store: Store, scribe: Scribe):
    first, second = await store.apply([scribe.accept(), scribe.accept()])
    assert second == Accepted(document_of(first), repeated=True)


async def test_a_new_document_with_other_bytes_conflicts_where_a_recipient_has_it(
    store: Store, scribe: Scribe
):
    first = document_of(await one(store, scribe.accept(to=[B, C])))
    outcome = await one(store, scribe.accept(to=[C, D], body=b"other"))
    named = {"recipient": C, "document_id": "1/UBND", "doc": first.id}
    place = "edXMLHeader/MessageHeader/DocumentId"
    assert outcome == Refused(Fault("document.conflict", place, named))
    assert await store.body(scribe.accept(body=b"other").sha256) is None
    assert await store.deliveries(2) == []
    assert await numbers(store, D) == []


async def test_other_recipients_and_doctypes_1_to_3_are_new_packages_of_the_document(
    store: Store, scribe: Scribe
):
    commands = [scribe.accept(to=[B]), scribe.accept(to=[C], body=b"to C")]
    commands += [scribe.accept(to=[B, C], kind=kind) for kind in (1, 2, 3)]
    outcomes = await store.apply(commands)
    documents = [document_of(outcome) for outcome in outcomes]
    assert await store.documents_named(A, "1/UBND", 0, 99) == documents
    assert [d.kind for d in documents] == [0, 0, 1, 2, 3]
    assert await store.apply(commands) == [Accepted(d, repeated=True) for d in documents]
    assert await store.documents_named(B, "1/UBND", 0, 99) == []


async def test_a_refused_command_never_aborts_its_neighbours(store: Store, scribe: Scribe):
    outcomes = await store.apply(
        [
            scribe.accept("1/UBND"),
            scribe.accept("1/UBND", body=b"other"),
            scribe.lock("000.00.00.H99"),
            scribe.accept("2/UBND"),
        ]
    )
    assert [type(outcome).__name__ for outcome in outcomes] == [
        "Accepted",
        "Refused",
        "Refused",
        "Accepted",
    ]
    assert await numbers(store, B) == [1, 2]
    assert await differences(store) == []


async def test_a_group_without_changes_answers_and_writes_nothing(store: Store, scribe: Scribe):
    assert await store.apply([]) == []
    await store.ready()
    assert code_of(await one(store, scribe.lock("000.00.00.H99"))) == "agency.unknown"
    assert document_of(await one(store, scribe.accept())).seq == 1


async def test_groups_are_applied_one_after_the_other_in_commit_order(store: Store, scribe: Scribe):
    groups = [[scribe.accept(f"{g}.{i}/UBND", to=CODES[1:]) for i in range(5)] for g in range(8)]
    outcomes = await asyncio.gather(*(store.apply(group) for group in groups))
    documents = [document_of(outcome) for group in outcomes for outcome in group]
    assert sorted(d.seq for d in documents) == list(range(1, 41))
    for code in CODES[1:]:
        assert await numbers(store, code) == list(range(1, 41))
    by_seq = sorted(documents, key=lambda d: d.seq)
    assert [d.recipients[0].no for d in by_seq] == list(range(1, 41))


async def test_one_digest_under_two_names_keeps_one_set_of_bytes(store: Store, scribe: Scribe):
    first = document_of(await one(store, scribe.accept("1/UBND", body=b"same")))
    second = document_of(await one(store, scribe.accept("2/UBND", sender=B, to=[A], body=b"same")))
    assert first.sha256 == second.sha256
    assert await store.document_of(A, first.sha256) == first
    assert await store.document_of(B, first.sha256) == second
    assert await store.document_of(C, first.sha256) is None
    assert await store.body(first.sha256) == b"same"


async def test_the_books_stay_when_they_are_closed_and_opened(library: Library, scribe: Scribe):
    store = await library.open()
    await store.enrol([agency(code) for code in CODES], [], [])
    first = document_of(await one(store, scribe.accept()))
    store = await library.reopen()
    assert await store.document(first.id) == first
    assert await store.body(first.sha256) == b"000.00.00.H01 1/UBND 0"
    second = document_of(await one(store, scribe.accept("2/UBND")))
    assert (second.seq, second.recipients[0].no) == (2, 2)
    assert [a.code for a in await store.agencies()] == list(CODES)
    assert await differences(store) == []


async def test_closing_twice_is_closing(store: Store):
    await store.close()
    await store.close()


# ---- reading -----------------------------------------------------------------------------------


async def test_what_is_not_there_is_not_found(store: Store):
    assert await store.body("0" * 64) is None
    assert await store.bodies(["0" * 64]) == {}
    assert await store.document("doc_0") is None
    assert await store.documents_named(A, "1/UBND", 0, 99) == []
    assert await store.document_of(A, "0" * 64) is None
    assert await store.deliveries(1) == []
    assert await store.events(1) == []
    assert await store.client("nobody") is None
    assert await store.queues() == []


async def test_several_packages_are_read_at_once(store: Store, scribe: Scribe):
    commands = [scribe.accept(f"{n}/UBND", body=bytes([n]) * n) for n in range(1, 6)]
    await store.apply(commands[:3])
    await store.apply(commands[3:])
    digests = [command.sha256 for command in commands[::-1]]
    bodies = await store.bodies([*digests, digests[0], "0" * 64])
    assert bodies == {command.sha256: command.body for command in commands}


async def test_packages_that_speak_of_a_document_are_linked_to_it(store: Store, scribe: Scribe):
    original = document_of(await one(store, scribe.accept("1/UBND")))
    links = [Link("recalls", A, "1/UBND"), Link("recalls", A, "9/UBND")]
    recall = document_of(await one(store, scribe.accept("2/UBND", kind=1, links=links)))
    update = document_of(
        await one(store, scribe.accept("1/UBND", kind=2, links=[Link("updates", A, "1/UBND")]))
    )
    answer = document_of(
        await one(
            store,
            scribe.accept("7/BTTTT", sender=B, to=[A], links=[Link("answers", A, "1/UBND")]),
        )
    )
    assert recall.links == tuple(links)
    found = (("recalls", recall), ("updates", update), ("answers", answer))
    assert await store.linked_to(A, "1/UBND", "", 9) == Linked(found, 3)
    # What is not listed is counted.
    assert await store.linked_to(A, "1/UBND", "", 2) == Linked(found[:2], 3)
    assert await store.linked_to(A, "1/UBND", B, 1) == Linked(found[:1], 3)
    # Those that an agency sent as well as those that it received.
    assert await store.linked_to(A, "1/UBND", A, 9) == Linked(found, 3)
    stranger = scribe.accept("8/BTTTT", sender=B, to=[C], links=[Link("answers", A, "1/UBND")])
    strange = ("answers", document_of(await one(store, stranger)))
    assert await store.linked_to(A, "1/UBND", A, 9) == Linked(found, 3)
    assert await store.linked_to(A, "1/UBND", B, 9) == Linked(
        (found[0], found[1], found[2], strange), 4
    )
    assert await store.linked_to(A, "1/UBND", C, 9) == Linked((strange,), 1)
    assert await store.linked_to(A, "1/UBND", D, 9) == Linked((), 0)
    assert await store.linked_to(B, "7/BTTTT", "", 9) == Linked((), 0)
    assert original.relations_to(A, "1/UBND") == frozenset()


async def test_packages_of_a_document_are_read_in_pages(store: Store, scribe: Scribe):
    links = [Link("updates", A, "1/UBND")]
    commands = [scribe.accept("1/UBND", kind=2, body=bytes([n]), links=links) for n in range(1, 6)]
    documents = [document_of(outcome) for outcome in await store.apply(commands)]
    first = await store.documents_named(A, "1/UBND", 0, 2)
    assert first == documents[:2]
    assert await store.documents_named(A, "1/UBND", first[-1].seq, 9) == documents[2:]
    assert await store.documents_named(A, "1/UBND", documents[-1].seq, 9) == []


async def test_a_delivery_is_found_by_the_ids_of_its_document_and_its_recipient(
    store: Store, scribe: Scribe
):
    documents = [
        document_of(outcome)
        for outcome in await store.apply(
            [scribe.accept(to=[B, C]), scribe.accept("2/UBND", to=[B])]
        )
    ]
    for document in documents:
        for delivery in await store.deliveries(document.seq):
            found = await store.delivery(document.id, delivery.place.recipient)
            assert found == Row(delivery, document)
    assert await store.delivery(documents[1].id, C) is None
    assert await store.delivery("doc_unknown", B) is None
    await store.apply([scribe.move(Step.DONE, Place(B, 0, 1))])
    done = await store.delivery(documents[0].id, B)
    assert done is not None
    assert done.delivery.transport is Transport.DONE


async def test_deliveries_come_by_recipient_and_events_oldest_first(store: Store, scribe: Scribe):
    document = document_of(await one(store, scribe.accept(to=[D, B, C])))
    assert [d.place.recipient for d in await store.deliveries(document.seq)] == [B, C, D]
    assert [r.agency for r in document.recipients] == [D, B, C]


# ---- the directory -----------------------------------------------------------------------------


def _certificate(code: str, fingerprint: str) -> Certificate:
    return Certificate(
        agency=code,
        fingerprint=fingerprint,
        not_before=1,
        not_after=2,
        revoked_at=None,
        der=b"\x00",
    )


async def test_enrolment_adds_and_changes_nothing_but_secrets(store: Store):
    certificates = [_certificate(B, "bb"), _certificate(A, "aa")]
    clients = [Client(id=A, secret_sha256="11", roles=("agency", "history"))]
    await store.enrol([agency(D), agency("000.00.00.G22")], certificates, clients)
    assert [a.code for a in await store.agencies()] == ["000.00.00.G22", *CODES]
    assert await store.certificates() == [certificates[1], certificates[0]]
    assert await store.client(A) == clients[0]
    await store.enrol(
        [replace(agency(A), name_vi="Khác")],
        [replace(certificates[0], not_after=99)],
        [Client(id=A, secret_sha256="22", roles=("operator",))],
    )
    assert agency(A) in await store.agencies()
    assert certificates[0] in await store.certificates()
    assert await store.client(A) == replace(clients[0], secret_sha256="22")


async def test_a_revocation_is_in_the_trust_list_and_on_record(store: Store, scribe: Scribe):
    own, other = _certificate(A, "aa"), _certificate(B, "bb")
    await store.enrol([], [other, own], [])
    audit = scribe.audit("revoke", A)
    revoked = replace(own, revoked_at=audit.now)
    by_code = Revoke(agency=A, audit=audit)
    assert await one(store, by_code) == Revoked((revoked,), 1)
    assert await store.certificates() == [revoked, other]
    again = replace(by_code, agency="", fingerprint="aa", audit=scribe.audit("revoke", "aa"))
    assert await one(store, again) == Revoked((revoked,), 0)
    assert code_of(await one(store, replace(again, fingerprint="cc"))) == "certificate.unknown"
    # To set a world up anew does not take it back.
    await store.enrol([], [own], [])
    assert await store.certificates() == [revoked, other]
    assert [line.target for line in await store.audit_log(9)] == ["aa", A]


async def test_a_certificate_is_added_once_and_on_record(store: Store, scribe: Scribe):
    own, other = _certificate(A, "aa"), _certificate(B, "bb")
    await store.enrol([], [own], [])
    certify = Certify(certificate=other, audit=scribe.audit("trust", "bb"))
    assert await one(store, certify) == Recorded()
    assert await store.certificates() == [own, other]
    for known in (own, replace(other, agency=C)):
        again = Certify(certificate=known, audit=scribe.audit("trust", known.fingerprint))
        assert code_of(await one(store, again)) == "certificate.exists"
    nobodys = Certify(certificate=_certificate("000.00.00.X99", "cc"), audit=certify.audit)
    assert code_of(await one(store, nobodys)) == "agency.unknown"
    # Added and revoked in one group.
    third = _certificate(B, "cc")
    audit = scribe.audit("revoke", B)
    outcomes = await store.apply(
        [Certify(certificate=third, audit=audit), Revoke(agency=B, audit=audit)]
    )
    gone = tuple(replace(c, revoked_at=audit.now) for c in (other, third))
    assert outcomes == [Recorded(), Revoked(gone, 2)]
    assert await store.certificates() == [own, *gone]
    assert [line.act for line in await store.audit_log(9)] == ["revoke", "revoke", "trust"]


async def test_a_renewed_secret_is_on_record_and_no_set_up_takes_it_back(
    store: Store, scribe: Scribe
):
    first = Client(id=A, secret_sha256="11", roles=("agency", "history"))
    await store.enrol([], [], [first])
    audits = [scribe.audit("secret", code) for code in (A, A, B)]
    renewals = [
        Renew(agency=audit.target, secret_sha256=digest, audit=audit)
        for audit, digest in zip(audits, ("22", "33", "44"), strict=True)
    ]
    assert await store.apply(renewals) == [Recorded()] * 3
    renewed = replace(first, secret_sha256="33", renewed_at=audits[1].now)
    new = Client(id=B, secret_sha256="44", roles=("agency",), renewed_at=audits[2].now)
    await store.enrol([], [], [first, replace(new, secret_sha256="55", renewed_at=None)])
    assert [await store.client(A), await store.client(B)] == [renewed, new]
    nobodys = replace(renewals[0], agency="000.00.00.X99")
    assert code_of(await one(store, nobodys)) == "agency.unknown"
    assert await store.client(nobodys.agency) is None
    assert [line.target for line in await store.audit_log(9)] == [B, A, A]


async def test_a_registered_agency_is_in_the_directory_at_once(store: Store, scribe: Scribe):
    new = agency("000.00.00.G22")
    register = Register(agency=new, audit=scribe.audit("register", new.code))
    outcomes = await store.apply([register, scribe.accept(to=[new.code])])
    assert outcomes[0] == Recorded()
    assert document_of(outcomes[1]).recipients[0].no == 1
    assert new in await store.agencies()
    assert code_of(await one(store, register)) == "agency.exists"
    assert await store.audit_log(10) == [register.audit]


# ---- logs and counts ---------------------------------------------------------------------------


async def test_the_newest_acts_come_first(store: Store, scribe: Scribe):
    notes = [Note(audit=scribe.audit("read package", f"doc_{n}")) for n in range(3)]
    assert await store.apply(notes) == [Recorded()] * 3
    assert await store.audit_log(2) == [notes[2].audit, notes[1].audit]


def _refuse(number: int) -> Refuse:
    return Refuse(
        caller=A,
        code="edxml.not_xml",
        place="dòng 1",
        sentence=f"no XML {number}",
        sha256="0" * 64,
        size=7,
        now=NOON + number,
    )


async def test_refused_inputs_leave_a_line_and_no_trace_in_the_books(store: Store):
    refused = [_refuse(number) for number in range(3)]
    assert await store.apply(refused) == [Recorded()] * 3
    assert await store.refusals(2) == [refused[2], refused[1]]
    assert await store.counts(None, 0, 0) == []
    assert [item async for item in store.history()] == [{}, Head(0)]


async def test_only_the_newest_refusals_are_kept(store: Store):
    await store.apply([_refuse(number) for number in range(REFUSALS_KEPT_MAX)])
    await store.apply([_refuse(REFUSALS_KEPT_MAX + number) for number in range(5)])
    kept = await store.refusals(2 * REFUSALS_KEPT_MAX)
    assert len(kept) == REFUSALS_KEPT_MAX
    assert (kept[0], kept[-1]) == (_refuse(REFUSALS_KEPT_MAX + 4), _refuse(5))


async def test_flows_are_counted_by_day_and_agency(store: Store, scribe: Scribe):
    day_us = 86_400_000_000
    await store.apply(
        [
            scribe.accept("1/UBND", at=NOON - day_us),
            scribe.accept("2/UBND", at=NOON),
            scribe.accept("3/UBND", at=NOON),
            scribe.accept("4/UBND", sender=B, to=[A], at=NOON + day_us),
        ]
    )
    expected = [(A, TODAY - 1, "sent", 1), (A, TODAY, "sent", 2), (B, TODAY + 1, "sent", 1)]
    assert await store.counts(None, TODAY - 1, TODAY + 1) == expected
    assert await store.counts(None, 0, TODAY + 1) == expected
    assert await store.counts([A], TODAY - 9, TODAY + 9) == expected[:2]
    assert await store.counts([B, A, B], TODAY, TODAY + 1) == expected[1:]
    assert await store.counts([C], TODAY, TODAY) == []
    assert await store.counts([], TODAY, TODAY) == []
    assert await store.counts([A], TODAY + 2, TODAY + 3) == []


async def test_day_zero_holds_what_stands_and_only_that(store: Store, scribe: Scribe):
    await store.apply([scribe.accept(to=[B, C]), scribe.accept("2/UBND", to=[C])])
    assert await store.counts(None, 0, 0) == [
        (B, 0, "deliveries", 1),
        (B, 0, "transport.waiting", 1),
        (C, 0, "deliveries", 2),
        (C, 0, "transport.waiting", 2),
    ]
    assert await store.counts([B], 0, 0) == [
        (B, 0, "deliveries", 1),
        (B, 0, "transport.waiting", 1),
    ]


async def test_history_is_one_snapshot_counters_first(store: Store, scribe: Scribe):
    first = document_of(await one(store, scribe.accept(to=[C, B])))
    items = store.history()
    counters = await anext(items)
    second = document_of(await one(store, scribe.accept("2/UBND")))
    rest = [item async for item in items]
    assert counters == {
        (A, TODAY, "sent"): 1,
        **{(code, 0, m): 1 for code in (B, C) for m in ("deliveries", "transport.waiting")},
    }
    (event,) = await store.events(first.seq)
    assert rest == [Head(1), first, event, *await store.deliveries(first.seq)]
    assert second not in rest
