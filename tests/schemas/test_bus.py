"""Messages of the topics: CloudEvents in binary mode for Kafka."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import bus
from schemas.bus import EVENT, STATUS, TYPES, WAITING, Message, NotUnderstood, decode, encode

_texts = st.text(st.characters(codec="utf-8"), max_size=20)
_packages = st.binary(max_size=50)
_messages = st.builds(
    Message,
    type=st.sampled_from(sorted(TYPES)),
    id=_texts.filter(bool),
    source=_texts.filter(bool),
    no=st.integers(1, 2**62),
    subject=_texts,
    attempt=st.integers(1, 9),
    time=_texts,
    sender=_texts,
    document_id=_texts,
    sha256=_texts,
    size=st.integers(0, 2**40),
    dataref=st.just(""),
    package=_packages,
)
_events = st.builds(
    Message,
    type=st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1).map(EVENT.__add__),
    id=_texts.filter(bool),
    source=_texts.filter(bool),
    no=st.integers(1, 2**62),
    subject=_texts,
    time=_texts,
    sender=_texts,
    document_id=_texts,
    actor=_texts,
    recipient=_texts,
    code=_texts,
    attempt=st.just(1),
    sha256=st.just(""),
    size=st.just(0),
    dataref=st.just(""),
    package=st.just(b""),
)


@given(_events)
def test_what_observers_are_told_is_read_also_of_kinds_to_come(message: Message):
    headers, value = encode(message)
    assert decode(headers, value) == message
    assert value == b""


@given(_messages, st.booleans())
def test_what_is_written_is_read(message: Message, large: bool):
    if large:
        message = Message(
            type=message.type, id=message.id, source="/axis", no=message.no, dataref="/v1/x"
        )
    assert decode(*encode(message)) == message


def test_attributes_are_headers_and_a_small_package_is_the_value():
    message = Message(
        type=WAITING,
        id="doc_1.000.00.00.H37",
        source="/axis/live",
        no=7,
        document_id="12/QĐ-UBND",
        package=b"<edXML/>",
    )
    headers, value = encode(message)
    assert value == b"<edXML/>"
    assert dict(headers) == {
        "ce_specversion": b"1.0",
        "ce_id": b"doc_1.000.00.00.H37",
        "ce_source": b"/axis/live",
        "ce_type": b"axis.delivery.waiting",
        "ce_no": b"7",
        "ce_documentid": "12/QĐ-UBND".encode(),
        "content-type": b"application/xml",
    }


def test_strangers_headers_are_left_alone_and_a_null_value_is_empty():
    headers, _ = encode(Message(type=STATUS, id="a", source="b", no=1))
    read = decode([*headers, ("traceparent", b"\xff"), ("ce_partitionkey", b"x")], None)
    assert read == Message(type=STATUS, id="a", source="b", no=1)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"ce_id": None}, "no ce_id"),
        ({"ce_no": None}, "no ce_no"),
        ({"ce_no": b"first"}, "invalid literal"),
        ({"ce_specversion": b"0.3"}, "specversion 0.3"),
        ({"ce_type": b"com.example.thing"}, "type com.example.thing"),
        ({"ce_type": b"axis.event"}, "type axis.event"),
        ({"ce_id": b"\xff"}, "utf-8"),
    ],
)
def test_a_record_that_is_none_of_ours_is_not_understood(change: dict[str, bytes | None], why: str):
    headers: dict[str, bytes | None] = dict(
        encode(Message(type=STATUS, id="a", source="b", no=1))[0]
    )
    headers.update(change)
    with pytest.raises(NotUnderstood, match=why):
        decode([(name, value) for name, value in headers.items() if value is not None], b"")


def test_a_header_without_a_value_says_nothing():
    message = Message(type=WAITING, id="x", source="/axis", no=1)
    headers, value = encode(message)
    assert decode([*headers, ("ce_strange", None)], value) == message  # type: ignore[list-item]
    with pytest.raises(NotUnderstood):
        decode([(n, None if n == "ce_id" else t) for n, t in headers], value)  # type: ignore[misc]


def test_names_say_whose_topic_it_is_and_of_which_run():
    assert bus.inbox_topic("", "000.00.00.H37") == "axis.inbox.000.00.00.H37"
    topic = bus.inbox_topic("demo.", "000.00.00.H37")
    assert topic == "demo.axis.inbox.000.00.00.H37"
    assert bus.recipient_of("demo.", topic) == "000.00.00.H37"
    assert bus.recipient_of("", topic) == ""
    assert bus.recipient_of("", "axis.inbox.000.00.00.H37") == "000.00.00.H37"
    assert [bus.partition(urgency) for urgency in (0, 4, -1)] == [0, 4, 5]
    assert (bus.events_topic(""), bus.events_topic("demo.")) == ("axis.events", "demo.axis.events")
    assert bus.recipient_of("demo.", bus.events_topic("demo.")) == ""
    assert bus.dataref("doc_1.000.00.00.H37") == "/v1/deliveries/doc_1.000.00.00.H37/package"


def test_every_topic_of_a_run_and_no_other_has_its_partitions():
    ours, others = ("demo.axis.inbox.X", "demo.axis.events"), ("axis.inbox.X", "axis.events")
    assert [bus.partitions_of("demo.", topic) for topic in ours] == [6, 1]
    assert [bus.partitions_of("demo.", topic) for topic in others] == [0, 0]
    assert [bus.partitions_of("", topic) for topic in others] == [6, 1]
    assert [bus.partitions_of("", topic) for topic in ours] == [0, 0]


def test_each_state_of_a_delivery_has_an_id_of_its_own():
    ids = {
        bus.event_id(kind, "doc_1.000.00.00.H37", attempt)
        for kind in (WAITING, bus.PARKED, bus.WITHDRAWN)
        for attempt in (1, 2, 3)
    }
    assert len(ids) == 9
    assert {"doc_1.000.00.00.H37", "doc_1.000.00.00.H37/2/parked"} < ids
