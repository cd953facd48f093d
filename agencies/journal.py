"""What an agency must not forget when its process is killed: JSON lines, only ever appended.

One write call per group of lines, straight to the file: once it returns, a killed process cannot
take it back (the page cache is the kernel's). Nothing is fsynced: this is the agency's memory of a
simulation, not the axis's promise. A last line that was cut off is dropped when the file is opened;
whatever it would have said is done again, and every request is safe to repeat.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SENT_FILE = "sent.jsonl"
RECEIVED_FILE = "received.jsonl"

_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Lines:
    """An append-only file of JSON objects. Opening it drops a torn last line."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        whole = _whole(path)
        os.ftruncate(self._file, whole)

    def append(self, values: Iterable[Mapping[str, Any]]) -> None:
        """Write objects, one a line, in one piece. Raises OSError that names the file."""
        rest = memoryview("".join([_dumps(value) + "\n" for value in values]).encode())
        while rest:
            # A full disk writes less than asked for and says so at the next call.
            try:
                rest = rest[os.write(self._file, rest) :]
            except OSError as error:
                raise OSError(error.errno, error.strerror, f"{self._path}") from None

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a file; a torn last one is left out, a missing file has none."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in content[: content.rfind(b"\n") + 1].splitlines()]


def _whole(path: Path) -> int:
    return path.read_bytes().rfind(b"\n") + 1


@dataclass(slots=True)
class Taken:
    """One delivery as its recipient remembers it. Times are the run's, microseconds UTC;
    ``available_s`` and ``done_s`` are readings of the machine's monotonic clock.
    """

    delivery: str
    sender: str
    document_id: str
    sha256: str
    size: int
    at_us: int
    available_s: float
    script: str = ""
    #: Its place in the lane; 0 where that was not told.
    urgency: int = 0
    no: int = 0
    done: bool = False
    done_s: float = 0.0
    failed: str = ""
    #: Codes that the axis has taken note of, and those it refused, with its reason.
    said: set[str] = field(default_factory=set)
    unsaid: dict[str, str] = field(default_factory=dict)
    #: Times the package came in; the first one counts.
    arrivals: int = 1


class ReceivedJournal:
    """``received.jsonl`` of one agency: every delivery once, whatever came how often.

    ``reach`` is the last number of each lane that is taken or waits no more, in the books that
    ``source`` names ("" until a topic has named them).
    """

    def __init__(self, folder: Path) -> None:
        self.taken: dict[str, Taken] = {}
        self.reach: dict[int, int] = {}
        self.source = ""
        for value in read_lines(folder / RECEIVED_FILE):
            self._fold(value)
        self._lines = Lines(folder / RECEIVED_FILE)

    def took(self, taken: Iterable[Taken]) -> None:
        """Remember new deliveries, and which could not be taken, before the axis is told."""
        fresh = list(taken)
        self._write([_took(one) for one in fresh], fresh)

    def again(self, deliveries: Iterable[str]) -> None:
        """Remember that deliveries came in once more."""
        self._write([{"again": list(deliveries)}])

    def done(self, deliveries: Iterable[str], at_s: float) -> None:
        """Remember that the axis knows of these."""
        self._write([{"done": list(deliveries), "at_s": at_s}])

    def said(
        self, words: Iterable[tuple[str, str]], unsaid: Iterable[tuple[str, str, str]] = ()
    ) -> None:
        """Remember (delivery, code) that the axis took, (delivery, code, why) that it did not."""
        told = [list(word) for word in words]
        refused = [list(word) for word in unsaid]
        self._write([{"said": told, **({"unsaid": refused} if refused else {})}])

    def reached(self, reach: Mapping[int, int], source: str) -> None:
        """Remember how far lanes of these books have come; what is known is not written again."""
        same = source == self.source
        further = {n: no for n, no in reach.items() if not same or no > self.reach.get(n, 0)}
        if further or not same:
            self._write([{"reached": [*further.items()], "source": source}])

    def close(self) -> None:
        """Close the file."""
        self._lines.close()

    def _write(self, values: list[dict[str, Any]], fresh: Iterable[Taken] = ()) -> None:
        self._lines.append(values)
        for one in fresh:
            self.taken[one.delivery] = one
            self._further(one.urgency, one.no)
        for value in values:
            if "took" not in value:
                self._fold(value)

    def _fold(self, value: Mapping[str, Any]) -> None:
        """Apply one line to what is remembered."""
        match value:
            case {"reached": reach, "source": source}:
                if source != self.source:
                    self.source = source
                    self.reach.clear()
                for urgency, no in reach:
                    self._further(urgency, no)
            case {"took": _, "no": no}:
                self._further(value.get("urgency", 0), no)
        _fold(self.taken, value)

    def _further(self, urgency: int, no: int) -> None:
        if no > self.reach.get(urgency, 0):
            self.reach[urgency] = no


def read_received(folder: Path) -> dict[str, Taken]:
    """What an agency has received, by delivery id, as far as its journal got."""
    taken: dict[str, Taken] = {}
    for value in read_lines(folder / RECEIVED_FILE):
        _fold(taken, value)
    return taken


def _took(one: Taken) -> dict[str, Any]:
    return {
        "took": one.delivery,
        "sender": one.sender,
        "document_id": one.document_id,
        "sha256": one.sha256,
        "size": one.size,
        "at_us": one.at_us,
        "available_s": one.available_s,
        **({"script": one.script} if one.script else {}),
        **({"urgency": one.urgency, "no": one.no} if one.no else {}),
        **({"failed": one.failed} if one.failed else {}),
    }


def _fold(taken: dict[str, Taken], value: Mapping[str, Any]) -> None:
    """Apply one line to the deliveries that are remembered."""
    match value:
        case {"took": delivery, **rest}:
            taken[delivery] = Taken(delivery, **rest)
        case {"again": deliveries}:
            for delivery in deliveries:
                taken[delivery].arrivals += 1
        case {"done": deliveries, "at_s": at_s}:
            for delivery in deliveries:
                one = taken[delivery]
                if not one.done:
                    one.done, one.done_s, one.failed = True, at_s, ""
        case {"failed": delivery, "reason": reason}:
            # Journals of before had a line of its own for it.
            taken[delivery].failed = reason
        case {"said": words}:
            for delivery, code in words:
                taken[delivery].said.add(code)
            for delivery, code, why in value.get("unsaid", ()):
                taken[delivery].unsaid[code] = why


@dataclass(frozen=True, slots=True)
class Sent:
    """One document as its sender remembers it. ``started_s`` is when it should have left, both
    times are readings of the machine's monotonic clock; ``refused`` is the axis's word, if any.
    """

    index: int
    document_id: str
    sha256: str
    size: int
    started_s: float
    answered_s: float
    doc: str = ""
    deliveries: tuple[str, ...] = ()
    refused: str = ""


class SentJournal:
    """``sent.jsonl`` of one agency: one line for every document that has its answer."""

    def __init__(self, folder: Path) -> None:
        self.sent = read_sent(folder)
        self._lines = Lines(folder / SENT_FILE)

    def answered(self, sent: Sent) -> None:
        """Remember the answer to a document."""
        line = {name: getattr(sent, name) for name in Sent.__slots__}
        self._lines.append([line])
        self.sent[sent.index] = sent

    def close(self) -> None:
        """Close the file."""
        self._lines.close()


def read_sent(folder: Path) -> dict[int, Sent]:
    """What an agency has sent, by the document's place in the plan."""
    lines = read_lines(folder / SENT_FILE)
    found = (Sent(**{**line, "deliveries": tuple(line["deliveries"])}) for line in lines)
    return {sent.index: sent for sent in found}
