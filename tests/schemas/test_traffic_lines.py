"""Traffic files: what is written is read, and whatever is done to a file shows at its row."""

from __future__ import annotations

import hashlib
import json
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import validator_for

from schemas import traffic_lines
from schemas.traffic import Row, json_schema
from schemas.traffic_lines import ROW_BYTES_MAX, Chain, NotTraffic, read
from tests.traffic_rows import HEADER, lines, row, share

_texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
_rows = st.lists(
    st.builds(
        row,
        st.integers(1, 99),
        type=_texts,
        code=_texts,
        package=st.none() | st.just("AAAA"),
        deliveries=st.lists(st.builds(share, reason=_texts), min_size=1, max_size=3),
    ),
    max_size=4,
)
FILE = lines(*(row(n) for n in range(1, 6)))


def refusal(found: list[bytes]) -> tuple[str, str]:
    with pytest.raises(NotTraffic) as told:
        list(read(found))
    return told.value.code, told.value.place


def schema() -> Any:
    text = resources.files("schemas").joinpath("data/traffic.json").read_text("utf-8")
    return json.loads(text)


@given(_rows)
def test_what_is_written_is_read(rows: list[Row]):
    assert list(read(lines(*rows))) == [HEADER, *rows]


@pytest.mark.parametrize("text", ["\\u0000", "\\\\u0000", "a\\\\\\u0000"])
def test_a_text_that_spells_an_escape_holds_no_nul(text: str):
    written = row(1, type=text, code=text)
    assert list(read(lines(written))) == [HEADER, written]


@given(_rows)
def test_every_line_conforms_to_the_json_schema(rows: list[Row]):
    validator = validator_for(schema())
    for line in lines(*rows):
        faults = [fault.message for fault in validator.iter_errors(json.loads(line))]
        assert faults == []


def test_the_json_schema_that_ships_is_that_of_the_models():
    assert schema() == json_schema(), "write json_schema() into schemas/data/traffic.json"


@given(st.integers(0, len(b"".join(FILE)) - 2))
def test_a_file_cut_short_anywhere_is_refused(end: int):
    cut = b"".join(FILE)[:end].splitlines(keepends=True)
    code, _ = refusal(cut)
    # The header alone may be cut into something else.
    assert code == "traffic.cut_short" or (len(cut) == 1 and code == "traffic.format")


def test_a_file_cut_between_rows_says_how_many_there_are():
    with pytest.raises(NotTraffic) as told:
        list(read(FILE[:4]))
    assert (told.value.code, told.value.detail) == ("traffic.cut_short", {"rows": "3"})


def test_a_file_cut_within_a_row_says_how_many_are_whole():
    with pytest.raises(NotTraffic) as told:
        list(read([*FILE[:3], FILE[3][:-40]]))
    assert (told.value.code, told.value.detail) == ("traffic.cut_short", {"rows": "2"})


def test_a_line_of_just_so_many_bytes_is_looked_at():
    assert refusal([b"x" * ROW_BYTES_MAX]) == ("traffic.format", "header")
    assert refusal([b"x" * (ROW_BYTES_MAX + 1)]) == ("traffic.row", "header")
    package = b'"package":"QUJD"'
    assert refusal([package + b"x" * ROW_BYTES_MAX]) == ("traffic.format", "header")
    assert refusal([package + b"x" * (ROW_BYTES_MAX + 1)]) == ("traffic.row", "header")


@given(st.integers(1, len(FILE) - 1), st.data())
def test_a_changed_byte_is_refused_at_its_row(number: int, data: st.DataObject):
    line = FILE[number]
    place = data.draw(st.integers(0, len(line) - 2))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b not in (line[place], 10)))
    changed = [*FILE]
    changed[number] = line[:place] + bytes([byte]) + line[place + 1 :]
    assert refusal(changed) == ("traffic.edited", f"row {number}")


@given(st.permutations(range(1, len(FILE) - 1)))
def test_rows_in_another_order_are_refused_where_it_begins(order: list[int]):
    if order == sorted(order):
        return
    first = next(at for at, n in enumerate(order, start=1) if at != n)
    shuffled = [FILE[0], *(FILE[n] for n in order), FILE[-1]]
    assert refusal(shuffled) == ("traffic.edited", f"row {first}")


@pytest.mark.parametrize("gone", range(1, len(FILE) - 1))
def test_a_row_taken_away_is_missed(gone: int):
    assert refusal(FILE[:gone] + FILE[gone + 1 :]) == ("traffic.edited", f"row {gone}")


