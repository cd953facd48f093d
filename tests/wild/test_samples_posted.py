"""Every real sample is posted by the agency it belongs to, and comes out as it went in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from axis.core.directory import Agency, Client
from schemas.edxml import DocumentPackage, StatusPackage
from schemas.edxml_read import read
from schemas.organ import agency_of
from tests.api.world import XML, World, clients, world
from tests.vietnamese import english_in, told_in
from tests.wild.test_samples import DOCUMENTS, FILES, MALFORMED, SAMPLES, STATUSES, name

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="the real samples are not beside this checkout (../shared/samples)"
)

#: Agencies of the samples that are not among the 95: a test code, and a party committee.
STRANGERS = ("000.00.00.A80", "000.00.00.A53")


@pytest.fixture
async def here() -> AsyncIterator[World]:
    async with world() as made:
        secret = clients()[0].secret_sha256
        for code in STRANGERS:
            stranger = Agency(
                code=code, name_vi=code, name_en=code, kind="other", level="other", certainty="test"
            )
            await made.axis.members.register(stranger, "lan", "met in a sample")
            client = Client(id=code, secret_sha256=secret, roles=("agency",))
            await made.axis.store.enrol([], [], [client])
        yield made


async def token(here: World, who: str) -> None:
    """Strangers share the first agency's secret; everybody else has its own."""
    if who in STRANGERS:
        form = {
            "grant_type": "client_credentials",
            "client_id": who,
            "client_secret": f"secret of {clients()[0].id}",
        }
        answer = await here.http.post("/v1/token", data=form)
        here.tokens[who] = answer.json()["access_token"]


async def post(here: World, path: Path) -> tuple[str, int, dict[str, object]]:
    """Post a document sample as its sender: who, status, answer."""
    package = read(path.read_bytes()).package
    assert isinstance(package, DocumentPackage)
    who = agency_of(package.sender.organ_id)
    await token(here, who)
    answer = await here.send(path.read_bytes(), who)
    return who, answer.status_code, answer.json()


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
async def test_a_document_is_accepted_and_handed_out_byte_for_byte(here: World, path: Path) -> None:
    who, status, receipt = await post(here, path)
    assert (status, receipt["sender"], receipt["verdict"]) == (201, who, "weak")
    deliveries = receipt["deliveries"]
    assert isinstance(deliveries, list)
    assert deliveries
    for delivery in deliveries:
        recipient = delivery.partition(".")[2]
        await token(here, recipient)
        got = await here.get(recipient, f"/v1/deliveries/{delivery}/package")
        assert got.content == path.read_bytes()


@pytest.mark.parametrize("path", STATUSES, ids=name)
async def test_a_status_is_recorded_of_the_document_it_answers(here: World, path: Path) -> None:
    package = read(path.read_bytes()).package
    assert isinstance(package, StatusPackage)
    # The update of VNPT's samples reaches the same agencies as the others, and asks for 15 or 16.
    composed = path.parent.name == "composed"
    about = "composed/document_new.edxml" if composed else "vnpt-sdk/edoc_update.edxml"
    _, status, _ = await post(here, SAMPLES / about)
    assert status == 201
    who = agency_of(package.sender.organ_id)
    answer = await here.call(who, "POST", "/v1/statuses", content=path.read_bytes(), headers=XML)
    assert answer.status_code == 201, answer.text
    assert answer.json()["code"] == package.code


@pytest.mark.parametrize("path", [p for p in FILES if p.name in MALFORMED], ids=name)
async def test_a_malformed_sample_is_refused_and_leaves_no_trace(here: World, path: Path) -> None:
    answer = await here.send(path.read_bytes())
    assert (answer.status_code, answer.json()["code"]) == (422, "edxml.not_xml")
    assert answer.json()["place"].startswith("line ")
    assert [told for told in told_in(answer.json()) if english_in(told)] == []
    counts = await here.axis.tracking.standing()
    assert not counts[""]


async def test_the_four_kinds_share_one_document_id_and_are_four_packages(here: World) -> None:
    kinds = ("update", "replacement", "revocation")
    answers = [await post(here, SAMPLES / f"vnpt-sdk/edoc_{kind}.edxml") for kind in kinds]
    assert [status for _, status, _ in answers] == [201, 201, 201]
    ids = {str(receipt["document_id"]) for _, _, receipt in answers}
    assert len(ids) == 1
    found = await here.get(
        answers[0][0], "/v1/documents", sender=answers[0][0], document_id=ids.pop()
    )
    assert [view["kind"] for view in found.json()["documents"]] == [2, 3, 1]
