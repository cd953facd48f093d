"""What the history plans is what the axis accepts: recalls, updates, replacements, repeated sends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import cache

import pytest

from agencies.compose import compose
from agencies.history.plan import moments, plan_of
from agencies.replies import replies
from agencies.traffic import Planned
from axis.core.timetable import iso
from schemas.edxml import NEW, RECALL, REPLACEMENT, UPDATE
from schemas.edxml_write import write
from schemas.xmldsig import sign
from tests.agencies.historic import whole_history
from tests.api.world import HA_NOI, LANG_SON, OFFICE, World, key_of, world

SIGNERS = {LANG_SON, OFFICE, HA_NOI}
RELATIONS = {RECALL: "recalls", UPDATE: "updates", REPLACEMENT: "replaces"}


@pytest.fixture
async def here() -> AsyncIterator[World]:
    async with world() as made:
        yield made


@cache
def pair(kind: int) -> tuple[Planned, Planned]:
    """The first document of a kind from an agency that can sign here, and what it is about."""
    later = next(p for p in whole_history().speaking if p.business == kind and p.sender in SIGNERS)
    [earlier] = [
        p
        for p in plan_of(later.about_day, 1)
        if p.document_id == later.about_id and p.business == NEW
    ]
    return earlier, later


def package(planned: Planned) -> bytes:
    key = key_of(planned.sender)
    return sign(write(compose(planned)), key.private_key, key.certificate_der)


def at(here: World, moment_us: int) -> None:
    """Move the axis's clock; tokens of another time are none."""
    here.clock.at = moment_us
    here.tokens.clear()


async def post(here: World, planned: Planned) -> dict[str, object]:
    at(here, planned.at_us)
    answer = await here.send(package(planned), planned.sender)
    assert answer.status_code == 201, answer.text
    receipt: dict[str, object] = answer.json()
    return receipt


@pytest.mark.parametrize("kind", RELATIONS, ids=RELATIONS.values())
async def test_it_is_accepted_and_linked_to_the_document_it_is_about(
    here: World, kind: int
) -> None:
    earlier, later = pair(kind)
    first, second = await post(here, earlier), await post(here, later)
    assert second["document_id"] == later.document_id
    assert "warnings" not in second or not second["warnings"]
    await here.settled()
    view = (await here.get(later.sender, f"/v1/documents/{first['doc']}")).json()
    (link,) = view["linked"]
    assert (link["relation"], link["doc"], link["kind"]) == (RELATIONS[kind], second["doc"], kind)
    view = (await here.get(later.sender, f"/v1/documents/{second['doc']}")).json()
    assert [(x["relation"], x["document_id"]) for x in view["links"]] == [
        (RELATIONS[kind], later.about_id)
    ]
    assert len(view["deliveries"]) == len(later.recipients)


@pytest.mark.parametrize("kind", RELATIONS, ids=RELATIONS.values())
async def test_it_is_accepted_where_the_document_itself_is_in_another_part(
    here: World, kind: int
) -> None:
    await post(here, pair(kind)[1])


@pytest.mark.parametrize("kind", RELATIONS, ids=RELATIONS.values())
async def test_its_recipients_may_say_what_the_plan_has_them_say(here: World, kind: int) -> None:
    _, later = pair(kind)
    receipt = await post(here, later)
    reply = replies(later, 1)[0]
    at(here, reply.answered_us)
    delivery = f"{receipt['doc']}.{reply.recipient}"
    for code in ("01", reply.code):
        said = {"delivery": delivery, "code": code, "reason": reply.reason}
        answer = await here.json(reply.recipient, "/v1/statuses", said)
        assert answer.status_code == 201, answer.text


async def test_what_is_sent_again_gets_the_receipt_of_the_first_time(here: World) -> None:
    planned = next(p for p in whole_history().again if p.sender in SIGNERS)
    first, second = moments([planned])
    assert (first.again, second.again) == (False, True)
    receipt = await post(here, first.planned)
    at(here, second.at_us)
    answer = await here.send(package(second.planned), planned.sender)
    assert answer.status_code == 200, answer.text
    assert answer.json()["doc"] == receipt["doc"]
    assert iso(first.at_us) < iso(second.at_us)
