"""What travels on the topics: their names, and messages as CloudEvents in binary mode for Kafka.

Every recipient agency has one topic with six partitions: 0 to 4 are its lanes, one per urgency
class, 5 its statuses. A record's headers are the attributes (``ce_`` before each name, UTF-8); its
value is the package itself when that is small, else empty, and ``ce_dataref`` is the path where the
package is taken (claim check). Numbers within a partition's lane are dense from 1: whoever reads
applies ``last + 1``, drops what is lower, and on a gap reads the inbox.

One more topic wakes: by it the processes of one axis tell each other whose polls have something to
look for. It is theirs alone, and may change with them.

Sources: CloudEvents 1.0.2, its Kafka protocol binding 1.0.2 section 3.2, its extension "dataref".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

#: Partitions of an agency's topic, fixed for ever: a lane's order hangs on its partition.
PARTITIONS = 6
STATUSES_PARTITION = 5

_SPECVERSION = "1.0"
_INBOX = "axis.inbox."
_WAKE = "axis.wake"
_SPECVERSION_HEADER = ("ce_specversion", _SPECVERSION.encode())
_PACKAGE_HEADER = ("content-type", b"application/xml")

#: Types of messages: a document waits; its number waits no more (tombstones); a status was said;
#: or only that a partition reaches to a number.
WAITING = "axis.delivery.waiting"
PARKED = "axis.delivery.parked"
WITHDRAWN = "axis.delivery.withdrawn"
STATUS = "axis.status"
HINT = "axis.hint"
TYPES = frozenset((WAITING, PARKED, WITHDRAWN, STATUS, HINT))

Headers = list[tuple[str, bytes]]


class NotUnderstood(ValueError):
    """A record is none of ours; the message says what is missing or wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One record. ``no`` is the number in its lane, or of the event in the status stream.

    ``subject`` is the delivery's id; ``time`` ISO 8601. What speaks of a package has its sender,
    DocumentId, SHA-256 (hex) and size in bytes, and either the ``package`` or a ``dataref``.
    """

    type: str
    id: str
    source: str
    no: int
    subject: str = ""
    time: str = ""
    sender: str = ""
    document_id: str = ""
    sha256: str = ""
    size: int = 0
    dataref: str = ""
    package: bytes = b""


def inbox_topic(prefix: str, code: str) -> str:
    """The topic of an agency; ``prefix`` names the run, "" is the live one."""
    return f"{prefix}{_INBOX}{code}"


def recipient_of(prefix: str, topic: str) -> str:
    """Whose topic it is; "" when it is no agency's of this run."""
    start = prefix + _INBOX
    return topic.removeprefix(start) if topic.startswith(start) else ""


def wake_topic(prefix: str) -> str:
    """The topic, with one partition, by which the processes of a run wake each other."""
    return f"{prefix}{_WAKE}"


def partition(urgency: int) -> int:
    """The partition of an urgency class (0 to 4); -1, the status stream, has the last."""
    assert -1 <= urgency < STATUSES_PARTITION
    return STATUSES_PARTITION if urgency < 0 else urgency


def dataref(delivery: str) -> str:
    """Where the recipient takes the package of a delivery: a path of the REST door."""
    # Ids are made of letters, digits, dots and underscores: nothing to escape.
    return f"/v1/deliveries/{delivery}/package"


def encode(message: Message) -> tuple[Headers, bytes]:
    """Headers and value of a record."""
    assert message.type in TYPES
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
    if message.package:
        headers.append(_PACKAGE_HEADER)
    return headers, message.package


def decode(headers: Iterable[tuple[str, bytes]], value: bytes | None) -> Message:
    """The message of a record; attributes that we do not know are left alone.

    Raises ``NotUnderstood``.
    """
    try:
        said = {name: text.decode() for name, text in headers if name.startswith("ce_")}
        if said["ce_specversion"] != _SPECVERSION:
            raise NotUnderstood(f"specversion {said['ce_specversion']}")
        if said["ce_type"] not in TYPES:
            raise NotUnderstood(f"type {said['ce_type']}")
        return Message(
            type=said["ce_type"],
            id=said["ce_id"],
            source=said["ce_source"],
            no=int(said["ce_no"]),
            subject=said.get("ce_subject", ""),
            time=said.get("ce_time", ""),
            sender=said.get("ce_sender", ""),
            document_id=said.get("ce_documentid", ""),
            sha256=said.get("ce_sha256", ""),
            size=int(said.get("ce_size", "0")),
            dataref=said.get("ce_dataref", ""),
            package=value or b"",
        )
    except KeyError as missing:
        raise NotUnderstood(f"no {missing.args[0]}") from None
    except NotUnderstood:
        raise
    except ValueError as error:
        raise NotUnderstood(str(error)) from None


@dataclass(frozen=True, slots=True)
class Wake:
    """Process ``origin`` has something for these agencies: in their inboxes, in their statuses."""

    origin: str
    inboxes: Sequence[str]
    statuses: Sequence[str]


def encode_wake(wake: Wake) -> bytes:
    """The value of a record; it has no headers."""
    return json.dumps([wake.origin, [*wake.inboxes], [*wake.statuses]]).encode()


def decode_wake(value: bytes | None) -> Wake:
    """Whom a record wakes. Raises ``NotUnderstood``."""
    try:
        origin, inboxes, statuses = json.loads(value or b"")
        return Wake(str(origin), [*map(str, inboxes)], [*map(str, statuses)])
    except (TypeError, ValueError) as error:
        raise NotUnderstood(str(error)) from None
