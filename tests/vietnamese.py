"""Whether a Vietnamese sentence is Vietnamese all through."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

#: English words that are no Vietnamese ones without their marks, as "in", "do" and "no" are.
_ENGLISH = (
    "a|an|and|are|at most|be|before|behind|but|byte 0x|bytes|cannot|expected|has|have|is|it|its|"
    "line|more|must|needs|nor|not|of|or|stands|than|that|the|there|to|was|which|with|"
    "A|It|Its|The|There"  # "To" is an element.
)
_WORD = re.compile(rf"(?<![\w./'-])(?:{_ENGLISH})(?=[\s,:;)]|\.?$)")
#: What somebody else said: a library, or the caller.
_QUOTED = re.compile(r"“.*”|'.*'|\".*\"", re.DOTALL)


def english_in(sentence: str) -> list[str]:
    """The English words of a sentence that stand outside of what it quotes."""
    return _WORD.findall(_QUOTED.sub("…", sentence))


def told_in(value: Any) -> Iterator[str]:
    """Every Vietnamese sentence in an answer, without the place that it may begin with."""
    match value:
        case {"detail_vi": str(told), **rest}:
            yield told.removeprefix(str(rest.get("place", "")))
            yield from told_in(list(rest.values()))
        case dict():
            yield from told_in(list(value.values()))
        case list():
            for inner in value:
                yield from told_in(inner)
