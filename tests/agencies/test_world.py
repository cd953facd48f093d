"""A world is made once, completed when something is missing, and never mixed with another."""

from __future__ import annotations

import hashlib
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from lxml import etree

from agencies.compose import compose
from agencies.keys import make_authority
from agencies.switch import Switch
from agencies.world import (
    OPERATOR_ID,
    AnotherWorld,
    agency_dir,
    make_world,
    read_certificates,
    read_key,
    read_secret,
)
from axis.adapters.trust_list import TrustList, read_certificate
from schemas.codes import agencies
from schemas.edxml_write import write
from schemas.xmldsig import check, find, sign
from tests.agencies.seats import planned

LANG_SON = "000.00.00.H37"


def content(home: Path) -> dict[str, bytes]:
    files = (path for path in home.rglob("*") if path.is_file())
    return {str(path.relative_to(home)): path.read_bytes() for path in files}


def test_each_agency_gets_a_key_a_certificate_and_a_secret_that_is_its_own(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    folders = [agency_dir(tmp_path, row.code) for row in agencies()]
    assert len(world.agencies) == len(world.certificates) == len(folders) == 95
    secrets = {read_secret(folder) for folder in (*folders, tmp_path / "operator")}
    assert len(secrets) == 96
    assert all(len(secret) == 64 for secret in secrets)
    assert len({one.fingerprint for one in world.certificates}) == 95


def test_what_others_may_not_read_has_mode_0600(tmp_path: Path) -> None:
    make_world(tmp_path)
    private = [*tmp_path.rglob("secret"), *tmp_path.rglob("key.pem")]
    assert len(private) == 95 + 96
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}


def test_a_second_time_nothing_changes(tmp_path: Path) -> None:
    first = make_world(tmp_path)
    before = content(tmp_path)
    second = make_world(tmp_path)
    assert content(tmp_path) == before
    assert (first.agencies, first.certificates, first.logins) == (
        second.agencies,
        second.certificates,
        second.logins,
    )


def test_a_world_that_was_cut_off_is_completed_and_keeps_what_it_has(tmp_path: Path) -> None:
    make_world(tmp_path)
    before = content(tmp_path)
    folder = agency_dir(tmp_path, LANG_SON)
    (folder / "certificate.pem").write_bytes(before[f"agencies/{LANG_SON}/certificate.pem"][:200])
    (folder / "key.pem").write_bytes(b"")
    (tmp_path / "axis" / "trust-root.pem").unlink()
    make_world(tmp_path)
    assert content(tmp_path) == before


def test_processes_that_make_one_world_at_once_make_one(tmp_path: Path) -> None:
    """Each says what it would write into the books: all the same, and what the folder holds."""
    say = (
        "import sys; from pathlib import Path; from agencies.world import make_world; "
        "from axis.adapters.signer import load_signer; home = Path(sys.argv[1]); "
        "print(load_signer(home / 'axis' / 'signer.pem').public_jwk()['x'], make_world(home).logins)"
    )
    arguments = [sys.executable, "-c", say, f"{tmp_path / 'home'}"]
    makers = [subprocess.Popen(arguments, stdout=subprocess.PIPE) for _ in range(4)]
    said = {maker.communicate()[0] for maker in makers}
    assert [maker.returncode for maker in makers] == [0, 0, 0, 0]
    assert said == {subprocess.check_output(arguments)}


def test_a_folder_of_another_seed_is_left_alone(tmp_path: Path) -> None:
    make_world(tmp_path, 1)
    before = content(tmp_path)
    with pytest.raises(AnotherWorld):
        make_world(tmp_path, 2)
    assert content(tmp_path) == before


def test_logins_hold_digests_and_the_operator_may_act_and_read(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    by_id = {login.id: login for login in world.logins}
    assert len(by_id) == 96
    assert by_id[OPERATOR_ID].roles == ("operator", "auditor")
    assert by_id[LANG_SON].roles == ("agency",)
    secret = read_secret(agency_dir(tmp_path, LANG_SON))
    assert by_id[LANG_SON].secret_sha256 == hashlib.sha256(secret.encode()).hexdigest()


def test_the_directory_says_how_certain_each_code_is(tmp_path: Path) -> None:
    certainty = {one.code: one.certainty for one in make_world(tmp_path).agencies}
    assert certainty == {row.code: row.source for row in agencies()}


def test_the_axis_trusts_the_certificates_of_its_world(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    trusted = [read_certificate(one.agency, one.der) for one in world.certificates]
    TrustList(make_authority(1).certificate_der, trusted)
    assert tuple(trusted) == world.certificates
    assert read_certificates(tmp_path) == {one.fingerprint: one for one in world.certificates}


def test_an_agencys_key_signs_what_its_certificate_proves(tmp_path: Path) -> None:
    make_world(tmp_path)
    key, der = read_key(tmp_path, LANG_SON)
    root = etree.fromstring(sign(write(compose(planned(1)[0])), key, der))
    found = find(root)
    assert found.certificate_der == der
    assert check(root, found, key.public_key())


def test_an_agency_is_switched_off_and_on(tmp_path: Path) -> None:
    switch = Switch(tmp_path)
    assert not switch.off
    switch.turn_off()
    assert (switch.off, switch.seen) == (True, False)
    switch.acknowledge()
    assert switch.seen
    switch.acknowledge()
    assert switch.seen
    switch.turn_on()
    switch.acknowledge()
    assert (switch.off, switch.seen) == (False, False)


@pytest.mark.parametrize("look", range(1, 4))
def test_an_agency_that_is_switched_on_meanwhile_stays_on(tmp_path: Path, look: int) -> None:
    looks = 0

    class Hurried(Switch):
        """Another process switches it on when its file is looked at for so many times."""

        @property
        def _file(self) -> Path:
            nonlocal looks
            looks += 1
            if looks == look:
                Switch(self.folder).turn_on()
            return super()._file

    Switch(tmp_path).turn_off()
    Hurried(tmp_path).acknowledge()
    assert Switch(tmp_path).off == (looks < look)
