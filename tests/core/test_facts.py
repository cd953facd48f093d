"""Every command says what must be loaded before it can be decided."""

from __future__ import annotations

from axis.core.commands import Accept, Audit, ByDocument, ById, Lock, Move, Note, Refuse, Say, UpTo
from axis.core.directory import Agency
from axis.core.document import Addressee, Lane, Place
from axis.core.facts import Changes, Wants, wants
from axis.core.lifecycle import Step
from axis.core.member_commands import Register

A, B, C = "000.00.00.H01", "000.00.00.H02", "000.00.00.H03"
AUDIT = Audit(actor="op", act="lock", target=B, why="asked to", now=1)
REFUSE = Refuse(caller=A, code="edxml.not_xml", place="", sentence="", sha256="", size=0, now=1)


def test_a_package_wants_its_name_and_its_lanes():
    accept = Accept(
        id="doc_1",
        sender=A,
        unit=A,
        document_id="1/UBND",
        kind=0,
        urgency=4,
        sha256="ab",
        body=b"",
        recipients=(Addressee(B, (B,)), Addressee(C, (C,))),
        at=1,
        now=1,
        verdict="valid",
    )
    assert wants([accept, accept]) == Wants(
        names={(A, "1/UBND", "ab")}, lanes={Lane(B, 4), Lane(C, 4)}
    )


def test_moves_and_statuses_want_their_targets():
    targets = (ById("doc_1", B), ByDocument(A, "1/UBND", B), UpTo(B, 0, 9), Place(B, 0, 1))
    move = Move(step=Step.DONE, targets=targets, actor=B, at=1, now=1)
    say = Say(target=ById("doc_2", C), code="01", actor=C, at=1, now=1)
    assert wants([move, say]) == Wants(
        by_id={ById("doc_1", B), ById("doc_2", C)},
        by_document={ByDocument(A, "1/UBND", B)},
        up_to={UpTo(B, 0, 9)},
        places={Place(B, 0, 1)},
    )


def test_a_lock_wants_all_that_is_not_done_and_logs_want_nothing():
    agency = Agency(code=C, name_vi="", name_en="", kind="", level="", certainty="")
    assert wants([Lock(code=B, locked=True, audit=AUDIT)]) == Wants(whole={(B, 0, 0)})
    assert wants([Note(audit=AUDIT), REFUSE, Register(agency=agency, audit=AUDIT)]) == Wants()
    assert wants([]) == Wants()


def test_changes_are_empty_until_there_is_something_to_write():
    assert Changes().empty
    assert not Changes(audits=[AUDIT]).empty
    assert not Changes(refusals=[REFUSE]).empty