def test_a_row_put_in_is_refused():
    assert refusal([*FILE[:3], FILE[2], *FILE[3:]]) == ("traffic.edited", "row 3")
    assert refusal([*FILE, FILE[-1]]) == ("traffic.row", "row 7")


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (b"", "traffic.format"),
        (b"root:x:0:0\n", "traffic.format"),
        (b"[1]\n", "traffic.format"),
        (b'{"format":"axis-history","version":1}\n', "traffic.format"),
        (FILE[0].replace(b'"version":1', b'"version":2'), "traffic.version"),
        (FILE[0].replace(b'"version":1', b'"version":null'), "traffic.version"),
        (FILE[0].replace(b'"live"', b'"test"'), "traffic.edited"),
    ],
)
def test_another_kind_of_file_is_refused_at_its_header(header: bytes, code: str):
    assert refusal([header, *FILE[1:]]) == (code, "header")


def test_no_file_at_all_was_cut_short():
    assert refusal([]) == ("traffic.cut_short", "header")


def sealed(*texts: bytes) -> list[bytes]:
    """Lines as a hand would write them that knows how they are chained."""
    digest, made = b"", []
    for text in texts:
        head = text.rstrip()[:-1]
        digest = hashlib.sha256(digest + head).hexdigest().encode()
        made.append(head + b',"digest":"' + digest + b'"}\n')
    return made


def plain(line: bytes) -> bytes:
    return line[: line.rindex(b',"digest"')] + b"}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'"seq":2', b'"seq":0'),
        (b'"seq":2', b'"seq":"2"'),
        (b'"kind":0', b'"kind":9'),
        (b'"size":20000', b'"size":60000000'),
        (b'"state":"done"', b'"state":"gone"'),
        (b'"verdict":"valid"', b'"verdict":"valid","extra":1'),
        (b"doc_0", b"doc_l"),
        (b'"type":"', b'"type":"\\u0000'),
        (b'"type":"', b'"type":"\\\\\\u0000'),
        (b'"type":"', b'"type":"\\ud800'),
        (b'"deliveries":[', b'"deliveries":[],"x":['),
    ],
)
def test_a_row_that_was_sealed_wrong_is_refused(before: bytes, after: bytes):
    texts = [plain(line) for line in FILE]
    assert before in texts[2]
    texts[2] = texts[2].replace(before, after, 1)
    assert refusal(sealed(*texts)) == ("traffic.row", "row 2")


def test_the_name_of_a_field_that_there_is_not_is_cut_short():
    texts = [plain(line) for line in FILE]
    texts[2] = texts[2].replace(b'"seq"', b'"' + b"x" * 100_000 + b'":1,"seq"', 1)
    with pytest.raises(NotTraffic, match="row") as told:
        list(read(sealed(*texts)))
    assert len(told.value.detail["message"]) < 200


@pytest.mark.parametrize("count", ["rows", "deliveries", "package_bytes"])
def test_a_closing_line_that_counts_wrong_is_refused(count: str):
    texts = [plain(line) for line in FILE]
    told = json.loads(texts[-1])
    texts[-1] = json.dumps(told | {count: told[count] + 1}, separators=(",", ":")).encode()
    assert refusal(sealed(*texts)) == ("traffic.row", "row 6")


def test_rows_and_lines_are_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(traffic_lines, "ROWS_MAX", 3)
    assert refusal(FILE) == ("traffic.too_many", "row 4")
    monkeypatch.setattr(traffic_lines, "LINE_BYTES_MAX", len(FILE[1]) - 1)
    assert refusal(FILE) == ("traffic.row", "row 1")


def test_a_row_is_bounded_beside_its_package_before_it_is_read(
    monkeypatch: pytest.MonkeyPatch,
):
    small = lines(row(1), row(2, package="QUJD" * 1000))
    too_many = row(2, deliveries=[share()] * 5)
    large = lines(row(1), too_many)
    # What only looks like a package is none.
    disguised = lines(row(1), row(2, type='"package":"' + "A" * 100, deliveries=[share()] * 5))
    monkeypatch.setattr(traffic_lines, "ROW_BYTES_MAX", len(small[1]) + 100)
    assert [type(value).__name__ for value in read(small)] == ["Header", "Row", "Row"]
    value = traffic_lines._value

    def never(text: bytes, number: int) -> Any:
        assert number < 3, "it was read"
        return value(text, number)

    monkeypatch.setattr(traffic_lines, "_value", never)
    with pytest.raises(NotTraffic) as told:
        list(read(large))
    assert (told.value.code, told.value.place) == ("traffic.row", "row 2")
    assert "beside its package" in told.value.detail["message"]
    with pytest.raises(NotTraffic, match="beside its package"):
        list(read(disguised))
    # And none is written.
    with pytest.raises(NotTraffic, match="beside its package"):
        lines(row(1), too_many)


def test_what_was_written_is_told():
    chain = Chain()
    chain.line(HEADER)
    chain.line(row(1, deliveries=[share(), share("000.00.00.H26")]))
    assert (chain.told.rows, chain.told.deliveries, chain.told.package_bytes) == (1, 2, 20_000)
