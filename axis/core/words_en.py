"""Words that do not complete an English sentence as they are.

A reason keeps its word wherever a program reads it; only the sentence says it in full. Sentences
of a library are quoted, unless they are so common that Vietnamese has words for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from axis.core.words_vi import glossary

#: By code and the name of the detail.
_WORDS: Final[Mapping[tuple[str, str], Mapping[str, str]]] = {
    ("signature.untrusted", "reason"): {
        "unknown": "it is not on the trust list",
        "foreign": "it is another agency's",
        "not_yet_valid": "it is not valid yet",
        "expired": "it has expired",
        "revoked": "it was revoked",
    },
    ("replay.stage", "act"): {
        "run": "be run",
        "pause": "be paused",
        "resume": "be resumed",
        "abort": "be aborted",
        "take": "be taken",
    },
}
_STRANGERS: Final[Mapping[tuple[str, str], str]] = {
    ("edxml.not_xml", "message"): "the XML library says “{0}”",
    ("edxml.schema", "message"): "the XML library says “{0}”",
    ("request.malformed", "reason"): "the HTTP parser says “{0}”",
}
_NOTHING: Final[Mapping[str, str]] = {}


def in_english(code: str, name: str, text: str) -> str:
    """The detail ``name`` of an error as it stands in its English sentence."""
    stranger = _STRANGERS.get((code, name))
    if stranger is None:
        return _WORDS.get((code, name), _NOTHING).get(text, text)
    known = glossary(code, name)
    assert known is not None
    return text if known.known(text) is not None else stranger.format(text)
