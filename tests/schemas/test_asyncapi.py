"""The AsyncAPI document: well-formed, whole, and what ``schemas.bus`` writes and reads.

That real records are as described is seen in every test that publishes over Kafka
(``tests/conftest.py``, ``tests/adapters/kafka_reading.py``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from axis.core import fold
from axis.settings import KafkaSettings
from schemas import bus
from schemas.bus import Message, decode, encode
from tests.described import document, faults, resolved

SPECIFICATION = Path(__file__).parent.parent / "data" / "specifications" / "asyncapi-3.0.0.json"
MESSAGES = document()["components"]["messages"]

WHOLE = Message(
    type=bus.WAITING,
    id="doc_1.000.00.00.H37/2",
    source="/axis/live",
    no=7,
    subject="doc_1.000.00.00.H37",
    attempt=2,
    time="2020-01-15T08:30:00+07:00",
    sender="000.00.00.G22",
    document_id="12/QĐ-UBND",
    sha256="ab" * 32,
    size=20_480,
    dataref=bus.dataref("doc_1.000.00.00.H37"),
)
#: What observers are told of a status.
SEEN = Message(
    type=f"{bus.EVENT}status",
    id="event.44",
    source="/axis/live",
    no=44,
    subject="doc_1.000.00.00.H37",
    time="2020-01-15T08:30:00+07:00",
    sender="000.00.00.G22",
    document_id="12/QĐ-UBND",
    actor="000.00.00.H37",
    recipient="000.00.00.H37",
    code="01",
)


def _references(value: Any) -> Iterator[str]:
    match value:
        case {"$ref": str(ref)}:
            yield ref
        case dict():
            for part in value.values():
                yield from _references(part)
        case list():
            for part in value:
                yield from _references(part)


def test_it_is_an_asyncapi_document() -> None:
    specification = json.loads(SPECIFICATION.read_text("utf-8"))
    jsonschema_rs.validator_for(specification).validate(document())


def test_every_reference_leads_somewhere_and_no_part_is_unused() -> None:
    references = set(_references(document()))
    for ref in references:
        assert resolved(ref)
    for kind, parts in document()["components"].items():
        assert {f"#/components/{kind}/{name}" for name in parts} <= references


def test_topics_and_partitions_are_those_of_the_bus() -> None:
    channels = document()["channels"]
    inbox, events = (
        channels[name]["address"].format(prefix="demo.", agency="000.00.00.H37")
        for name in ("inbox", "events")
    )
    assert inbox == bus.inbox_topic("demo.", "000.00.00.H37")
    assert events == bus.events_topic("demo.")
    for topic, name in ((inbox, "inbox"), (events, "events")):
        partitions = channels[name]["bindings"]["kafka"]["partitions"]
        assert partitions == bus.partitions_of("demo.", topic)


def test_recipients_are_told_every_type_and_observers_events_alone() -> None:
    told = {
        operation["channel"]["$ref"]: {resolved(m["$ref"])["name"] for m in operation["messages"]}
        for operation in document()["operations"].values()
    }
    assert told == {"#/channels/inbox": bus.TYPES, "#/channels/events": {"axis.event"}}


def test_every_type_is_a_message_and_every_attribute_is_described() -> None:
    names = [message["name"] for message in MESSAGES.values()]
    assert sorted(names) == sorted([*bus.TYPES, bus.EVENT.removesuffix(".")])
    event = document()["components"]["schemas"]["event"]
    types, kinds = event["properties"]["ce_type"]["anyOf"]
    assert set(types["enum"]) == bus.TYPES
    assert set(resolved(kinds["$ref"])["enum"]) == {f"{bus.EVENT}{kind}" for kind in fold.KINDS}
    waiting = document()["components"]["schemas"]["waitingHeaders"]
    pointed, _ = encode(WHOLE)
    inside, _ = encode(Message(type=bus.WAITING, id="a", source="/axis/b", no=1, package=b"<a/>"))
    written = {name for name, _ in [*pointed, *inside]}
    assert written == event["properties"].keys() | waiting["properties"].keys()
    seen = document()["components"]["schemas"]["eventHeaders"]
    assert {n for n, _ in encode(SEEN)[0]} == event["properties"].keys() | seen["properties"].keys()


def test_what_may_be_inside_a_record_is_what_may_be_set() -> None:
    package = document()["components"]["schemas"]["package"]
    KafkaSettings(inline_bytes_max=package["maxLength"])
    with pytest.raises(ValueError, match="inline_bytes_max"):
        KafkaSettings(inline_bytes_max=package["maxLength"] + 1)


def test_the_examples_are_records() -> None:
    examples = [one for message in MESSAGES.values() for one in message.get("examples", ())]
    assert examples
    for example in examples:
        headers = [(name, text.encode()) for name, text in example["headers"].items()]
        value = example["payload"].encode()
        assert faults(headers, value) == []
        assert dict(encode(decode(headers, value))[0]) == dict(headers)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"ce_no": b"0"}, "ce_no"),
        ({"ce_source": b"elsewhere"}, "ce_source"),
        ({"ce_sha256": b"AB"}, "ce_sha256"),
        ({"ce_time": b"noon"}, "ce_time"),
        ({"ce_id": None}, "ce_id"),
        ({"ce_subject": None}, "ce_subject"),
        ({"ce_dataref": None}, "anyOf|oneOf"),
        ({"content-type": b"application/xml"}, "oneOf|content-type"),
    ],
)
def test_a_record_that_is_not_as_described_is_seen(
    change: dict[str, bytes | None], why: str
) -> None:
    headers, value = encode(WHOLE)
    assert faults(headers, value) == []
    changed: dict[str, bytes | None] = {**dict(headers), **change}
    record = [(name, text) for name, text in changed.items() if text is not None]
    told = " ".join(faults(record, value))
    assert any(part in told for part in why.split("|")), told


@pytest.mark.parametrize(
    "change",
    [
        {"type": f"{bus.EVENT}strange"},
        {"type": f"{bus.EVENT}accepted"},
        {"recipient": ""},
        {"actor": ""},
        {"time": ""},
        {"code": "done"},
        {"sha256": "ab" * 32},
        {"size": 20_480},
        {"dataref": bus.dataref("doc_1.000.00.00.H37")},
        {"package": b"<a/>"},
    ],
)
def test_observers_are_told_headers_and_states_and_never_content(change: dict[str, Any]) -> None:
    assert faults(*encode(SEEN)) == []
    assert faults(*encode(SEEN._replace(**change)))


def test_a_tombstone_carries_nothing() -> None:
    message = Message(
        type=bus.PARKED, id="a", source="/axis/b", no=1, subject=WHOLE.subject, package=b"<a/>"
    )
    assert faults(*encode(message))
