"""Whatever is wrong with a package is said without a word of English, but for what is quoted."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from axis.core.errors import Fault
from axis.core.words_vi import glossary
from schemas.edxml import Problem
from schemas.edxml_read import read
from schemas.edxml_rules import strict
from schemas.edxml_write import write
from tests.schemas.packages import DOCUMENT, STATUS
from tests.schemas.test_edxml_data import DATA
from tests.schemas.test_edxml_hostile import PIECES
from tests.vietnamese import english_in

RAWS = (write(DOCUMENT), write(STATUS))
MORE = (
    b"",
    b"=",
    b"'",
    b"\xe1",
    b"&x;",
    b"a='<'",
    b"x:y",
    b" b='1' b='2'",
    b"--",
    b"xmlns:a=''",
    b"&#x1;",
    b"<?xml?>",
    b"<edXML:To/>",
)


def problems_of(raw: bytes) -> list[Problem]:
    reading = read(raw)
    return [*reading.problems, *(() if reading.root is None else strict(reading.root))]


def english(problem: Problem) -> list[str]:
    return english_in(Fault(problem.code, problem.place, problem.detail).sentence("vi"))


@pytest.mark.parametrize("path", sorted(DATA.rglob("*.edxml")), ids=lambda path: path.stem)
def test_what_is_wrong_with_a_sample(path) -> None:
    found = problems_of(path.read_bytes())
    assert [(problem, english(problem)) for problem in found if english(problem)] == []


def test_what_is_wrong_with_a_package_that_was_changed() -> None:
    dice = random.Random(2020)
    kinds: Counter[tuple[str, bool]] = Counter()
    for _ in range(1500):
        raw = bytearray(dice.choice(RAWS))
        for _ in range(dice.randint(1, 3)):
            at = dice.randrange(dice.choice((1500, len(raw))))
            raw[at : at + dice.randint(0, 12)] = dice.choice((*PIECES, *MORE))
        for problem in problems_of(bytes(raw)):
            # Chance makes elements that are called so.
            assert [word for word in english(problem) if word not in "aA"] == [], problem
            words = glossary(problem.code, "message")
            kinds[problem.code, bool(words and words.known(problem.detail["message"]))] += 1
    assert len(kinds) > 10
    # Nearly all that the XML library says of such packages has words of our own.
    translated, quoted = kinds["edxml.not_xml", True], kinds["edxml.not_xml", False]
    assert translated > 20 * quoted, kinds
    assert kinds["edxml.schema", True] > 10, kinds
