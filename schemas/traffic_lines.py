"""Lines of a traffic file, each chained to the one before, so that any change shows at its row.

A line is one JSON object and ends with ``,"digest":"<64 hex>"}`` and a line feed. Its digest is the
SHA-256 over the digest of the line before (its 64 characters; none for the first line) and the
bytes of the line up to that comma. It tells of accidents and of hands that know nothing of it; who
must know where a file is from signs the file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Final

import orjson
from pydantic import ValidationError

from schemas.edxml import PACKAGE_BYTES_MAX
from schemas.edxml_node import FOUND_MAX
from schemas.rest_words import Wire
from schemas.traffic import FORMAT, VERSION, End, Header, Row

#: A row without its package: 95 recipients with ten happenings each make 150 kB.
ROW_BYTES_MAX: Final = 4 * 1024 * 1024
#: A line with the largest package in base64.
LINE_BYTES_MAX: Final = ROW_BYTES_MAX + PACKAGE_BYTES_MAX * 4 // 3
#: A year of the published period has 298,000 documents.
ROWS_MAX: Final = 400_000

_END: Final = re.compile(rb',"digest":"([0-9a-f]{64})"}\n\Z')
_TAIL_BYTES: Final = 80
#: The escape of NUL, and not a backslash before the letter u.
_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_PACKAGE: Final = re.compile(rb'"package":"[A-Za-z0-9+/=]*"')


def place_of(line: int) -> str:
    """``header`` for line 1, behind it the row, from 1."""
    return "header" if line == 1 else f"row {line - 1}"


class NotTraffic(ValueError):
    """The lines are no traffic file. ``line`` counts from 1, the header; ``code`` is one of the
    catalogue's, ``detail`` what its sentence speaks of.
    """

    def __init__(self, code: str, line: int, **detail: object) -> None:
        self.code = code
        self.line = line
        self.detail = {name: str(value) for name, value in detail.items()}
        super().__init__(f"line {line}: {code} {self.detail}")

    @property
    def place(self) -> str:
        """``header``, or the row, from 1."""
        return place_of(self.line)


@dataclass
class _Counts:
    """What has passed so far."""

    rows: int = 0
    deliveries: int = 0
    package_bytes: int = 0

    def add(self, row: Row) -> None:
        self.rows += 1
        self.deliveries += len(row.deliveries)
        self.package_bytes += row.size

    def end(self) -> End:
        return End(end=True, **asdict(self))


class Chain:
    """Seals lines as they are written."""

    def __init__(self) -> None:
        self._digest = b""
        self._counts = _Counts()

    def line(self, value: Header | Row) -> bytes:
        """The line of the header or of a row, with its line feed. ``NotTraffic`` for a row that
        ``read`` would refuse for its length.
        """
        if isinstance(value, Row):
            self._counts.add(value)
        sealed = self._sealed(value)
        _require_bounded(sealed, self._counts.rows + 1)
        return sealed

    def end(self) -> bytes:
        """The last line."""
        return self._sealed(self.told)

    @property
    def told(self) -> End:
        """What has been written."""
        return self._counts.end()

    def _sealed(self, value: Wire) -> bytes:
        head = value.model_dump_json(exclude_defaults=True).encode()[:-1]
        self._digest = _digest(self._digest, head)
        return b'%b,"digest":"%b"}\n' % (head, self._digest)


def read(lines: Iterable[bytes]) -> Iterator[Header | Row]:
    """The header and then the rows of a file, each as soon as it is proved; ``NotTraffic``."""
    digest, counts = b"", _Counts()
    end = False
    number = 0
    for number, line in enumerate(lines, start=1):
        if end:
            raise NotTraffic("traffic.row", number, message="it stands behind the closing line")
        head, digest = _opened(line, digest, number)
        value = _value(head, number)
        if isinstance(value, End):
            _require_counts(value, counts.end(), number)
            end = True
            continue
        if isinstance(value, Row):
            counts.add(value)
            if counts.rows > ROWS_MAX:
                raise NotTraffic("traffic.too_many", number, limit=ROWS_MAX)
        yield value
    if not end:
        raise NotTraffic("traffic.cut_short", number + 1, rows=max(0, number - 1))


def _digest(before: bytes, head: bytes) -> bytes:
    sealed = hashlib.sha256(before)
    sealed.update(head)
    return sealed.hexdigest().encode()


def _require_bounded(line: bytes, number: int) -> None:
    """Refuse a line before it is read as JSON: of small values that takes many times its bytes.

    A package is one value, and so takes no more than it has.
    """
    size, most = len(line), LINE_BYTES_MAX
    if ROW_BYTES_MAX < size <= LINE_BYTES_MAX:
        found = _PACKAGE.search(line)
        size -= 0 if found is None else found.end() - found.start()
        most = ROW_BYTES_MAX
    if size > most:
        message = f"it has more than {most} bytes"
        if most == ROW_BYTES_MAX:
            message += " beside its package"
        raise NotTraffic("traffic.row", number, message=message)


def _opened(line: bytes, before: bytes, number: int) -> tuple[bytes, bytes]:
    """The JSON of a line without its digest, and the digest, which holds."""
    _require_bounded(line, number)
    if number == 1:
        # Another version may well seal its lines otherwise.
        _require_version(line)
    found = _END.search(line, max(0, len(line) - _TAIL_BYTES - 1))
    if found is None:
        if not line.endswith(b"\n"):
            raise NotTraffic("traffic.cut_short", number, rows=max(0, number - 2))
        raise NotTraffic("traffic.edited", number)
    head = line[: found.start()]
    if _digest(before, head) != found[1]:
        raise NotTraffic("traffic.edited", number)
    return head + b"}", found[1]


def _require_version(line: bytes) -> None:
    try:
        told = orjson.loads(line)
    except ValueError:
        told = None
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise NotTraffic("traffic.format", 1)
    if told.get("version") != VERSION:
        version = str(told.get("version"))[:20]
        raise NotTraffic("traffic.version", 1, found=f"{FORMAT} version {version}")


def _value(text: bytes, number: int) -> Header | Row | End:
    if number == 1:
        model: type[Header | Row | End] = Header
    else:
        model = End if text.startswith(b'{"end":') else Row
    if b"\\u0000" in text and _NUL.search(text):
        # No store can keep it.
        raise NotTraffic("traffic.row", number, message="it holds NUL")
    try:
        return model.model_validate_json(text, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part)[:FOUND_MAX] for part in first["loc"])
        raise NotTraffic("traffic.row", number, message=f"{place}: “{first['msg']}”") from None


def _require_counts(end: End, counted: End, number: int) -> None:
    if end != counted:
        message = f"the closing line counts {end.rows} rows, {end.deliveries} deliveries"
        raise NotTraffic("traffic.row", number, message=message)
