"""Every failure a caller can meet.

    AxisError
    ├── Rejected      the caller's fault: fix the request; nothing was written
    └── Unavailable   the world's fault: the same request may be repeated as it is

Each carries codes of the catalogue (``axis.core.catalogue``). Anything else that escapes a flow
is a bug of ours and ends as ``axis.internal``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from axis.core.catalogue import CATALOGUE, Entry
from axis.core.words_en import in_english
from axis.core.words_vi import in_vietnamese

_NOTHING: Mapping[str, str] = MappingProxyType({})


class _Blank(dict[str, str]):
    """Details a sentence speaks of and the caller did not give read as '?', never as a crash."""

    def __missing__(self, key: str) -> str:
        return "?"


def sentence(code: str, detail: Mapping[str, str], language: str = "en") -> str:
    """Return the catalogue's sentence for ``code`` with ``detail`` filled in.

    A detail that is itself words has a ``<name>_vi`` beside it, or is one of ``words_vi``; some
    words of ours become a clause in English too (``words_en``).
    """
    entry = CATALOGUE[code]
    if language != "vi":
        said = {name: in_english(code, name, text) for name, text in detail.items()}
        return entry.en.format_map(_Blank(said))
    own = {
        name: detail.get(f"{name}_vi") or in_vietnamese(code, name, text)
        for name, text in detail.items()
    }
    return entry.vi.format_map(_Blank(own))


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong: a catalogue code, the place in the package or request, the details."""

    code: str
    place: str = ""
    detail: Mapping[str, str] = field(default_factory=lambda: _NOTHING)

    def __post_init__(self) -> None:
        assert self.code in CATALOGUE, f"{self.code} is not in the catalogue"

    @property
    def entry(self) -> Entry:
        """The catalogue row."""
        return CATALOGUE[self.code]

    def sentence(self, language: str = "en") -> str:
        """One sentence for a person."""
        return sentence(self.code, self.detail, language)


class AxisError(Exception):
    """A failure with a code of the catalogue; ``faults[0]`` decides the HTTP status."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        assert self.faults
        super().__init__("; ".join(f"{f.code}: {f.sentence()}" for f in self.faults))


class Rejected(AxisError):
    """The caller's fault: nothing was written, and the same request will fail again."""


class Unavailable(AxisError):
    """The world's fault: the outcome is unknown or nothing was done; repeat the request."""

    #: Seconds told to the caller in Retry-After; one group commit takes milliseconds.
    retry_after_s = 1


def rejected(code: str, place: str = "", /, **detail: object) -> Rejected:
    """Return the rejection ``code`` with its details as text."""
    return Rejected([Fault(code, place, {k: str(v) for k, v in detail.items()})])


def unavailable(code: str, /, **detail: object) -> Unavailable:
    """Return the unavailability ``code``."""
    return Unavailable([Fault(code, "", {k: str(v) for k, v in detail.items()})])
