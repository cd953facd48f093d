"""An axis's life: what is opened is closed, what was accepted is written, a dead loop ends it."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from agencies.keys import make_another
from axis.adapters.examiner import InlineExaminer
from axis.adapters.helper_pool import HelperPool
from axis.adapters.memory_store import MemoryBooks, MemoryStore
from axis.adapters.sqlite_file import InUse
from axis.adapters.sqlite_store import open_store
from axis.adapters.trust_list import read_certificate
from axis.api.app import create_app
from axis.bootstrap import TRUST_ROOT, NotSetUp, Parts, _workers, build
from axis.core.caller import AGENCY, OPERATOR, Caller
from axis.core.commands import Audit, Note
from axis.core.errors import Rejected, unavailable
from axis.flows.telling import Teller
from axis.relaying import SIGNER_KEY
from axis.settings import Settings
from tests.api.world import (
    LANG_SON,
    XML,
    authority,
    clients,
    credentials,
    key_of,
    package,
    rows,
    world,
)


def note(number: int) -> Note:
    return Note(audit=Audit(actor="a", act="b", target=str(number), why="c", now=0))


async def set_up(folder: Path) -> Settings:
    """An axis folder as ``axis init`` leaves it."""
    settings = Settings(var=folder)
    settings.axis_dir.mkdir(parents=True)
    (settings.axis_dir / TRUST_ROOT).write_bytes(authority().certificate_pem)
    store = open_store(settings.axis_dir)
    certificate = read_certificate(LANG_SON, key_of(LANG_SON).certificate_der)
    await store.enrol(rows(), [certificate], clients())
    await store.close()
    return settings


async def test_an_axis_is_made_of_its_folder(tmp_path: Path) -> None:
    settings = await set_up(tmp_path)
    receipts = []
    for _ in range(2):
        async with build(settings) as axis:
            transport = httpx.ASGITransport(create_app(axis))
            async with httpx.AsyncClient(transport=transport, base_url="http://axis") as http:
                token = (await http.post("/v1/token", data=credentials(LANG_SON))).json()
                headers = {"authorization": f"Bearer {token['access_token']}", **XML}
                answer = await http.post("/v1/documents", content=package(), headers=headers)
                receipts.append((answer.status_code, answer.text))
            assert (await axis.readiness()).ready
    (first, receipt), (second, again) = receipts
    assert (first, second) == (201, 200)
    assert again == receipt
    assert json.loads(receipt)["verdict"] == "valid"
    assert (settings.axis_dir / SIGNER_KEY).stat().st_mode & 0o777 == 0o600


async def test_a_revocation_outlives_the_axis(tmp_path: Path) -> None:
    settings = await set_up(tmp_path)
    async with build(settings) as axis:
        operator = Caller("lan", frozenset({OPERATOR}))
        assert (await axis.oversight.revoke(operator, LANG_SON, "mất khóa")).changed == 1
    async with build(settings) as axis:
        with pytest.raises(Rejected, match="revoked"):
            await axis.intake.receive(package(), Caller(LANG_SON, frozenset({AGENCY})))


async def test_what_an_operator_gave_outlives_the_set_up(tmp_path: Path) -> None:
    settings = await set_up(tmp_path)
    operator = Caller("lan", frozenset({OPERATOR}))
    pem = make_another(authority(), LANG_SON, "Lạng Sơn").certificate_pem.decode()
    async with build(settings) as axis:
        await axis.oversight.renew_secret(operator, LANG_SON, "lộ khóa bí mật")
        made = await axis.oversight.certify(operator, LANG_SON, pem, "khóa mới")
        renewed = await axis.store.client(LANG_SON)
    async with build(settings) as axis:
        await axis.store.enrol([], [], clients())
        assert await axis.store.client(LANG_SON) == renewed
        assert made in await axis.oversight.certificates(operator, LANG_SON)


async def test_a_second_axis_on_the_same_books_is_refused(tmp_path: Path) -> None:
    settings = await set_up(tmp_path)
    async with build(settings):
        with pytest.raises(InUse):
            async with build(settings):
                pass
    async with build(settings):
        pass


async def test_an_axis_without_a_trust_root_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotSetUp, match="axis init"):
        async with build(Settings(var=tmp_path)):
            pass
    assert not (tmp_path / "axis" / "books.sqlite").exists()


async def test_what_was_posted_is_written_before_the_end() -> None:
    books = MemoryBooks()
    async with world(MemoryStore(books)) as here:
        for number in range(300):
            here.axis.committer.put_aside([note(number)])
    assert [audit.target for audit in books.audits] == [str(n) for n in range(300)]


async def test_a_store_that_is_handed_in_stays_open() -> None:
    store = Closable()
    async with world(store):
        pass
    assert not store.closed


class Closable(MemoryStore):
    closed = False

    async def close(self) -> None:
        self.closed = True


async def test_an_error_in_the_body_comes_out_as_it_is() -> None:
    with pytest.raises(LookupError):
        async with world():
            raise LookupError


async def test_a_crash_writes_nothing_more() -> None:
    books = MemoryBooks()
    with pytest.raises(LookupError):
        async with world(MemoryStore(books)) as here:
            here.axis.committer.put_aside([note(1)])
            raise LookupError
    assert books.audits == []


async def test_a_loop_that_dies_takes_the_axis_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def dies(_: Teller) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Teller, "run", dies)
    with pytest.raises(BaseExceptionGroup) as caught:
        async with world():
            await asyncio.Event().wait()
    assert caught.group_contains(ZeroDivisionError)


async def test_an_end_that_cannot_write_its_last_marks_still_ends() -> None:
    async with world() as here:
        here.faults.append(unavailable("axis.store_away"))
        here.axis.committer.put_aside([note(1)])
    assert here.faults == []


async def test_several_workers_check_signatures_by_themselves(tmp_path: Path) -> None:
    """Helpers beside each of them would be more processes than cores."""
    database = SecretStr("postgresql://host/name")
    shared = Settings(var=tmp_path, workers=2, database=database)
    async with AsyncExitStack() as stack:
        examiner, _ = await _workers(shared, Parts(), stack)
        assert isinstance(examiner, InlineExaminer)
        asked, _ = await _workers(shared.model_copy(update={"examiners": 1}), Parts(), stack)
        assert isinstance(asked, HelperPool)
