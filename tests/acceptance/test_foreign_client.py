"""A client that is none of ours reads the topics and finds what the AsyncAPI document promises."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from axis.settings import Settings
from schemas import bus
from tests.acceptance import kcat
from tests.acceptance.conftest import until
from tests.acceptance.kcat import Printed, printed
from tests.acceptance.letters import letter
from tests.acceptance.senders import Axis, Senders, running, sending, set_up
from tests.described import faults
from tests.kafka import Kafka

pytestmark = pytest.mark.acceptance

LANG_SON, OFFICE = "000.00.00.H37", "000.00.00.G22"
#: Letters without a file lie below it, with one above.
INLINE_BYTES_MAX = 8_000


@pytest.fixture
async def settings(tmp_path: Path, kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> Settings:
    kcat.required()
    if not kafka.real:
        pytest.skip(f"only a real Kafka makes topics when it is asked to: {kafka.told}")
    monkeypatch.setenv("AXIS_KAFKA_BOOTSTRAP", kafka.bootstrap)
    return await set_up(tmp_path, "", f"kcat-{secrets.token_hex(6)}", monkeypatch)


@dataclass(frozen=True, slots=True)
class Sent:
    """A letter, and what the axis answered."""

    body: bytes
    urgency: int
    receipt: dict[str, Any]

    @property
    def delivery(self) -> str:
        (delivery,) = self.receipt["deliveries"]
        return str(delivery)


async def _send(senders: Senders, axis: Axis, home: Path, number: int, **how: int) -> Sent:
    body = letter(home, LANG_SON, OFFICE, number, **how)
    answer = await senders.ask(axis, LANG_SON, "POST", "/v1/documents", content=body)
    assert answer.status_code == 201, answer.text
    return Sent(body, how.get("urgency", 0), answer.json())


async def _say(senders: Senders, axis: Axis, path: str, said: Any) -> Any:
    answer = await senders.ask(axis, OFFICE, "POST", path, json=said)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _there(settings: Settings, code: str, *places: tuple[int, str, int]) -> Sequence[Printed]:
    """The topic of an agency, once it holds what is named (partition, type, number)."""
    topic = bus.inbox_topic(settings.topic_prefix, code)

    def look() -> Sequence[Printed]:
        found = printed(settings.kafka.bootstrap, topic)
        return found if set(places) <= {one.place for one in found} else ()

    return until(look, f"{places} in {topic}", 60)


def _once(records: Sequence[Printed], kind: str) -> dict[tuple[int, int], Printed]:
    """The records of a type by partition and number: a repeated one says the same again."""
    found: dict[tuple[int, int], Printed] = {}
    for one in records:
        if one.type == kind:
            first = found.setdefault((one.partition, one.no), one)
            assert first == one
    return found


async def test_kcat_reads_documents_tombstones_and_statuses(settings: Settings) -> None:
    limit = {"AXIS_KAFKA_INLINE_BYTES_MAX": f"{INLINE_BYTES_MAX}"}
    with running(settings, "axis", given=limit) as axis:
        async with sending(settings) as senders:
            await senders.login(axis, (LANG_SON, OFFICE))
            hows: list[dict[str, int]] = [{}, {"filling": 20_000}, {"urgency": 3}, {}]
            letters = [
                await _send(senders, axis, settings.home, number, **how)
                for number, how in enumerate(hows, start=1)
            ]
            first, large, urgent, failed = letters
            lanes = ((0, bus.WAITING, 3), (3, bus.WAITING, 1))
            _there(settings, OFFICE, *lanes)

            said = {"statuses": [{"delivery": first.delivery, "code": "01"}]}
            await _say(senders, axis, "/v1/statuses", said)
            stream = (await senders.ask(axis, LANG_SON, "GET", "/v1/statuses")).json()
            assert [one["code"] for one in stream["statuses"]] == ["01"]
            reach = (bus.STATUSES_PARTITION, bus.STATUS, stream["next"])
            told = _there(settings, LANG_SON, reach)

            fail = {"deliveries": [failed.delivery], "result": "fail", "reason": "đĩa hỏng"}
            await _say(senders, axis, "/v1/inbox/confirm", fail)
            inbox = _there(settings, OFFICE, *lanes, (0, bus.PARKED, 3))

            for record in (*inbox, *told):
                headers = [(name, value.encode()) for name, value in record.headers.items()]
                assert faults(headers, record.payload.encode()) == []
                assert record.headers["ce_source"].startswith(f"/axis/{settings.run}/")
            assert {one.type for one in told} == {bus.STATUS}

            waiting = _once(inbox, bus.WAITING)
            assert waiting.keys() == {(0, 1), (0, 2), (0, 3), (3, 1)}
            _is(waiting[0, 1], first, inside=True)
            _is(waiting[0, 2], large, inside=False)
            _is(waiting[3, 1], urgent, inside=True)
            _is(waiting[0, 3], failed, inside=True)
            path = waiting[0, 2].headers["ce_dataref"]
            taken = await senders.ask(axis, OFFICE, "GET", path)
            assert taken.content == large.body

            (tombstone,) = _once(inbox, bus.PARKED).values()
            assert (tombstone.partition, tombstone.no, tombstone.payload) == (0, 3, "")
            assert tombstone.headers["ce_subject"] == failed.delivery
            assert tombstone.headers["ce_id"] != waiting[0, 3].headers["ce_id"]


def _is(record: Printed, letter: Sent, *, inside: bool) -> None:
    """The record tells of the letter, and brings it or says where it is."""
    assert record.partition == letter.urgency
    digest = hashlib.sha256(letter.body).hexdigest()
    attributes = {
        "ce_subject": letter.delivery,
        "ce_sender": LANG_SON,
        "ce_documentid": letter.receipt["document_id"],
        "ce_sha256": digest,
        "ce_size": f"{len(letter.body)}",
        "ce_time": letter.receipt["occurred_at"],
    }
    assert attributes.items() <= record.headers.items(), json.dumps(dict(record.headers))
    assert record.payload.encode() == (letter.body if inside else b"")
    assert ("content-type" in record.headers, "ce_dataref" in record.headers) == (
        inside,
        not inside,
    )
