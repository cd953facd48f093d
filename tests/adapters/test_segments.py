"""Package bytes on disk: what was acknowledged stays, what was torn is cut."""

from __future__ import annotations

import errno
import hashlib
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axis.adapters import durable
from axis.adapters.segments import Damaged, Mark, Segments, Spot, behind

START = Mark(1, 0)
HEADER_BYTES = 44


def _bodies(*bodies: bytes) -> dict[str, bytes]:
    return {hashlib.sha256(body).hexdigest(): body for body in bodies}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "packages"


@pytest.fixture
def segments(folder: Path) -> Iterator[Segments]:
    opened = Segments(folder)
    yield opened
    opened.close()


def test_bytes_are_found_again_by_their_digest(segments: Segments):
    first, second = _bodies(b"one", b"two" * 9000), _bodies(b"\x00\r\n")
    spots, end = segments.append(first, START)
    more, end = segments.append(second, end)
    assert end == Mark(1, 3 * HEADER_BYTES + 3 + 27_000 + 3)
    assert segments.read([*more, *spots]) == first | second
    assert segments.read([]) == {}


def test_a_group_of_more_buffers_than_one_call_takes_is_written_whole(segments: Segments):
    bodies = _bodies(*(b"%d" % number for number in range(1500)))
    spots, _ = segments.append(bodies, START)
    assert segments.read(spots) == bodies


def test_a_full_segment_is_followed_by_the_next(folder: Path):
    segments = Segments(folder, segment_bytes_max=100)
    bodies: dict[str, bytes] = {}
    spots: list[Spot] = []
    end = START
    for number in range(5):
        group = _bodies(b"%d" % number * (80 + number))
        placed, end = segments.append(group, end)
        bodies |= group
        spots += placed
    assert [spot.segment for spot in spots] == [1, 2, 3, 4, 5]
    assert segments.read(spots) == bodies
    segments.close()
    again = Segments(folder, segment_bytes_max=100)
    for known in (START, behind(spots[0])):
        assert again.recover(known) == end
    assert again.read(spots) == bodies


def test_a_changed_byte_is_noticed_when_it_is_read(segments: Segments, folder: Path):
    """And keeps nobody from the packages beside it."""
    spots, _ = segments.append(_bodies(b"one", b"two"), START)
    with (folder / "0001.seg").open("r+b") as file:
        file.seek(HEADER_BYTES + 1)
        file.write(b"N")
    assert segments.read(spots) == _bodies(b"two")
    (folder / "0001.seg").unlink()
    with pytest.raises(FileNotFoundError):
        segments.read(spots)


def test_the_name_of_a_file_that_a_killed_process_made_is_made_durable(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    killed = Segments(folder)
    killed.append(_bodies(b"one"), START)  # It did not come to its sync.
    again = Segments(folder)
    synced: list[Path] = []
    monkeypatch.setattr(durable, "sync_folder", synced.append)
    _, end = again.append(_bodies(b"two"), again.recover(START))
    again.sync()
    again.append(_bodies(b"three"), end)
    again.sync()
    assert synced == [folder]
    killed.close()
    again.close()


def test_the_name_of_every_segment_and_folder_is_made_durable(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    synced: list[Path] = []
    monkeypatch.setattr(durable, "sync_folder", synced.append)
    segments = Segments(folder / "deeper", segment_bytes_max=100)
    assert synced == [folder, folder.parent]
    synced.clear()
    end = START
    for number in range(4):
        _, end = segments.append(_bodies(b"%d" % number * 30), end)
        segments.sync()
    assert end.segment == 2
    assert synced == [folder / "deeper"] * 2
    segments.close()


def test_whole_records_nobody_knows_of_stay_and_the_next_goes_behind_them(
    segments: Segments, folder: Path
):
    _, known = segments.append(_bodies(b"known"), START)
    orphans, end = segments.append(_bodies(b"orphan"), known)
    segments.close()
    again = Segments(folder)
    assert again.recover(known) == end
    assert again.read(orphans) == _bodies(b"orphan")


@given(cut=st.integers(0, 3 * (HEADER_BYTES + 10)), garbage=st.binary(max_size=60))
def test_a_torn_tail_is_cut_wherever_it_was_torn(
    tmp_path_factory: pytest.TempPathFactory, cut: int, garbage: bytes
):
    folder = tmp_path_factory.mktemp("torn")
    segments = Segments(folder / "packages")
    spots, known = segments.append(_bodies(b"known"), START)
    tail, _ = segments.append(_bodies(b"0" * 10, b"1" * 10, b"2" * 10), known)
    segments.close()
    path = folder / "packages" / "0001.seg"
    data = path.read_bytes()[: known.offset + cut]
    # A crash may leave anything behind the last byte that reached the disk.
    path.write_bytes(data + garbage)

    again = Segments(folder / "packages")
    end = again.recover(known)
    whole = cut // (HEADER_BYTES + 10)
    assert end.offset >= known.offset + whole * (HEADER_BYTES + 10)
    assert path.stat().st_size == end.offset
    assert again.read(spots) == _bodies(b"known")
    again.read(tail[:whole])
    fresh, _ = again.append(_bodies(b"fresh"), end)
    assert again.read(fresh) == _bodies(b"fresh")
    again.close()
    shutil.rmtree(folder)


def test_a_header_that_claims_more_than_there_is_is_torn(segments: Segments, folder: Path):
    _, known = segments.append(_bodies(b"known"), START)
    with (folder / "0001.seg").open("ab") as file:
        file.write(b"AXP1" + b"\xff" * 8 + b"\x00" * 32 + b"few")
    assert segments.recover(known) == known


def test_bytes_that_are_missing_are_told_and_not_papered_over(segments: Segments, folder: Path):
    _, known = segments.append(_bodies(b"known"), START)
    (folder / "0001.seg").write_bytes(b"AXP1")
    with pytest.raises(Damaged, match=f"4 bytes; the books know of {known.offset}"):
        segments.recover(known)
    (folder / "0001.seg").unlink()
    with pytest.raises(Damaged, match="0 bytes"):
        segments.recover(known)


def test_what_was_appended_can_be_taken_back(segments: Segments, folder: Path):
    spots, known = segments.append(_bodies(b"known"), START)
    segments.append(_bodies(b"never committed"), known)
    segments.cut(known)
    assert (folder / "0001.seg").stat().st_size == known.offset
    other, _ = segments.append(_bodies(b"other"), known)
    assert segments.read([*spots, *other]) == _bodies(b"known", b"other")
    segments.cut(Mark(7, 0))  # a segment that never came to be


@contextmanager
def _file_bytes_at_most(limit: int) -> Iterator[None]:
    """Files may not grow beyond ``limit``: the write that meets it is a short one, the next fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_write_that_fails_midway_leaves_nothing_behind(segments: Segments, folder: Path):
    spots, known = segments.append(_bodies(b"known"), START)
    bodies = _bodies(b"x" * 5000, b"y" * 5000)
    with _file_bytes_at_most(known.offset + 7000), pytest.raises(OSError) as caught:
        segments.append(bodies, known)
    assert caught.value.errno == errno.EFBIG
    assert (folder / "0001.seg").stat().st_size == known.offset
    more, _ = segments.append(bodies, known)
    assert segments.read([*spots, *more]) == _bodies(b"known") | bodies


def test_a_spot_says_where_a_record_begins(segments: Segments):
    bodies = _bodies(b"one", b"two!")
    spots, _ = segments.append(bodies, START)
    one, two = bodies
    assert spots == [Spot(one, 3, 1, 0), Spot(two, 4, 1, HEADER_BYTES + 3)]
