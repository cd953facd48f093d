"""The seams of the axis. Each docstring is the whole contract of its adapters.

``tests/contract`` runs one suite per port on every adapter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from axis.books import Books
from axis.core.commands import Audit, Command, Outcome, Refuse
from axis.core.directory import Agency, Client
from axis.core.document import Delivery, Document, Event, Redelivery
from axis.core.questions import Extracts, Linked, Search, Window
from axis.core.topic import Topic
from axis.core.trust import Certificate, Verdict
from schemas.examined import Examined, Seal


class Clock(Protocol):
    """The axis's clock."""

    def now(self) -> int:
        """Microseconds UTC; never goes back within a process."""
        ...


class Ids(Protocol):
    """The only source of ids."""

    def document(self, now: int) -> str:
        """``doc_<ULID>`` whose time part is ``now`` (microseconds UTC)."""
        ...


class Signer(Protocol):
    """The axis's own key."""

    def sign(self, payload: bytes, typ: str) -> str:
        """A compact JWS (EdDSA) over ``payload``: the same bits for the same arguments."""
        ...

    async def sign_all(self, payloads: Sequence[bytes], typ: str) -> list[str]:
        """``sign`` of each payload, wherever there is a processor for it."""
        ...

    def public_jwk(self) -> Mapping[str, str]:
        """The public half as a JWK (RFC 7517, RFC 8037), for whoever verifies a receipt."""
        ...

    def verify(self, jws: str, typ: str) -> bytes | None:
        """The payload of a JWS that this key signed with this ``typ`` header; else None."""
        ...


class Examiner(Protocol):
    """Examines packages, wherever there is a processor for it."""

    async def examine(self, raw: bytes, *, alone: bool = True) -> Examined:
        """``schemas.examine.examine(raw)``: 0.2 to 0.4 ms of pure CPU at 20 kB.

        ``alone`` is False for one of many that are asked for at the same time.
        """
        ...


class Trust(Protocol):
    """Judges package signatures against the certificates of the agencies."""

    def judge(self, seal: Seal, agency: str, at: int) -> tuple[Verdict, str]:
        """The ``package_signature`` verdict on a package that carries ``seal``, and why.

        ``agency`` is the sender's, ``at`` the instant at which certificates are judged
        (microseconds UTC).
        """
        ...

    def read(self, agency: str, pem: str) -> Certificate:
        """The first certificate in ``pem``, to speak for ``agency``.

        Raises ``axis.core.trust.BadCertificate`` where it could not be trusted.
        """
        ...

    def renew(self, certificates: Iterable[Certificate]) -> None:
        """Take over what the books say: which certificates there are, and which are revoked since
        when.

        It holds for the next package, and a revocation is final.
        """
        ...


class BusAway(Exception):
    """The bus did not take the notices; it may be asked again at any time."""


class Listener(Protocol):
    """One subscription to an agency's topic."""

    async def wait(self, timeout_s: float) -> bool:
        """Wait for a notice that came after the last ``wait`` (or after subscribing).

        True when there was one, or when the bus cannot know (it has just begun to hear, or to hear
        again); False after ``timeout_s``. Never misses one in between.
        """
        ...


class Watch(Protocol):
    """One subscription to every topic."""

    async def wait(self, timeout_s: float) -> frozenset[str] | None:
        """Whom notices came for after the last ``wait`` (or after subscribing).

        None after ``timeout_s``, or when the bus cannot know: it may be anybody.
        """
        ...


class Bus(Protocol):
    """Wakes who waits. May lose, repeat and reorder notices: the store is the truth."""

    async def publish(self, topics: Sequence[Topic]) -> None:
        """Carry a notice to the listeners of each topic; returns when handed on.

        Raises ``BusAway`` when that fails. With none it only asks whether the bus is there.
        """
        ...

    def listen(self, recipient: str, *, statuses: bool) -> AbstractContextManager[Listener]:
        """Subscribe to what waits for ``recipient``, or to its statuses, until it is left."""
        ...

    def watch(self) -> AbstractContextManager[Watch]:
        """Subscribe to everything, until it is left."""
        ...


