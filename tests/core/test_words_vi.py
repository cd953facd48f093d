"""A Vietnamese sentence has no English word of ours in it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axis.api.problems import _INVALID
from axis.core.caller import AGENCY, AUDITOR, OPERATOR
from axis.core.catalogue import CATALOGUE
from axis.core.errors import Fault
from axis.core.glossary import Glossary
from axis.core.lifecycle import Business, Transport
from axis.core.replay import Act, Kind, Stage
from axis.core.trust import ALTERED, Distrust
from axis.core.words_vi import _WORDS, in_vietnamese
from schemas.organ import ORGAN_ID_SHAPE
from tests.vietnamese import english_in, told_in

ROOT = Path(__file__).parents[2]
SOURCES = [
    path
    for room in ("schemas", "axis", "agencies/replays")
    for path in sorted((ROOT / room).rglob("*.py"))
    if not path.name.startswith("openapi")
]

#: Calls whose argument of that number is said in a sentence: its code, the detail, what is before.
SAYING: Mapping[str, list[tuple[int, str, str, str]]] = {
    "Violation": [(0, "signature.broken", "reason", "")],
    "BadCertificate": [(0, "certificate.bad", "reason", "")],
    "DamagedFrame": [(0, "request.invalid", "message", "is damaged at ")],
    "wrong": [(2, "edxml.value", "expected", "")],
    "_not_xml": [(0, "edxml.not_xml", "message", "")],
    "_wrong": [(0, "traffic.package", "message", "")],
    "_no_row": [(0, "traffic.row", "message", "")],
    "_no_agency": [(0, "traffic.agency", "message", "")],
    "_no_time": [
        (0, "traffic.time", "what", ""),
        (1, "traffic.time", "found", ""),
        (2, "traffic.time", "message", ""),
    ],
    "Signature": [(1, "signature.broken", "reason", "")],
}
#: Functions that return what is said, by file.
RETURNING: Mapping[tuple[str, str], tuple[str, str, str]] = {
    ("rebuilt", "unbuildable"): ("traffic.row", "message", "no package can be built: "),
    ("replay_check", "_unlike"): ("traffic.package", "message", ""),
    ("traffic_course", "_move"): ("traffic.state", "message", ""),
    ("traffic_course", "_status"): ("traffic.state", "message", ""),
    ("traffic_course", "fault"): ("traffic.state", "message", ""),
}


@cache
def nodes() -> list[tuple[str, ast.AST]]:
    """Everything the sources are made of, each with the name of its file."""
    trees = [(path.stem, ast.parse(path.read_text("utf-8"))) for path in SOURCES]
    return [(stem, node) for stem, tree in trees for node in ast.walk(tree)]


def texts(node: ast.expr | None) -> Iterator[str]:
    """The texts that an expression may be, with 7 where it holds something."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(
                str(part.value)
                if isinstance(part, ast.Constant)
                else "'7'"
                if isinstance(part, ast.FormattedValue) and part.conversion == ord("r")
                else "7"
                for part in parts
            )
        case ast.IfExp(body=one, orelse=other):
            yield from texts(one)
            yield from texts(other)
        case ast.BoolOp(values=values):
            for value in values:
                yield from texts(value)
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format_map")):
            yield text.replace("{CodeNumber}", "7").replace("{CodeNotation}", "7")


def said() -> Iterator[tuple[str, str, str]]:
    """Every (code, detail, text) that the sources write out."""
    for stem, node in nodes():
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args):
                for at, code, detail, before in SAYING.get(name, ()):
                    for text in texts(args[at]) if at < len(args) else ():
                        yield code, detail, before + text
                match args:
                    case [ast.Constant(value=str(code)), *_] if code in CATALOGUE:
                        yield from _written(code, node)
            case ast.FunctionDef(name=name) if (stem, name) in RETURNING:
                code, detail, before = RETURNING[stem, name]
                for inner in ast.walk(node):
                    for text in texts(inner.value) if isinstance(inner, ast.Return) else ():
                        if text:
                            yield code, detail, before + text


