"""What goes into one request when whole days are played."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from agencies.client import POSTED_MAX
from agencies.history.progress import Word
from axis.core.document import split_delivery_id
from axis.core.timetable import iso

#: Package bytes of one bulk request: a tenth of what the door takes, and still many of 20 kB.
POSTED_BYTES_MAX = 6 * 1024 * 1024

T = TypeVar("T")


def batches(documents: Iterable[T], bytes_of: Callable[[T], int]) -> Iterable[list[T]]:
    """Documents in their order, as many as go into one request."""
    some: list[T] = []
    size = 0
    for document in documents:
        more = bytes_of(document)
        if some and (len(some) == POSTED_MAX or size + more > POSTED_BYTES_MAX):
            yield some
            some, size = [], 0
        some.append(document)
        size += more
    if some:
        yield some


def recipient_of(delivery: str) -> str:
    """The code of the agency that a delivery (its id) is for."""
    parts = split_delivery_id(delivery)
    assert parts is not None
    return parts[1]


def statement(word: Word) -> dict[str, str]:
    """A word as the door takes it."""
    told = {"delivery": word.delivery, "code": word.code, "occurred_at": iso(word.at_us)}
    told |= {"reason": word.reason} if word.reason else {}
    return told | ({"staff": word.staff} if word.staff else {})
