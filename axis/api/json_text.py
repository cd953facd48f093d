"""Read JSON as strictly as two readers must agree on it (RFC 8259), and say where it is none."""

from __future__ import annotations

import json
import re
from typing import Any, Final, NoReturn

from axis.api.bodies import JSON
from axis.api.problems import PART_MAX, invalid
from axis.core.errors import Rejected, rejected
from schemas.once import Twice, once

#: Fields of one JSON object, and values of a body: twice what any request that has a model needs.
KEYS_MAX = 32
VALUES_MAX = 100_000
#: Objects and lists within each other: ten times what any request needs. How deep Python's reader
#: goes is another number with each version of it.
DEPTH_MAX = 32
_HOLDERS = (dict, list)
#: In a JSON text without escaped backslashes: the first half of a surrogate pair without its
#: second, or the second without its first.
_HALF_PAIR = re.compile(
    r"\\u[dD](?:[89abAB]..(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..\\u[dD])[c-fC-F])"
)
#: The first constant of JavaScript's that stands outside of a text.
_CONSTANT = re.compile(
    r'(?:[^"NI-]++|"(?:[^"\\]++|\\.)*+"|-(?!Infinity))*+(NaN|-?Infinity)', re.DOTALL
)
#: What the reader of JSON stumbled over, by the beginning of its own words.
_WORDS: Final = (
    ("Unexpected UTF-8 BOM", "it begins with a byte order mark", "có dấu thứ tự byte (BOM) ở đầu"),
    ("Expecting value", "a value is expected", "cần một giá trị"),
    ("Expecting property", 'a name in "" is expected', 'cần một tên trường trong dấu ""'),
    ("Expecting ':'", "a colon is expected", "cần dấu hai chấm"),
    ("Expecting ','", "a comma or the end is expected", "cần dấu phẩy hoặc dấu đóng"),
    ("Illegal trailing comma", "a comma stands before the end", "có dấu phẩy thừa ở cuối"),
    ("Extra data", "something stands behind the value", "có nội dung thừa sau giá trị"),
    ("Invalid control", "a text holds a control character", "chuỗi chứa ký tự điều khiển"),
    ("Invalid \\", "a backslash begins no escape", "dấu \\ không mở đầu ký hiệu hợp lệ"),
    ("Unterminated", "a text does not end", "một chuỗi không có dấu kết thúc"),
    ("", "it does not go on as JSON does", "không viết tiếp đúng như JSON"),
)


def parse_json(raw: bytes) -> Any:
    """Return the JSON value of ``raw``.

    Raises ``request.json`` for what is no JSON, no UTF-8, or has a field twice in one object;
    ``request.invalid`` for what is nested deeper than Python reads, or not text (half a surrogate
    pair, NUL).
    """
    if not raw:
        raise rejected("request.empty", taken=JSON)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        byte = raw[error.start]
        raise _no_json(
            before, len(before), f"byte {byte:#04x} is no UTF-8", f"byte {byte:#04x} không là UTF-8"
        ) from None
    try:
        value = json.loads(text, parse_constant=_no_constant, object_pairs_hook=once)
    except RecursionError:
        raise _too_deep() from None
    except json.JSONDecodeError as error:
        _, en, vi = next(row for row in _WORDS if error.msg.startswith(row[0]))
        raise _no_json(text, error.pos, en, vi) from None
    except Twice as error:
        raise _twice(error.name) from None
    except _Constant:
        found = _CONSTANT.match(text)
        assert found is not None
        name = found[1]
        raise _no_json(
            text, found.start(1), f"{name} is no number", f"{name} không phải số"
        ) from None
    except ValueError:
        # Python makes no number of more than 4,300 digits; JSON has no such bound.
        raise invalid("body", "holds too long a number", "chứa số quá dài") from None
    # Only escapes can smuggle these in, so the look is spared nearly always.
    if ("\\ud" in text or "\\uD" in text or "\\u0000" in text) and _escapes_no_text(text):
        raise invalid(
            "body", "holds NUL or half a surrogate pair", "chứa ký tự NUL hoặc nửa cặp surrogate"
        )
    return value


def parse_object(raw: bytes) -> dict[str, Any]:
    """Return the JSON object of ``raw``; one with more in it than any request has is refused."""
    value = parse_json(raw)
    if not isinstance(value, dict):
        raise invalid("body", "is not an object", "không phải đối tượng JSON")
    _refuse_too_much(value)
    return value


class _Constant(Exception):
    """NaN or an infinity."""


def _no_constant(_: str) -> NoReturn:
    raise _Constant


def _too_deep() -> Rejected:
    return invalid("body", "is nested too deep", "lồng nhau quá sâu")


def _twice(name: str) -> Rejected:
    # It may be half a pair of surrogates, which could not be said back.
    name = name[:PART_MAX].encode("utf-8", "replace").decode()
    return rejected(
        "request.json",
        name,
        message=f'the field "{name}" stands more than once in one object',
        message_vi=f'trường "{name}" xuất hiện nhiều lần trong một đối tượng',
    )


def _no_json(text: str, at: int, en: str, vi: str) -> Rejected:
    """``request.json`` at a character of ``text``, counted as people do."""
    line = text.count("\n", 0, at) + 1
    column = at - text.rfind("\n", 0, at)
    return rejected(
        "request.json",
        f"line {line}, column {column}",
        message=f"{en} (line {line}, column {column})",
        message_vi=f"{vi} (dòng {line}, cột {column})",
    )


def _escapes_no_text(text: str) -> bool:
    """Whether a JSON text escapes NUL or half a surrogate pair.

    It is looked for in the text: a walk through the values holds the loop for a third of a second.
    """
    # A backslash that is escaped begins no escape; without those, each that is left does.
    escapes = text.replace("\\\\", "  ")
    return "\\u0000" in escapes or _HALF_PAIR.search(escapes) is not None


def _refuse_too_much(value: Any) -> None:
    """Refuse what a model would make a fault of for each field, or for each value, and what is
    nested deeper than any.
    """
    level, values = [value], 0
    for _ in range(DEPTH_MAX):
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                if len(item) > KEYS_MAX:
                    raise invalid(
                        "body",
                        f"has an object with more than {KEYS_MAX} fields",
                        f"có đối tượng nhiều hơn {KEYS_MAX} trường",
                    )
                item = item.values()  # noqa: PLW2901
            values += len(item)
            if values > VALUES_MAX:
                raise invalid(
                    "body", f"has more than {VALUES_MAX} values", f"có hơn {VALUES_MAX} giá trị"
                )
            inner += [one for one in item if one and isinstance(one, _HOLDERS)]
        if not inner:
            return
        level = inner
    raise _too_deep()