def _written(code: str, call: ast.Call) -> Iterator[tuple[str, str, str]]:
    """The details of a call that names its code: keywords, or a dictionary."""
    named: list[tuple[str | None, ast.expr]] = [(word.arg, word.value) for word in call.keywords]
    for argument in (*call.args, *(value for _, value in named)):
        if isinstance(argument, ast.Dict):
            named += [
                (key.value, value)
                for key, value in zip(argument.keys, argument.values, strict=True)
                if isinstance(key, ast.Constant) and isinstance(key.value, str)
            ]
    names = {name for name, _ in named}
    for name, value in named:
        # An element's name is one; what is said in both languages on the spot is looked at there.
        if name != "element" and f"{name}_vi" not in names:
            for text in texts(value):
                yield code, str(name), text


def in_both() -> Iterator[str]:
    """What is written in Vietnamese beside its English, on the spot."""
    for _, node in nodes():
        match node:
            case ast.Call(func=ast.Name(id="invalid"), args=[_, _, told]):
                yield from texts(told)
            case ast.keyword(arg="message_vi", value=told):
                yield from texts(told)
            case ast.Dict(keys=keys, values=values):
                for key, told in zip(keys, values, strict=True):
                    if isinstance(key, ast.Constant) and key.value == "message_vi":
                        yield from texts(told)
    yield from (vi for _, vi in _INVALID.values())


#: What errors take from lists of the axis's own.
LISTED = [
    *(("lifecycle.ended", "state", b.name.lower()) for b in Business),
    *(("delivery.not_parked", "state", t.name.lower()) for t in Transport),
    *(("status.not_yours", "speaker", word) for word in ("sender", "recipient")),
    *(("package.kind", name, w) for name in ("expected", "found") for w in ("document", "status")),
    *(("signature.untrusted", "reason", word) for word in get_args(Distrust)),
    *(("auth.role", "role", role) for role in (AGENCY, OPERATOR, AUDITOR, "operator or auditor")),
    *(("replay.stage", "stage", stage.value) for stage in Stage),
    *(("replay.stage", "act", act) for act in (*Act, "take")),
    *(("replay.not_played", "kind", kind.value) for kind in Kind),
    *(
        ("axis.books_damaged", "what", what)
        for kind in ("document", "event", "delivery")
        for what in (
            f"{kind} 7 and on: cannot be read: database disk image is malformed",
            f"{kind} 7: its row is no {kind}: year 7 is out of range",
        )
    ),
    ("axis.books_damaged", "what", "head of the books: missing"),
    ("signature.broken", "reason", ALTERED),
    ("edxml.value", "expected", ORGAN_ID_SHAPE),
    ("edxml.encoding", "found", "a text with the byte 0xE1"),
    ("package.too_large", "size", "52443890 or more"),
    ("traffic.row", "message", "its id is that of an earlier row"),
    ("traffic.row", "message", "it has more than 7 bytes beside its package"),
    ("traffic.row", "message", "the closing line counts 7 rows, 8 deliveries"),
    *(
        ("traffic.package", "message", f"it has not the same {name}")
        for name in ("sender", "DocumentId", "kind", "urgency", "recipients")
    ),
    *(
        ("traffic.package", "message", f"its signature is {said} in a world of this seed: {why}")
        for said, why in (("untrusted", "unknown"), ("broken", ALTERED))
    ),
    ("signature.broken", "reason", "X must hold SignedInfo and SignatureValue and KeyInfo only"),
]


@pytest.mark.parametrize(("code", "name", "text"), LISTED)
def test_what_an_error_chooses_is_said_in_vietnamese(code: str, name: str, text: str) -> None:
    fault = Fault(code, "", {name: text})
    told = in_vietnamese(code, name, text)
    assert told != text
    assert told in fault.sentence("vi")
    assert english_in(fault.sentence("vi")) == []


