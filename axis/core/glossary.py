"""How the words that stand inside a sentence are said in another language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Glossary:
    """What may stand at one place of a sentence, and how it is said.

    ``words`` are whole texts. The keys of ``patterns`` are regular expressions of those that hold
    something: what the groups matched stands in the value as {0}, {1}, said by the same glossary
    where it knows it and else as it is. ``stranger`` quotes the sentences of somebody else that
    it does not know.
    """

    words: Mapping[str, str] = field(default_factory=lambda: _NONE)
    patterns: Mapping[str, str] = field(default_factory=lambda: _NONE)
    stranger: str = "{0}"

    def known(self, text: str) -> str | None:
        """How ``text`` is said; None where the glossary does not have it."""
        if text in self.words:
            return self.words[text]
        for pattern, said in self.patterns.items():
            if (match := re.fullmatch(pattern, text, re.DOTALL)) is not None:
                return said.format(*(self._part(part, text) for part in match.groups("")))
        return None

    def _part(self, part: str, of: str) -> str:
        """How a part is said. What is all of the text would never come to an end."""
        return part if part == of else self.known(part) or part

    def say(self, text: str) -> str:
        """How ``text`` is said, or the text itself."""
        said = self.known(text)
        return self.stranger.format(text) if said is None else said
