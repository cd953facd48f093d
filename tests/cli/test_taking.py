"""What cannot be proved is not laid open."""

from __future__ import annotations

import hashlib
from pathlib import Path

from axis.cli.session import open_session
from axis.cli.taking import Fetched, lay_open
from axis.core.timetable import from_iso
from tests.cli.conftest import Axis

AT = from_iso("2020-01-15T08:00:00")
EVIL = "../../evil.txt"


def _fetched(raw: bytes, *, sender: str = "000.00.00.H37", sha256: str = "") -> Fetched:
    return Fetched(
        delivery="doc_1.000.00.00.G22",
        doc="doc_1",
        sender=sender,
        occurred_at=AT,
        sha256=sha256 or hashlib.sha256(raw).hexdigest(),
        raw=raw,
    )


def _packed(axis: Axis, *more: str) -> bytes:
    Path("phu-luc.txt").write_text("Phụ lục", "utf-8")
    arguments = ("--to", "G22", "--subject", "V/v thử", "--attach", "phu-luc.txt", "-o", "a.edxml")
    assert axis("pack", *arguments, *more).exit_code == 0
    return Path("a.edxml").read_bytes()


def test_a_proved_package_is_written_with_its_files(axis: Axis, keys: Path) -> None:
    raw = _packed(axis)
    told = lay_open(open_session(), _fetched(raw), Path("in"))
    assert (told["digest"], told["signature"], told["trusted"]) == ("matches", "valid", True)
    assert Path("in/doc_1.edxml").read_bytes() == raw
    assert Path("in/doc_1/phu-luc.txt").read_text("utf-8") == "Phụ lục"


def test_names_from_strangers_stay_in_the_folder(axis: Axis, keys: Path) -> None:
    raw = _packed(axis, "--unsigned").replace(b"phu-luc.txt", EVIL.encode())
    told = lay_open(open_session(), _fetched(raw), Path("in"))
    assert told["signature"] == "absent"
    assert told["files"] == ["in/doc_1/evil.txt"]
    assert not list(Path().glob("evil.txt"))
    assert not list(Path("..").glob("evil.txt"))


def test_a_strange_document_id_stays_in_the_folder_too(axis: Axis, keys: Path) -> None:
    fetched = _fetched(_packed(axis))
    object.__setattr__(fetched, "doc", "../../evil")
    told = lay_open(open_session(), fetched, Path("in"))
    assert told["package"] == "in/evil.edxml"


def test_bytes_with_another_digest_are_not_written(axis: Axis, keys: Path) -> None:
    told = lay_open(open_session(), _fetched(_packed(axis), sha256="0" * 64), Path("in"))
    assert (told["digest"], told["trusted"]) == ("differs", False)
    assert not Path("in").exists()


def test_a_package_signed_by_another_agency_is_not_written(axis: Axis, keys: Path) -> None:
    told = lay_open(open_session(), _fetched(_packed(axis), sender="000.00.00.G22"), Path("in"))
    assert (told["signature"], told["why"]) == ("untrusted", "unknown")
    assert not Path("in").exists()


def test_an_altered_package_is_not_written(axis: Axis, keys: Path) -> None:
    raw = _packed(axis).replace("V/v thử".encode(), "V/v bịa".encode())
    told = lay_open(open_session(), _fetched(raw), Path("in"))
    assert (told["signature"], told["trusted"]) == ("broken", False)
    assert not Path("in").exists()