def test_what_the_sources_write_out_is_said_in_vietnamese() -> None:
    found = set(said())
    # All of them are looked at: nothing is found where a name has changed.
    named = {code for places in SAYING.values() for _, code, _, _ in places}
    assert named | {code for code, _, _ in RETURNING.values()} <= {code for code, _, _ in found}
    assert len(found) > 80
    english = [
        (text, told)
        for code, name, text in sorted(found)
        if english_in(told := Fault(code, "", {name: text}).sentence("vi"))
    ]
    assert english == []


def test_what_is_written_in_vietnamese_on_the_spot_is() -> None:
    found = [*in_both(), *(entry.vi for entry in CATALOGUE.values())]
    assert len(found) > 100
    assert [text for text in found if english_in(text)] == []


@pytest.mark.parametrize("word", get_args(Distrust))
def test_why_a_certificate_is_not_trusted_is_a_clause(word: str) -> None:
    told = Fault("signature.untrusted", "", {"reason": word}).sentence()
    assert told.startswith("The signing certificate is not trusted: it ")


def test_what_a_caller_wrote_is_quoted_as_it_is() -> None:
    detail = {"element": "Priority", "found": "document", "expected": "0"}
    assert "'document'" in Fault("edxml.value", "", detail).sentence("vi")


def test_what_a_library_says_is_translated_or_quoted_in_both_languages() -> None:
    known = Fault("edxml.not_xml", "", {"message": "Premature end of data in tag a line 2"})
    assert known.sentence().endswith(": Premature end of data in tag a line 2.")
    assert known.sentence("vi").endswith(": tài liệu kết thúc khi thẻ a ở dòng 2 chưa đóng.")
    strange = Fault("edxml.not_xml", "", {"message": "the moon is full"})
    assert strange.sentence().endswith(": the XML library says “the moon is full”.")
    assert strange.sentence("vi").endswith(": thư viện XML báo “the moon is full”.")


def test_a_pattern_says_what_it_holds() -> None:
    glossary = Glossary({"one": "một"}, {r"(\w+) and (.*)": "{0} và {1}"})
    assert glossary.say("one and two and one") == "một và two và một"
    assert (glossary.known("two"), glossary.say("two")) == (None, "two")


def test_a_pattern_that_holds_all_of_a_text_comes_to_an_end() -> None:
    glossary = Glossary({}, {r"no (.*)": "không {0}", r".*?(one|two).*": "sai {0}"})
    assert glossary.say("one") == "sai one"
    assert glossary.say("no two") == "không sai two"


PATTERNS = [
    (glossary, pattern)
    for names in _WORDS.values()
    for glossary in names.values()
    for pattern in glossary.patterns
]


@pytest.mark.parametrize(("glossary", "pattern"), PATTERNS, ids=[p for _, p in PATTERNS])
@settings(max_examples=10)
@given(data=st.data())
def test_whatever_fits_a_pattern_is_said(glossary: Glossary, pattern: str, data: Any) -> None:
    text = data.draw(st.from_regex(pattern, fullmatch=True))
    assert glossary.known(text)


@pytest.mark.parametrize(
    "planted",
    [
        Fault("edxml.value", "", {"element": "X", "found": "y", "expected": "5 to 6 letters"}),
        Fault("auth.role", "", {"role": "operator or agency"}),
        Fault("signature.broken", "", {"reason": "it has a hole"}),
        Fault("request.invalid", "", {"place": "x", "message": "must be blue"}),
    ],
)
def test_an_english_word_in_a_vietnamese_sentence_is_found(planted: Fault) -> None:
    assert english_in(planted.sentence("vi"))
    assert list(told_in({"a": [{"detail_vi": planted.sentence("vi")}]})) == [planted.sentence("vi")]