#: Lines of the refusal log that a store keeps: enough to see what went wrong lately, and no bad
#: client can fill a disk with them.
REFUSALS_KEPT_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Row:
    """A delivery with its document, as lists show it; inboxes say by whom it is given back."""

    delivery: Delivery
    document: Document
    redelivery: Redelivery | None = None


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits for one agency. ``oldest`` is the recorded time of its oldest open delivery."""

    agency: str
    waiting: int
    offered: int
    parked: int
    oldest: int | None


class Store(Books, Protocol):
    """The books. The truth of the axis.

    ``apply`` decides and writes a group of commands atomically: either every change of the group
    is durable when it returns (promise 1: fsynced, package bytes before the rows that name them),
    or it raises ``Unavailable``. After ``Unavailable`` the outcome is unknown: the group was
    written whole or not at all, and repeating it is safe. Decisions are ``axis.core.decide``'s,
    taken in order; groups are applied one after the other, and ``seq`` is the commit order.

    Reads see every group whose ``apply`` has returned. Lists come in the stated order.
    """

    async def apply(self, commands: Sequence[Command]) -> list[Outcome]:
        """Decide and write a group; one outcome per command, in order."""
        ...

    async def body(self, sha256: str) -> bytes | None:
        """The package bytes with this digest (hex), exactly as they came in."""
        ...

    async def bodies(self, digests: Sequence[str]) -> Mapping[str, bytes]:
        """Several packages at once; what is damaged or missing is left out."""
        ...

    async def document(self, doc_id: str) -> Document | None:
        """The document package with this id."""
        ...

    async def documents_named(
        self, sender: str, document_id: str, after: int, limit: int
    ) -> list[Document]:
        """Up to ``limit`` packages of one document behind number ``after``, oldest first."""
        ...

    async def document_of(self, sender: str, sha256: str) -> Document | None:
        """The package of these bytes from this sender (a repeat is recognised by it)."""
        ...

    async def linked_to(self, sender: str, document_id: str, agency: str, limit: int) -> Linked:
        """The packages that speak of a document, its own updates too: the oldest ``limit`` of them.

        Only those that ``agency`` sent or received, unless it is "". One that speaks of it in two
        ways counts twice.
        """
        ...

    async def delivery(self, doc_id: str, recipient: str) -> Row | None:
        """One delivery, by the ids that the doors know it by."""
        ...

    async def deliveries(self, doc: int) -> list[Delivery]:
        """The deliveries of a document, by recipient."""
        ...

    async def events(self, doc: int) -> list[Event]:
        """The history of a document, oldest first."""
        ...

    async def inbox(
        self,
        recipient: str,
        after: Mapping[int, int],
        limit: int,
        transports: Sequence[int] = (0, 1),
    ) -> list[Row]:
        """Deliveries of a recipient in the given transport states, as they stood at one moment;
        open ones (0, 1) with those given back.

        Most urgent class first, by number within a class; ``after`` maps an urgency class to the
        last number already seen. Reading open ones costs the same however many are done.
        """
        ...

    async def stream(self, addressee: str, after: int, limit: int) -> list[tuple[Event, Document]]:
        """Events addressed to an agency with ``seq > after``, in order."""
        ...

    async def certificates(self) -> list[Certificate]:
        """The trust list."""
        ...

    async def client(self, client_id: str) -> Client | None:
        """Who may ask for a token under this id."""
        ...

    async def enrol(
        self,
        agencies: Iterable[Agency],
        certificates: Iterable[Certificate],
        clients: Iterable[Client],
    ) -> None:
        """Set up the directory: rows that are there already stay as they are, but a client's
        secret is replaced, unless an operator has renewed it.
        """
        ...

    async def queues(self) -> list[Queue]:
        """What waits, per agency, by code; agencies with nothing are left out."""
        ...

    async def find(self, search: Search) -> list[Row]:
        """Deliveries that match, newest first."""
        ...

    async def extract(self, window: Window, after: int, limit: int) -> Extracts:
        """Up to ``limit`` documents of a window behind number ``after``, in commit order.

        A page may hold fewer, or none, before the last: how far one looks is bounded.
        """
        ...

    async def audit_log(self, limit: int) -> list[Audit]:
        """The newest acts of operators."""
        ...

    async def refusals(self, limit: int) -> list[Refuse]:
        """The newest refused inputs."""
        ...

    async def ready(self) -> None:
        """Ask whether the books are read and could be written now; nothing is written for it.

        Raises ``Unavailable`` where they could not. A disk without room for a package has some for
        smaller things, and is found out by whoever needs it.
        """
        ...

    async def close(self) -> None:
        """Release everything; idempotent."""
        ...
