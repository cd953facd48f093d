"""Names from strangers stay names of files in the folder they are meant for."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axis.cli.unpacking import NAME_BYTES_MAX, safe_name, unpack, write_package
from schemas.edxml import Attachment


def _file(name: str, data: bytes = b"data") -> Attachment:
    return Attachment(content_id="cid:1", name=name, data=data)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("Phụ lục số 1.pdf", "Phụ lục số 1.pdf"),
        ("../../etc/passwd", "passwd"),
        ("/etc/passwd", "passwd"),
        ("C:\\Windows\\System32\\a.dll", "a.dll"),
        ("..\\..\\a.txt", "a.txt"),
        ("..", "_"),
        (".", "_"),
        ("", "_"),
        ("folder/", "_"),
        (".bashrc", "bashrc"),
        ("a\x00b.pdf", "a_b.pdf"),
        ("a\x1b[2Jb.pdf", "a_[2Jb.pdf"),
        ("giấy mời\u202efdp.exe", "giấy mời_fdp.exe"),
        ("nul", "_nul"),
        ("COM1.pdf", "_COM1.pdf"),
        ("a:b*c?.txt", "a_b_c_.txt"),
        ("a.txt. . ", "a.txt"),
    ],
)
def test_a_name_becomes_a_harmless_one(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_a_long_name_is_cut_between_letters_and_keeps_its_extension() -> None:
    cut = safe_name("ệ" * 300 + ".pdf")
    assert cut.endswith(".pdf")
    assert set(cut[:-4]) == {"ệ"}
    assert len(cut.encode()) <= NAME_BYTES_MAX


@given(st.text(st.characters(codec="utf-8")))
def test_no_name_leads_out_of_its_folder(name: str) -> None:
    safe = safe_name(name)
    assert safe not in ("", ".", "..")
    assert Path(safe).name == safe
    assert not {"/", "\\", "\0"} & set(safe)
    assert len(safe.encode()) <= NAME_BYTES_MAX
    assert safe_name(safe) == safe or safe.startswith("_")


def test_attachments_lie_in_the_folder_whatever_they_are_called(tmp_path: Path) -> None:
    inside = tmp_path / "a" / "b"
    names = ("../../out.txt", "/out.txt", "..", "out.txt", "OUT.TXT")
    paths = unpack(inside, [_file(name, name.encode()) for name in names])
    assert [path.name for path in paths] == [
        "out.txt",
        "out (2).txt",
        "_",
        "out (3).txt",
        "OUT (4).TXT",
    ]
    assert {path.parent for path in paths} == {inside}
    assert [path.read_bytes().decode() for path in paths] == list(names)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()].count("out.txt") == 1


def test_a_link_that_lies_in_the_way_is_replaced_and_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"mine")
    folder = tmp_path / "taken"
    folder.mkdir()
    (folder / "a.pdf").symlink_to(precious)
    (folder / ".a.pdf.part").symlink_to(precious)
    unpack(folder, [_file("a.pdf", b"theirs")])
    assert precious.read_bytes() == b"mine"
    assert (folder / "a.pdf").read_bytes() == b"theirs"
    assert not (folder / "a.pdf").is_symlink()


def test_a_package_is_written_under_its_own_id(tmp_path: Path) -> None:
    path = write_package(tmp_path / "new", "doc_1", b"<edXML/>")
    assert path == tmp_path / "new" / "doc_1.edxml"
    assert path.read_bytes() == b"<edXML/>"
