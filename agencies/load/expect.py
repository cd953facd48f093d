"""What must have come of each agency, its persona included, and what came of it. Pure.

The record says what was sent, answered, taken and confirmed; the books of the axis say what they
have. Whatever disagrees with what must be is told in a sentence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from agencies.load.doors import Books
from agencies.load.judge import Latency, latency
from agencies.load.personas import (
    AHEAD_WARNING,
    AWAY,
    FLAKY,
    MALFORMED,
    SKEWED,
    SLOW,
    SLOW_S,
    TWICE,
    WRONG,
    Personas,
    refusal,
)
from agencies.load.reconcile import unsure
from agencies.load.record import Record
from agencies.load.spool import Letter

#: Differences named for one agency.
NAMED_MAX = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What came of one persona: its documents, the deliveries to it, its latencies (of deliveries
    to it, seconds), and in sentences what differs from what must be.
    """

    agency: str
    persona: str
    documents: int
    accepted: int
    refused: Mapping[str, int]
    deliveries: int
    done: int
    waiting: int
    broken: int
    available: Latency
    confirmed: Latency
    differences: Sequence[str]


def came(record: Record, agency: str, persona: str) -> Came:
    """What came of one agency, from a record that is as whole as it will be."""
    sent = [letter for letter in record.letters if letter.sender == agency]
    to = [(letter, code) for letter, code in record.deliveries() if code == agency]
    waiting = len(to) if agency in record.absent else 0
    return Came(
        agency=agency,
        persona=persona,
        documents=len(sent),
        accepted=sum(letter.index in record.receipts for letter in sent),
        refused=Counter(
            record.codes.get(letter.index, "no answer")
            for letter in sent
            if letter.index in record.failed
        ),
        deliveries=len(to),
        done=sum((letter.index, agency) in record.done_s for letter, _ in to),
        waiting=waiting,
        broken=record.broken[agency],
        available=latency(_after(record, record.available_s, agency)),
        confirmed=latency(_after(record, record.done_s, agency)),
        differences=_named(_differences(record, agency, persona, sent, to)),
    )


def books(record: Record, before: Mapping[str, Books], after: Mapping[str, Books]) -> list[str]:
    """What the books of any agency have otherwise than the record.

    What no answer refused may have been accepted: so much more may be there, and no less.
    """
    sent, received, still = Counter[str](), Counter[str](), Counter[str]()
    unknown, unknown_to = Counter[str](), Counter[str]()
    for letter in record.letters:
        if letter.index in record.receipts:
            sent[letter.sender] += 1
        elif unsure(record, letter):
            unknown[letter.sender] += 1
            unknown_to.update(letter.recipients)
    for letter, code in record.deliveries():
        received[code] += (letter.index, code) in record.done_s
        still[code] += code in record.absent
    found = []
    for code, now in after.items():
        then = before[code]
        for word, has, must, more in (
            ("sent", now.sent - then.sent, sent[code], unknown[code]),
            ("received", now.received - then.received, received[code], unknown_to[code]),
            ("waiting", now.open - then.open, still[code], unknown_to[code]),
        ):
            if not must <= has <= must + more:
                found.append(f"{code}: the books have {has} {word}, it must be {must}")
    return found


def others(record: Record, personas: Iterable[str]) -> tuple[int, Latency]:
    """How many deliveries passed between agencies that are none of these, and how quickly."""
    apart = frozenset(personas)
    seconds = [
        record.available_s[letter.index, code] - record.due_s(letter.index)
        for letter, code in record.deliveries()
        if not {letter.sender, code} & apart and (letter.index, code) in record.available_s
    ]
    return len(seconds), latency(seconds)


def _after(record: Record, times: Mapping[tuple[int, str], float], agency: str) -> Iterator[float]:
    return (at - record.due_s(index) for (index, code), at in times.items() if code == agency)


def _named(found: Iterable[str]) -> tuple[str, ...]:
    every = list(found)
    more = len(every) - NAMED_MAX
    return (*every[:NAMED_MAX], *([f"and {more} more"] if more > 0 else []))


def _differences(
    record: Record,
    agency: str,
    persona: str,
    sent: Sequence[Letter],
    to: Sequence[tuple[Letter, str]],
) -> Iterator[str]:
    """What is shown by nothing is a difference too: a check that could not fail."""
    if persona in (TWICE, WRONG, MALFORMED, SKEWED) and not sent:
        yield "it had nothing to send: a longer test, or another agency, would show it"
    if persona in (SLOW, AWAY) and not to:
        yield "it had nothing to take: a longer test, or another agency, would show it"
    if persona == FLAKY and not record.broken[agency]:
        yield "it broke nothing off: a longer test, or another agency, would show it"
    for letter in sent:
        yield from _of_letter(record, persona, letter)
    for letter, _ in to:
        yield from _of_delivery(record, persona, letter, agency)


def _of_letter(record: Record, persona: str, letter: Letter) -> Iterator[str]:
    must = refusal(persona, letter.index)
    receipt = record.receipts.get(letter.index)
    if must:
        if receipt is not None:
            yield f"{letter.document_id} was accepted as {receipt.doc}, it must be {must}"
        elif record.codes.get(letter.index) != must:
            code = record.codes.get(letter.index, "no answer")
            yield f"{letter.document_id} was refused with {code}, it must be {must}"
        return
    if receipt is None:
        why = record.codes.get(letter.index, "no answer")
        yield f"{letter.document_id} was not accepted: {why}"
        return
    if persona == TWICE and record.again.get(letter.index) != receipt:
        yield f"{letter.document_id} sent twice has no second receipt that is the first"
    if persona == SKEWED and AHEAD_WARNING not in receipt.warnings:
        yield f"{letter.document_id} lies a hundred years ahead and has no {AHEAD_WARNING}"


def _of_delivery(record: Record, persona: str, letter: Letter, agency: str) -> Iterator[str]:
    key = letter.index, agency
    if persona == AWAY:
        if key in record.taken:
            yield f"{record.taken[key]} was taken by an agency that is away"
        return
    if key not in record.done_s:
        yield f"{letter.document_id} is not done"
    elif persona == SLOW and record.done_s[key] - record.available_s[key] < SLOW_S:
        yield f"{letter.document_id} was confirmed sooner than {SLOW_S:g} s"


def all_came(record: Record, personas: Personas) -> list[Came]:
    """What came of every persona."""
    return [came(record, code, persona) for code, persona in personas.items()]
