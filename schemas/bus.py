"""What travels on the topics: their names, and messages as CloudEvents in binary mode for Kafka.

Every recipient agency has one topic with six partitions: 0 to 4 are its lanes, one per urgency
class, 5 its statuses. A record's headers are the attributes (``ce_`` before each name, UTF-8); its
value is the package itself when that is small, else empty, and ``ce_dataref`` is the path where the
package is taken (claim check).

The reader's rule. Numbers of a lane are dense from 1, and each comes at least once. A reader keeps
the last number that it applied: it applies ``last + 1``; it drops what is not higher; on a gap it
reads its inbox, and goes on behind the gap. Records may be repeated in any amount (a relay that
woke too late, a redrive), and one that is not higher is news only in two cases: its ``attempt`` is
higher than any seen of that number (the delivery waits again, or is given back to a recipient that
lost it), or it is a tombstone of the highest attempt seen of that number (it waits no more). Each
of these states has an id of its own, so whoever remembers ids may ask for that alone. A status only
says how far the stream reaches: the highest number counts.

Observers (monitoring, statistics, an archive) have one topic with one partition, where they are
told at all: every event of the books in the order in which it was written, as headers and states
and never content. The observer's rule. Numbers are dense from 1, each event comes at least once,
and for the first time in its order. An observer keeps the last number that it applied: it applies
what is higher, and drops what is not, so what it applies ascends strictly. A gap says that the
topic has not kept what was in it. Kinds that it does not know are passed over; new ones may come.

Sources: CloudEvents 1.0.2, its Kafka protocol binding 1.0.2 section 3.2, its extension "dataref".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

#: Partitions of an agency's topic, fixed for ever: a lane's order hangs on its partition.
PARTITIONS = 6
STATUSES_PARTITION = 5
#: And of the observers' topic: the order of events is total.
EVENTS_PARTITIONS = 1
EVENTS_PARTITION = 0

_SPECVERSION = "1.0"
_INBOX = "axis.inbox."
_EVENTS = "axis.events"
_SPECVERSION_HEADER = ("ce_specversion", _SPECVERSION.encode())
_PACKAGE_HEADER = ("content-type", b"application/xml")

#: Types of messages: a number of a lane is this document; it waits no more (tombstones); a status
#: was said.
WAITING = "axis.delivery.waiting"
PARKED = "axis.delivery.parked"
WITHDRAWN = "axis.delivery.withdrawn"
STATUS = "axis.status"
TYPES = frozenset((WAITING, PARKED, WITHDRAWN, STATUS))
#: What the types of observers' messages begin with; behind it stands the kind of the event.
EVENT = "axis.event."

Headers = list[tuple[str, bytes]]


class NotUnderstood(ValueError):
    """A record is none of ours; the message says what is missing or wrong."""


class Message(NamedTuple):
    """One record. ``no`` is the number in its lane, or of the event in the status stream.

    ``subject`` is the delivery's id; ``attempt`` counts how often it began to wait; ``time`` is ISO
    8601. What speaks of a package has its sender, DocumentId, SHA-256 (hex) and size in bytes, and
    either the ``package`` or a ``dataref``.

    To observers ``no`` is the event's number, ``subject`` the id of the delivery, or of the
    document where it is about the whole of it, and ``time`` when it occurred; ``sender`` and
    ``document_id`` are the document's, ``recipient`` is the delivery's, ``actor`` who did it, and
    ``code`` the status.
    """

    type: str
    id: str
    source: str
    no: int
    subject: str = ""
    attempt: int = 1
    time: str = ""
    sender: str = ""
    document_id: str = ""
    sha256: str = ""
    size: int = 0
    dataref: str = ""
    package: bytes = b""
    actor: str = ""
    recipient: str = ""
    code: str = ""


def inbox_topic(prefix: str, code: str) -> str:
    """The topic of an agency; ``prefix`` names the run, "" is the live one."""
    return f"{prefix}{_INBOX}{code}"


def recipient_of(prefix: str, topic: str) -> str:
    """Whose topic it is; "" when it is no agency's of this run."""
    start = prefix + _INBOX
    return topic.removeprefix(start) if topic.startswith(start) else ""


