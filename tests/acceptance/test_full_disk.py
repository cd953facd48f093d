"""A disk without room: nothing new is accepted, nothing is written by half, reading goes on."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import parse_qs, urlsplit, urlunsplit

import pytest

from axis.cluster import Cluster
from axis.settings import Settings
from tests import postgres
from tests.acceptance.correspondents import LANG_SON, OFFICE, Agency, eventually
from tests.acceptance.senders import Senders, running, sending, set_up, told_by
from tests.acceptance.small_disk import Disk, small_disk

pytestmark = [pytest.mark.acceptance, pytest.mark.long]

RUN = "full"
#: Bytes of the file in each letter: a few dozen of them fill a small disk.
FILLING = 40_000
#: Letters that fit onto none of the disks here.
LETTERS_MAX = 5_000
FULL, AWAY = (507, "axis.disk_full"), (503, "axis.store_away")


@pytest.fixture
async def senders(tmp_path: Path) -> AsyncIterator[Senders]:
    async with sending(Settings(var=tmp_path, run=RUN)) as made:
        yield made


async def _until_refused(agency: Agency, *, start: int = 1) -> tuple[list[str], int]:
    """Send until the axis refuses; the deliveries it took on, and the number it did not."""
    deliveries: list[str] = []
    for number in count(start):
        assert number < LETTERS_MAX
        answer = await agency.post(number, filling=FILLING)
        if answer.status_code != 201:
            return deliveries, number
        deliveries += answer.json()["deliveries"]
    raise AssertionError("unreachable")


async def _refuses(agency: Agency, number: int, told: tuple[int, str]) -> None:
    """The refusal has a code and says when to come back."""
    answer = await agency.post(number, filling=FILLING)
    assert (answer.status_code, answer.json()["code"]) == told
    assert int(answer.headers["retry-after"]) >= 1


async def _reads(agency: Agency, deliveries: list[str]) -> None:
    """All that was accepted can be read, and nothing else is there."""
    listed = await agency.waiting(limit=1000)
    assert listed == deliveries
    path = f"/v1/deliveries/{deliveries[-1]}/package"
    taken = await agency.senders.ask(agency.axis, OFFICE, "GET", path)
    assert taken.status_code == 200, taken.text
    counts = (await agency.senders.ask(agency.axis, LANG_SON, "GET", "/v1/counts")).json()
    assert counts["sent"] == len(deliveries)
    assert (await agency.ready())["store"]


async def _accepts(agency: Agency, number: int) -> str:
    """What was refused is accepted as it was; its delivery."""

    async def look() -> bool:
        answer = await agency.post(number, filling=FILLING)
        assert answer.status_code in (200, 201, 503, 507), answer.text
        return answer.status_code in (200, 201)

    await eventually(look, "room to be found")
    answer = await agency.post(number, filling=FILLING)
    (delivery,) = answer.json()["deliveries"]
    return str(delivery)


def _proved(documents: int) -> None:
    proof = told_by("audit")
    assert proof["clean"]
    assert (proof["documents"], proof["deliveries"]) == (documents, documents)


async def test_sqlite_and_segments_without_room_refuse_and_read(
    tmp_path: Path, senders: Senders, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = await set_up(tmp_path, "", RUN, monkeypatch)
    # The world stays where it is; what an axis writes comes onto the small disk.
    kept = tmp_path / "kept"
    settings.axis_dir.rename(kept)
    with small_disk(settings.axis_dir, 6) as disk:
        shutil.copytree(kept, disk.folder, dirs_exist_ok=True)
        with running(settings, "first") as axis:
            agency = Agency(senders, axis, settings.home)
            await senders.login(axis, (LANG_SON, OFFICE))
            deliveries, refused = await _until_refused(agency)
            disk.fill()
            await _refuses(agency, refused, FULL)
            await _reads(agency, deliveries)
            assert axis.end(signal.SIGKILL) == -signal.SIGKILL
        # Nor does an axis need room to start.
        with running(settings, "second") as axis:
            agency = Agency(senders, axis, settings.home)
            await _refuses(agency, refused, FULL)
            await _reads(agency, deliveries)
            disk.resize(60)
            deliveries.append(await _accepts(agency, refused))
            await _reads(agency, deliveries)
            assert (await agency.confirmed(deliveries)).status_code == 200
            assert axis.end() == 0
        _proved(len(deliveries))


async def test_a_tablespace_without_room_refuses_and_reads(
    tmp_path: Path, postgres_url: str, senders: Senders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a data centre: the tables fill their disk, the server's log has its own."""
    with small_disk(tmp_path / "disk", 24) as disk, _on(disk, postgres_url) as url:
        settings = await set_up(tmp_path, url, RUN, monkeypatch)
        with running(settings, "axis") as axis:
            agency = Agency(senders, axis, settings.home)
            await senders.login(axis, (LANG_SON, OFFICE))
            deliveries, refused = await _until_refused(agency)
            await _refuses(agency, refused, FULL)
            await _reads(agency, deliveries)
            disk.resize(100)
            deliveries.append(await _accepts(agency, refused))
            await _reads(agency, deliveries)
            assert (await agency.confirmed(deliveries)).status_code == 200
            assert axis.end() == 0
        _proved(len(deliveries))


@contextmanager
def _on(disk: Disk, url: str) -> Iterator[str]:
    """A database of the shared server whose tables lie on the disk."""
    if "host=/" not in url:
        pytest.skip("the server is elsewhere, and so are its disks")
    folder = disk.folder / "tables"
    folder.mkdir()
    owner = Path(parse_qs(urlsplit(url).query)["host"][0]).owner()
    shutil.chown(folder, owner)
    for path in disk.folder.parents:
        if path.stat().st_mode & 0o005 != 0o005:
            path.chmod(0o755)
    _sql(url, f"create tablespace small location '{folder}'")
    try:
        _sql(url, "create database small tablespace small")
        yield urlunsplit(urlsplit(url)._replace(path="/small"))
    finally:
        _sql(url, "drop database if exists small with (force)")
        _sql(url, "drop tablespace small")


def _sql(url: str, sql: str) -> None:
    postgres.apart(postgres.execute(url, sql))


async def test_a_server_without_room_is_away_and_comes_back(
    tmp_path: Path, senders: Senders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its log and its tables on one disk: PostgreSQL stops serving until there is room."""
    with small_disk(Path(tempfile.mkdtemp(prefix="axis-disk-")) / "disk", 110) as disk:
        # The server's own user must reach it.
        disk.folder.parent.chmod(0o755)
        monkeypatch.setattr(tempfile, "tempdir", str(disk.folder))
        cluster = Cluster(postgres.required(), fsync=False)
        try:
            cluster.start()
            settings = await set_up(tmp_path, cluster.url, RUN, monkeypatch)
            with running(settings, "axis") as axis:
                agency = Agency(senders, axis, settings.home)
                await senders.login(axis, (LANG_SON, OFFICE))
                disk.fill()
                deliveries, refused = await _until_refused(agency)
                for _ in range(20):
                    answer = await agency.post(refused, filling=FILLING)
                    assert (answer.status_code, answer.json()["code"]) in (FULL, AWAY)
                    assert int(answer.headers["retry-after"]) >= 1
                disk.resize(300)
                if cluster.process is not None and cluster.process.poll() is not None:
                    cluster.start()
                deliveries.append(await _accepts(agency, refused))
                await _reads(agency, deliveries)
                assert axis.end() == 0
            _proved(len(deliveries))
        finally:
            cluster.remove()
    disk.folder.rmdir()
    disk.folder.parent.rmdir()
