r"""The two state machines of a delivery, each one table; a missing key is an illegal step.

Transport (VPCP 2.4 sections 2.1.2 and 2.8)::

    waiting --offer--> offered --done--> done
       ^  \--------------\--fail, lock--> parked --done--> done
       \---------------reset, unlock--------/

Business (VPCP 2.4 sections 2.2 to 2.5), over the deliveries that are done::

    none --01--> arrived --03--> accepted --04--> assigned --05--> processing --06--> completed
                     \--02 (reason)--> refused

Skipping forward is legal in practice (some systems go from 03 to 05); 02 after 03 is not, and
nothing follows 02 or 06. A request stands beside the business state: 13 (the sender asks the
document back) or an update package opens one, 15 or 16 answers it. The axis carries requests and
their answers and does not act upon them yet.

What is done may be given back to a recipient that lost it, beside both machines: transport stays
done, and nothing is counted::

    none --give--> given --offer--> handed
      ^              \--------------\--done, fail, lock--> none
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from types import MappingProxyType


class Transport(IntEnum):
    """Where a delivery stands between the axis and its recipient."""

    WAITING = 0  #: numbered in its lane, not yet taken
    OFFERED = 1  #: its package was handed to the recipient
    DONE = 2  #: the recipient confirmed it
    PARKED = 3  #: failed or locked out; visible until reset
    WITHDRAWN = 4  #: taken from the lane before it was done

    @property
    def open(self) -> bool:
        """Still to be handed out."""
        return self < Transport.DONE


#: The reason under which a lock parks deliveries; unlocking looks for it.
LOCKED = "locked"


def own_words(reason: str) -> str:
    """A reason that a recipient gives, told apart from that of a lock, which an unlock undoes."""
    return f"'{reason}'" if reason == LOCKED else reason


class Step(StrEnum):
    """What moves a delivery along its transport machine."""

    OFFER = "offer"
    DONE = "done"
    FAIL = "fail"
    LOCK = "lock"
    UNLOCK = "unlock"
    RESET = "reset"
    GIVE = "give"


class Again(IntEnum):
    """Whether a delivery that is done is being given back to its recipient."""

    NONE = 0
    GIVEN = 1  #: it is in the inbox once more
    HANDED = 2  #: its package was handed out once more


class Business(IntEnum):
    """What the recipient has said of the document."""

    NONE = 0
    ARRIVED = 1
    REFUSED = 2
    ACCEPTED = 3
    ASSIGNED = 4
    PROCESSING = 5
    COMPLETED = 6
    RECALLED = 7
    REPLACED = 8
    TAKEN_BACK = 9

    @property
    def ended(self) -> bool:
        """Nothing may follow."""
        return self in _ENDED


_ENDED = frozenset(
    {
        Business.REFUSED,
        Business.COMPLETED,
        Business.RECALLED,
        Business.REPLACED,
        Business.TAKEN_BACK,
    }
)


class Request(IntEnum):
    """Whether something was asked of the recipient, and what it answered."""

    NONE = 0
    OPEN = 1
    AGREED = 2
    REFUSED = 3


_T, _S = Transport, Step

TRANSPORT: Mapping[tuple[Transport, Step], Transport] = MappingProxyType(
    {
        (_T.WAITING, _S.OFFER): _T.OFFERED,
        (_T.WAITING, _S.DONE): _T.DONE,
        (_T.OFFERED, _S.DONE): _T.DONE,
        # A recipient that failed first and managed later may say so without a reset.
        (_T.PARKED, _S.DONE): _T.DONE,
        (_T.WAITING, _S.FAIL): _T.PARKED,
        (_T.OFFERED, _S.FAIL): _T.PARKED,
        (_T.WAITING, _S.LOCK): _T.PARKED,
        (_T.OFFERED, _S.LOCK): _T.PARKED,
        (_T.PARKED, _S.UNLOCK): _T.WAITING,
        (_T.PARKED, _S.RESET): _T.WAITING,
    }
)

#: Said again, these change nothing: a repeated request is safe for ever. ``fail`` on a delivery
#: that is done means "already had it" (clients in the wild answer a duplicate so).
TRANSPORT_SAME = frozenset(
    {
        (_T.OFFERED, _S.OFFER),
        (_T.DONE, _S.OFFER),
        (_T.DONE, _S.DONE),
        (_T.DONE, _S.FAIL),
        (_T.PARKED, _S.FAIL),
    }
)

_A = Again

#: Of deliveries that are done: handing them out again, and the word that ends it. ``done`` is "I
#: have it now", ``fail`` "I already had it"; either way the delivery stays as it is. A status of
#: what was handed out again is a ``done`` too.
AGAIN: Mapping[tuple[Again, Step], Again] = MappingProxyType(
    {
        (_A.NONE, _S.GIVE): _A.GIVEN,
        (_A.GIVEN, _S.OFFER): _A.HANDED,
    }
    | {(one, s): _A.NONE for one in (_A.GIVEN, _A.HANDED) for s in (_S.DONE, _S.FAIL, _S.LOCK)}
)

#: The state each code leads to, in the order of the chain.
_CHAIN = {
    "01": Business.ARRIVED,
    "03": Business.ACCEPTED,
    "04": Business.ASSIGNED,
    "05": Business.PROCESSING,
    "06": Business.COMPLETED,
}
_RANK = {
    Business.NONE: 0,
    Business.ARRIVED: 1,
    Business.ACCEPTED: 3,
    Business.ASSIGNED: 4,
    Business.PROCESSING: 5,
}

BUSINESS: Mapping[tuple[Business, str], Business] = MappingProxyType(
    {
        (state, code): target
        for state, rank in _RANK.items()
        for code, target in _CHAIN.items()
        if int(code) > rank
    }
    | {(state, "02"): Business.REFUSED for state in (Business.NONE, Business.ARRIVED)}
)

#: What a recipient's software says at once, and its clerk when he takes a document or refuses it.
ARRIVED, ACCEPTED, REFUSED = "01", "03", "02"

#: 15 and 16 answer an open request.
ANSWERS: Mapping[str, Request] = MappingProxyType({"15": Request.AGREED, "16": Request.REFUSED})

#: Who may say what (VPCP 2.4 section 2.2.3): 13 only the sender, everything else the recipient.
BY_SENDER = frozenset({"13"})
BY_RECIPIENT = frozenset({"01", "02", "03", "04", "05", "06", "15", "16"})
STATUS_CODES = BY_SENDER | BY_RECIPIENT
#: Codes that need a reason (mandatory with 02 and 16).
WITH_REASON = frozenset({"02", "16"})