def events_topic(prefix: str) -> str:
    """The topic of the observers of a run."""
    return f"{prefix}{_EVENTS}"


def partitions_of(prefix: str, topic: str) -> int:
    """How many partitions a topic of this run has; 0 when it is none of them."""
    if topic == events_topic(prefix):
        return EVENTS_PARTITIONS
    return PARTITIONS if recipient_of(prefix, topic) else 0


def partition(urgency: int) -> int:
    """The partition of an urgency class (0 to 4); -1, the status stream, has the last."""
    assert -1 <= urgency < STATUSES_PARTITION
    return STATUSES_PARTITION if urgency < 0 else urgency


def event_id(kind: str, delivery: str, attempt: int) -> str:
    """The id of a delivery's state: the same however often it is told, another for each state."""
    again = f"{delivery}/{attempt}" if attempt > 1 else delivery
    return again if kind == WAITING else f"{again}/{kind.rpartition('.')[2]}"


def dataref(delivery: str) -> str:
    """Where the recipient takes the package of a delivery: a path of the REST door."""
    # Ids are made of letters, digits, dots and underscores: nothing to escape.
    return f"/v1/deliveries/{delivery}/package"


def _known(kind: str) -> bool:
    return kind in TYPES or kind.startswith(EVENT)


def encode(message: Message) -> tuple[Headers, bytes]:
    """Headers and value of a record."""
    assert _known(message.type)
    assert not (message.package and message.dataref)
    headers: Headers = [
        _SPECVERSION_HEADER,
        ("ce_id", message.id.encode()),
        ("ce_source", message.source.encode()),
        ("ce_type", message.type.encode()),
        ("ce_no", b"%d" % message.no),
    ]
    # One by one: this is most of what a notice costs.
    if message.subject:
        headers.append(("ce_subject", message.subject.encode()))
    if message.attempt > 1:
        headers.append(("ce_attempt", b"%d" % message.attempt))
    if message.time:
        headers.append(("ce_time", message.time.encode()))
    if message.sender:
        headers.append(("ce_sender", message.sender.encode()))
    if message.document_id:
        headers.append(("ce_documentid", message.document_id.encode()))
    if message.sha256:
        headers.append(("ce_sha256", message.sha256.encode()))
    if message.size:
        headers.append(("ce_size", b"%d" % message.size))
    if message.dataref:
        headers.append(("ce_dataref", message.dataref.encode()))
    if message.actor:
        headers.append(("ce_actor", message.actor.encode()))
    if message.recipient:
        headers.append(("ce_recipient", message.recipient.encode()))
    if message.code:
        headers.append(("ce_code", message.code.encode()))
    if message.package:
        headers.append(_PACKAGE_HEADER)
    return headers, message.package


def decode(headers: Iterable[tuple[str, bytes]], value: bytes | None) -> Message:
    """The message of a record; attributes that we do not know are left alone.

    Raises ``NotUnderstood``.
    """
    try:
        said = {
            name: text.decode()
            for name, text in headers
            if text is not None and name.startswith("ce_")
        }
        if said["ce_specversion"] != _SPECVERSION:
            raise NotUnderstood(f"specversion {said['ce_specversion']}")
        if not _known(said["ce_type"]):
            raise NotUnderstood(f"type {said['ce_type']}")
        return Message(
            type=said["ce_type"],
            id=said["ce_id"],
            source=said["ce_source"],
            no=int(said["ce_no"]),
            subject=said.get("ce_subject", ""),
            attempt=int(said.get("ce_attempt", "1")),
            time=said.get("ce_time", ""),
            sender=said.get("ce_sender", ""),
            document_id=said.get("ce_documentid", ""),
            sha256=said.get("ce_sha256", ""),
            size=int(said.get("ce_size", "0")),
            dataref=said.get("ce_dataref", ""),
            package=value or b"",
            actor=said.get("ce_actor", ""),
            recipient=said.get("ce_recipient", ""),
            code=said.get("ce_code", ""),
        )
    except KeyError as missing:
        raise NotUnderstood(f"no {missing.args[0]}") from None
    except NotUnderstood:
        raise
    except ValueError as error:
        raise NotUnderstood(str(error)) from None
