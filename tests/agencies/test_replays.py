"""Recorded traffic played again: its acts, its score in stretches, and packages built anew."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.keys import AgencyKey, make_agency, make_authority
from agencies.replays import score as scores
from agencies.replays.acts import Act, acts_of
from agencies.replays.rebuilt import rebuilt, unbuildable
from agencies.replays.score import Score
from axis.core.timetable import from_iso, iso
from schemas.codes import agencies
from schemas.edxml import DocumentPackage
from schemas.edxml_read import read
from schemas.examine import examine
from schemas.traffic import Row
from tests.traffic_rows import DONE, G22, H26, H37, SAID, SENT, happening, row, share

MINUTE_US = 60_000_000
START_US = from_iso("2020-01-15T08:00:00")


@cache
def key_of(code: str) -> AgencyKey:
    return make_agency(make_authority(1), code, code)


def built(one: Row, seed: int = 1) -> bytes:
    key = key_of(one.sender)
    return rebuilt(one, seed, key.private_key, key.certificate_der)


# ---- acts --------------------------------------------------------------------------------------


def acts(*happened: dict[str, Any]) -> list[Act]:
    return list(acts_of(3, row(deliveries=[share(happened=list(happened))])))


def test_taking_is_no_act_and_the_rest_keeps_its_order_and_its_times() -> None:
    found = list(acts_of(3, row()))
    assert [(a.place, a.kind, a.code, a.occurred_at) for a in found] == [
        (0, "done", "", DONE),
        (1, "say", "01", DONE),
        (2, "say", "03", SAID),
    ]
    assert {(a.no, a.recipient, a.speaker) for a in found} == {(3, G22, G22)}


def test_no_act_falls_due_before_the_one_in_front_of_it() -> None:
    found = acts(happening("done", SAID), happening("status", DONE, code="01"))
    assert [a.occurred_at for a in found] == [SAID, DONE]
    assert [a.at_us for a in found] == [from_iso(SAID)] * 2
    # Nor before its document is sent.
    assert acts(happening("done", "2020-01-15T08:29:00+07:00"))[0].at_us == from_iso(SENT)


def test_a_lock_is_played_by_the_recipient_and_a_taking_back_by_the_sender() -> None:
    found = acts(
        happening("parked", reason="locked", by="operator"),
        happening("reset", by="operator"),
        happening("status", code="13", by=H37),
    )
    assert [(a.kind, a.reason, a.speaker) for a in found[:1]] == [("fail", "locked", "operator")]
    assert [(a.kind, a.recipient) for a in found] == [("fail", G22), ("reset", G22), ("say", G22)]
    assert found[2].speaker == H37


# ---- the score ---------------------------------------------------------------------------------


def sent_at(number: int, minute: int, **more: Any) -> Row:
    """A document sent so many minutes after eight, done a minute later and accepted after three."""
    at, done, said = (iso(START_US + (minute + m) * MINUTE_US) for m in (0, 1, 3))
    happened = [
        happening("done", done),
        happening("status", done, code="01"),
        happening("status", said, code="03"),
    ]
    return row(
        number,
        occurred_at=at,
        recorded_at=at,
        deliveries=[share(happened=happened), share(H26, happened=happened)],
        **more,
    )


def filled(home: Path, rows: list[Row]) -> None:
    with Score.begin(home) as score:
        for one in rows:
            score.add(one, None)
        score.complete(START_US + 60 * MINUTE_US)


def played(home: Path, span_us: int | None) -> list[tuple[int, ...]]:
    """Play without an axis: by stretch its first minute, its documents and its acts."""
    before = -1
    seen: list[tuple[int, ...]] = []
    with Score(home) as score:
        while (stretch := score.next(span_us)) is not None:
            assert before < stretch.first_us <= stretch.last_us
            times = [part.at_us for part in stretch.parts] + [a.at_us for a in stretch.acts]
            assert all(stretch.first_us <= at <= stretch.last_us for at in times)
            assert min(times) == stretch.first_us
            docs = [(part.no, f"doc_{part.no}") for part in stretch.parts]
            score.finished(stretch, docs, [])
            before = stretch.last_us
            seen.append((stretch.first_us, len(stretch.parts), len(stretch.acts)))
    return seen


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=12),
    st.none() | st.integers(1, 10).map(lambda n: n * MINUTE_US),
    st.integers(1, 4),
)
def test_every_document_and_every_act_is_played_once(
    tmp_path_factory: pytest.TempPathFactory, minutes: list[int], span_us: int | None, most: int
) -> None:
    home = tmp_path_factory.mktemp("score")
    filled(home, [sent_at(n, minute) for n, minute in enumerate(minutes, start=1)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scores, "DOCUMENTS_MAX", most)
        patch.setattr(scores, "ACTS_MAX", most)
        seen = played(home, span_us)
    assert sum(parts for _, parts, _ in seen) == len(minutes)
    assert sum(acts for *_, acts in seen) == 6 * len(minutes)
    with Score(home) as score:
        state = score.state
        assert (state.sent, state.received, state.said) == (
            len(minutes),
            2 * len(minutes),
            4 * len(minutes),
        )
        assert (state.documents, state.deliveries) == (state.sent, state.received)
        assert score.next(span_us) is None


def test_a_stretch_is_bounded_in_time_in_documents_and_in_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path, [sent_at(n, n) for n in range(1, 6)])
    with Score(tmp_path) as score:
        assert [part.no for part in score.next(2 * MINUTE_US).parts] == [1, 2]  # type: ignore[union-attr]
        monkeypatch.setattr(scores, "DOCUMENTS_MAX", 3)
        assert len(score.next(None).parts) == 3  # type: ignore[union-attr]
        monkeypatch.setattr(scores, "BYTES_MAX", 50_000)
        assert len(score.next(None).parts) == 2  # type: ignore[union-attr]
        # One always passes, however large.
        monkeypatch.setattr(scores, "BYTES_MAX", 1)
        assert len(score.next(None).parts) == 1  # type: ignore[union-attr]


def test_what_was_not_finished_is_played_again_and_what_was_is_not(tmp_path: Path) -> None:
    filled(tmp_path, [sent_at(1, 0), sent_at(2, 10)])
    with Score(tmp_path) as score:
        first = score.next(MINUTE_US)
        assert first is not None
        score.trouble(1, G22, "say 01: no")
    with Score(tmp_path) as score:
        # Cut off: the same once more, and what was noted is not noted twice.
        assert score.next(MINUTE_US) == first
        score.trouble(1, G22, "say 01: no")
        score.finished(first, [], [(1, "document.conflict: x")])
    with Score(tmp_path) as score:
        following = score.next(MINUTE_US)
        assert following is not None
        assert following.first_us == START_US + MINUTE_US
        assert score.docs([1, 2]) == {}
        one, other = score.played()
        assert (one.refused, one.troubles) == ("document.conflict: x", [(G22, "say 01: no")])
        assert (other.no, other.refused, other.row) == (2, "", sent_at(2, 10))


def test_a_document_is_found_by_what_the_axis_calls_it(tmp_path: Path) -> None:
    filled(tmp_path, [sent_at(1, 0), sent_at(2, 0)])
    played(tmp_path, None)
    with Score(tmp_path) as score:
        found = score.of("doc_2")
        assert found is not None
        assert (found.no, found.row.seq) == (2, 2)
        assert score.docs([1, 2]) == {1: ("doc_1", H37), 2: ("doc_2", H37)}
        assert score.of("doc_3") is None
        assert score.of("") is None


# ---- packages built anew -----------------------------------------------------------------------


@pytest.mark.parametrize("size", [9_000, 19_999, 20_000, 20_001, 20_002, 20_003, 1_400_000])
def test_a_package_is_as_large_as_stated_to_the_byte(size: int) -> None:
    assert len(built(row(size=size))) == size


def test_a_package_is_never_smaller_than_its_elements() -> None:
    assert 4_000 < len(built(row(size=1))) < 9_000


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert built(row()) == built(row())
    assert built(row()) != built(row(), seed=2)
    assert built(row()) != built(row(sha256="f" * 64))


def test_a_package_says_what_its_row_says() -> None:
    units = ["000.00.13.G22", "01.02.G22"]
    links = [{"relation": "answers", "sender": H26, "document_id": f"{H26},2020/01/10,3/UBND"}]
    one = row(unit="000.00.20.H37", urgency=3, deliveries=[share(units=units)], links=links)
    found = examine(built(one))
    assert found.letter is not None
    letter = found.letter
    assert [flaw for flaw in found.flaws if flaw.error] == []
    assert (letter.sender, letter.recipients) == (one.unit, tuple(units))
    assert (letter.document_id, letter.code, letter.type_name) == (
        one.document_id,
        one.code,
        one.type,
    )
    assert (letter.priority, letter.promulgated) == (3, "2020-01-15")
    assert letter.answers == ((H26, f"{H26},2020/01/10,3/UBND"),)
    assert (found.seal.kind, found.seal.genuine) == ("candidate", True)
    assert hashlib.sha256(built(one)).hexdigest() == found.sha256


@pytest.mark.parametrize(("kind", "relation"), [(1, "recalls"), (2, "updates"), (3, "replaces")])
def test_what_a_package_does_to_a_document_is_in_it(kind: int, relation: str) -> None:
    about = f"{H37},2020/01/10,3/UBND"
    links = [{"relation": relation, "sender": H37, "document_id": about}]
    one = row(kind=kind, links=links, deliveries=[share(), share(H26)])
    raw = built(one)
    assert len(raw) == one.size
    letter = examine(raw).letter
    assert letter is not None
    named = {
        "recalls": [name for _, name in letter.answers],
        "updates": [letter.business_document_id],
        "replaces": list(letter.replaced),
    }
    assert set(named[relation]) == {about}
    assert letter.doc_type == kind
    reading = read(raw)
    assert isinstance(reading.package, DocumentPackage)
    assert reading.errors == ()


def test_names_of_any_shape_make_a_package() -> None:
    for document_id, code in (("x", ""), ("a,b,c", ""), (f"{H37},2020/13/99,1/Q", "1/Q")):
        found = examine(built(row(document_id=document_id, code=code)))
        assert found.letter is not None
        assert found.letter.document_id == document_id


def test_every_agency_can_be_a_sender_of_every_type() -> None:
    for one in agencies()[::13]:
        sender = one.code
        raw = built(row(sender=sender, unit=sender, type="", deliveries=[share(H37)]))
        assert len(raw) == 20_000


def spoken_of(relation: str, **more: str) -> list[dict[str, str]]:
    return [{"relation": relation, "sender": H37, "document_id": f"{H37},2020/01/14,9/A", **more}]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"document_id": "a\x01b"}, "U+0001"),
        ({"code": "1/\ufffe"}, "U+FFFE"),
        ({"type": "a\x0bb"}, "U+000B"),
        ({"links": spoken_of("answers", document_id="1/\x1f")}, "U+001F"),
        ({"document_id": " "}, "blank"),
        ({"links": spoken_of("answers", document_id="")}, "blank"),
        ({"links": spoken_of("answers", sender="zz")}, "no agency"),
        ({"code": "12"}, "its code"),
        ({"code": "/UBND"}, "its code"),
        ({"code": f"1/{'x' * 31}"}, "its code"),
        ({"code": "", "document_id": "a-uuid"}, "its code"),
        ({"type": "x" * 101}, "its type"),
        ({"kind": 1}, "recalls nothing"),
        ({"kind": 2, "links": spoken_of("answers")}, "updates nothing"),
        ({"kind": 3, "links": spoken_of("recalls")}, "replaces nothing"),
        ({"deliveries": [share(units=[G22, G22])]}, "twice"),
    ],
)
def test_of_what_no_package_can_be_built_it_is_said_why(more: dict[str, Any], why: str) -> None:
    assert why in unbuildable(row(**more))


_words = st.sampled_from(
    ["", " ", "1/A", "7", "a,b", "\x01", "\ufffe", "Công văn", "x" * 101, "/", H37]
)
_texts = st.lists(_words, max_size=3).map("".join)
_links = st.fixed_dictionaries(
    {
        "relation": st.sampled_from(["recalls", "updates", "replaces", "answers"]),
        "sender": st.sampled_from([H37, "zz", ""]),
        "document_id": _texts.map(lambda text: text[:200]),
    }
)


@given(
    st.builds(
        row,
        kind=st.integers(0, 3),
        type=_texts.map(lambda text: text[:200]),
        code=_texts.map(lambda text: text[:200]),
        document_id=_texts.map(lambda text: text[:200] or "x"),
        links=st.lists(_links, max_size=2),
        deliveries=st.lists(st.sampled_from([share(), share(units=[]), share(H26)]), min_size=1, max_size=2),
    )
)  # fmt: skip
def test_whatever_can_be_built_is_what_an_axis_takes(one: Row) -> None:
    if unbuildable(one):
        return
    found = examine(built(one))
    assert [flaw for flaw in found.flaws if flaw.error] == []
    assert found.letter is not None
    assert found.letter.document_id == one.document_id.strip()
