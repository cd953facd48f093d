"""What is no JSON, or none that two readers understand alike, and where it stops to be."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axis.api.json_text import parse_json
from axis.api.requests import is_text
from axis.core.errors import Rejected
from tests.api.test_requests import DOORS, post
from tests.api.world import World, problem

#: What is sent, where it is no JSON, and what is said of it.
NO_JSON = [
    (b"{", 1, 2, 'a name in "" is expected'),
    (b"nonsense", 1, 1, "a value is expected"),
    (b" ", 1, 2, "a value is expected"),
    (b'{"why" 1}', 1, 8, "a colon is expected"),
    (b'{"why":\n 1 2}', 2, 4, "a comma or the end is expected"),
    (b"[1,2", 1, 5, "a comma or the end is expected"),
    (b"{}\n\n{}", 3, 1, "something stands behind the value"),
    (b'{"why": "a\nb"}', 1, 11, "a text holds a control character"),
    (b'{"why": "\\x"}', 1, 10, "a backslash begins no escape"),
    (b'{"why": "\\u12"}', 1, 11, "a backslash begins no escape"),
    (b'{"why": "\xc3\xa9 \\x"}', 1, 12, "a backslash begins no escape"),
    (b'{"why": "x', 1, 9, "a text does not end"),
    (b"NaN", 1, 1, "NaN is no number"),
    (b'{"NaN": "-Infinity",\n "why": [-1, -Infinity]}', 2, 14, "-Infinity is no number"),
    (b'{"I\\"N": Infinity}', 1, 10, "Infinity is no number"),
    (b'{\n"why": "\xc3\xa9\xff"}', 2, 10, "byte 0xff is no UTF-8"),
    (b"\xff\xfe{\0", 1, 1, "byte 0xff is no UTF-8"),
    (b'\xef\xbb\xbf{"why": 1}', 1, 1, "it begins with a byte order mark"),
]
IDS = range(len(NO_JSON))


@pytest.mark.parametrize(("raw", "line", "column", "words"), NO_JSON, ids=IDS)
def test_what_is_no_json_is_told_with_its_place(
    raw: bytes, line: int, column: int, words: str
) -> None:
    with pytest.raises(Rejected) as caught:
        parse_json(raw)
    (fault,) = caught.value.faults
    assert (fault.code, fault.place) == ("request.json", f"line {line}, column {column}")
    assert f"{words} (line {line}, column {column})" in fault.sentence()
    assert f"(dòng {line}, cột {column})" in fault.sentence("vi")
    # No words of the library's.
    assert "(char" not in fault.sentence()
    assert words not in fault.sentence("vi")


def test_words_of_another_library_are_not_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def surprised(text: str, **_: Any) -> Any:
        raise json.JSONDecodeError("Something new", text, 1)

    monkeypatch.setattr(json, "loads", surprised)
    with pytest.raises(Rejected, match=r"does not go on as JSON does \(line 1, column 2\)"):
        parse_json(b"{}")


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b'{"result":"done","result":"fail"}', "result"),
        (b'{"a":1,"\\u0061":1}', "a"),
        (b'{"statuses":[{"b":1,"code":"01","code":"01","b":2}]}', "b"),
        (b'{"":1,"":2}', ""),
        (b'{"\\ud800":1,"\\ud800":2}', "?"),
        (b'{"%b":1,"%b":2}' % (b"k" * 1000, b"k" * 1000), "k" * 60),
    ],
    ids=range(6),
)
def test_a_field_stands_once_in_an_object(raw: bytes, name: str) -> None:
    with pytest.raises(Rejected) as caught:
        parse_json(raw)
    (fault,) = caught.value.faults
    assert (fault.code, fault.place) == ("request.json", name)
    assert f'"{name}" stands more than once' in fault.sentence()
    assert f'"{name}" xuất hiện nhiều lần' in fault.sentence("vi")


def test_objects_of_a_list_have_the_same_fields() -> None:
    raw = b'{"a":{"a":1},"b":[{"a":1},{"a":1}]}'
    assert parse_json(raw) == {"a": {"a": 1}, "b": [{"a": 1}, {"a": 1}]}


@pytest.mark.parametrize(("who", "path"), DOORS)
async def test_every_door_reads_json_alike(here: World, who: str, path: str) -> None:
    problem(await post(here, who, path, b""), 400, "request.empty")
    for raw, line, column, _ in NO_JSON:
        told = problem(await post(here, who, path, raw), 400, "request.json")
        assert told["place"] == f"line {line}, column {column}"
    told = problem(await post(here, who, path, b'{"why":"a","why":"a"}'), 400, "request.json")
    assert told["place"] == "why"


PIECES = (
    "\\\\",
    "\\ud83d",
    "\\uDE00",
    "\\u0000",
    "\\u0061",
    "\\n",
    '\\"',
    "u0000",
    "ude00",
    "x",
    "é",
)


def _holds_text(value: Any) -> bool:
    """What a walk through a JSON value says of its texts."""
    if isinstance(value, dict):
        return all(is_text(name) and _holds_text(inner) for name, inner in value.items())
    return is_text(value) if isinstance(value, str) else all(map(_holds_text, value))


@given(st.lists(st.lists(st.sampled_from(PIECES)).map("".join), min_size=2))
def test_what_is_no_text_is_found_in_the_json_itself(pieces: list[str]) -> None:
    name, *texts = (f'"{piece}"' for piece in pieces)
    body = f"{{{name}: [{', '.join(texts)}]}}"
    if _holds_text(json.loads(body)):
        assert parse_json(body.encode()) == json.loads(body)
    else:
        with pytest.raises(Rejected, match="surrogate"):
            parse_json(body.encode())
