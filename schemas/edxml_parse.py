"""From bytes to a tree that is safe to walk: size, encoding, DOCTYPE, depth, number of elements.

Whatever could make the parser work beyond the length of its input is refused before it starts:
a DOCTYPE (and with it every entity), more markup than any package needs, other encodings than
UTF-8, which would hide both. Comments and processing instructions stay in the tree, because the
canonical form that a signature is over holds them.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from functools import cache

from lxml import etree

from schemas.attachments import ATTACHMENT_BYTES_MAX
from schemas.edxml import PACKAGE_BYTES_MAX, Problem

#: A package for all 95 agencies with every field filled has under 1,100 elements; unknown ones
#: are tolerated, so there is room, but 50 MiB of empty elements would take gigabytes.
ELEMENTS_MAX = 20_000

#: The format nests 9 deep, a signature inside it 8.
DEPTH_MAX = 32

#: One listed fault more helps nobody; 20,000 unknown elements would only be a long answer.
PROBLEMS_MAX = 100

#: A file in the wild carried tool output before its declaration. Further in, it is another format.
GARBAGE_LOOK_BYTES = 4096

#: libxml2 refuses longer texts unless it is told the input may be huge.
_PLAIN_TEXT_BYTES_MAX = 10_000_000

#: ``<a/>`` is the shortest element: below this a package cannot hold too many.
_ELEMENT_BYTES_MIN = 4

#: The longest sensible declaration has 55 bytes.
_DECLARATION_BYTES_MAX = 256

#: No element of the format has more than three, no package more than six prefixes. A canonical
#: form sorts the first and looks through the second, in time that grows with their square.
ATTRIBUTES_MAX = 64

_MISC = re.compile(rb"(?:[ \t\r\n]++|<\?.*?\?>|<!--.*?-->)*+", re.DOTALL)
_PREFIX = re.compile(rb"xmlns:([^\s=]+)")
_DECLARED = re.compile(rb"""<\?xml\s[^>]*?encoding\s*=\s*["']([^"']{1,40})""")
#: XML 1.1 ends lines at other characters too and may hold controls: its text is another one for
#: whoever reads it as such, and canonical forms, which signatures are over, are of XML 1.0.
_VERSION = re.compile(rb"""<\?xml\s+version\s*=\s*["']([^"']{1,40})""")
_START = re.compile(rb"<\?xml\s|<edXML[\s>]")
_DECLARATION_STARTS = tuple(b"<?xml" + blank for blank in (b" ", b"\t", b"\r", b"\n"))
_BOMS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
    (b"<\x00\x00\x00", "UTF-32"),
    (b"\x00\x00\x00<", "UTF-32"),
    (b"<\x00", "UTF-16"),
    (b"\x00<", "UTF-16"),
)
_DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>'
#: Nearly every package begins so: nothing is wrong with that, and no DOCTYPE can follow.
_USUAL_STARTS = tuple(_DECLARATION + gap + b"<edXML" for gap in (b"", b"\n", b"\r\n"))


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a package is looked at. Each refusal names the limit it met."""

    package_bytes: int = PACKAGE_BYTES_MAX
    inflated_bytes: int = ATTACHMENT_BYTES_MAX
    elements: int = ELEMENTS_MAX
    depth: int = DEPTH_MAX
    problems: int = PROBLEMS_MAX


DEFAULT_LIMITS = Limits()


class _Parsers(threading.local):
    """Parsers are costly to make and may not be shared: two for each thread that reads."""

    def __init__(self) -> None:
        self.plain = _parser(huge=False)
        self.huge = _parser(huge=True)


def _parser(*, huge: bool) -> etree.XMLParser:
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        remove_comments=False,
        remove_pis=False,
        huge_tree=huge,
    )


_parsers = _Parsers()


def parse(raw: bytes, limits: Limits) -> etree._Element | tuple[Problem, ...]:
    """The root element, or why there is none. Never raises."""
    refusal = _refusal_of_bytes(raw, limits)
    if refusal is not None:
        return (refusal,)
    parser = _parsers.huge if len(raw) > _PLAIN_TEXT_BYTES_MAX else _parsers.plain
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        return _malformed(raw, error, parser, limits)
    if _deeper_than(root, limits.depth):
        return (Problem("edxml.too_deep", "", detail={"limit": str(limits.depth)}),)
    if _crowded(raw, limits) and sum(1 for _ in root.iter()) > limits.elements:
        return (_too_many(limits),)
    if raw.count(b"=") > ATTRIBUTES_MAX and _wide(raw, root):
        return (Problem("edxml.too_many_attributes", "", detail={"limit": str(ATTRIBUTES_MAX)}),)
    return root


_MANY_ATTRIBUTES = etree.XPath(f"boolean(//*[@*[{ATTRIBUTES_MAX + 1}]])")


def _wide(raw: bytes, root: etree._Element) -> bool:
    """Whether an element has too many attributes, or more prefixes are declared than one may."""
    return len(set(_PREFIX.findall(raw))) > ATTRIBUTES_MAX or bool(_MANY_ATTRIBUTES(root))


@cache
def _level(depth: int) -> etree.XPath:
    return etree.XPath("boolean(" + "/*" * depth + ")")


def _deeper_than(root: etree._Element, depth: int) -> bool:
    return bool(_level(depth + 1)(root))


def _refusal_of_bytes(raw: bytes, limits: Limits) -> Problem | None:
    """What can be told without parsing; all of it takes microseconds even for 50 MiB."""
    if len(raw) > limits.package_bytes:
        detail = {"size": str(len(raw)), "limit": str(limits.package_bytes)}
        return Problem("package.too_large", "", detail=detail)
    usual = raw.startswith(_USUAL_STARTS)
    start = 3 if raw.startswith(b"\xef\xbb\xbf") else 0
    if not usual and (refusal := _refusal_of_start(raw, start)):
        return refusal
    if b"\0" in raw:
        return _not_xml("a NUL byte stands in the text", *_line_column(raw, raw.index(b"\0")))
    # An attribute costs memory as an element does, and each has its own equals sign.
    most = 2 * limits.elements
    if _crowded(raw, limits) and (raw.count(b"<") > most or raw.count(b"=") > most):
        return _too_many(limits)
    return None if usual else _refusal_of_doctype(raw, start)


def _refusal_of_doctype(raw: bytes, start: int) -> Problem | None:
    """Whether a DOCTYPE comes before the root element, which is the one place for it."""
    misc = _MISC.match(raw, start)
    after = misc.end() if misc else start
    if raw[after : after + 9].upper() == b"<!DOCTYPE":
        return Problem("edxml.doctype", "line {}, column {}".format(*_line_column(raw, after)))
    return None


def _refusal_of_start(raw: bytes, start: int) -> Problem | None:
    """Whether the text begins as XML in UTF-8 does."""
    for mark, name in _BOMS:
        if raw.startswith(mark):
            return Problem("edxml.encoding", "line 1, column 1", detail={"found": name})
    head = raw[start : start + GARBAGE_LOOK_BYTES].lstrip(b" \t\r\n")
    first = _START.search(raw, start, start + GARBAGE_LOOK_BYTES)
    if first is not None and first.start() > start:
        before = raw[start : first.start()]
        begun = before.lstrip(b" \t\r\n")
        # White space may stand before the root element, but not before the declaration.
        if (begun and not begun.startswith(b"<")) or (not begun and first[0].startswith(b"<?")):
            detail = {"count": str(len(before)), "found": repr(before[:40])[1:]}
            return Problem("edxml.leading_garbage", "line 1, column 1", detail=detail)
    if head and not head.startswith(b"<"):
        return _not_xml(f"it begins with {repr(head[:20])[1:]}", 1, 1)
    declaration_end = raw.find(b"?>", start, start + _DECLARATION_BYTES_MAX)
    if raw.startswith(_DECLARATION_STARTS, start) and declaration_end < 0:
        return _not_xml(f"its declaration has more than {_DECLARATION_BYTES_MAX} bytes", 1, 1)
    version = _VERSION.match(raw, start, start + _DECLARATION_BYTES_MAX)
    if version is not None and version[1] != b"1.0":
        return _not_xml(f"its declaration says XML {repr(version[1])[1:]}, and not 1.0", 1, 1)
    declared = _DECLARED.match(raw, start, start + _DECLARATION_BYTES_MAX)
    if declared is not None and declared[1].lower() != b"utf-8":
        found = declared[1].decode("ascii", "replace")
        return Problem("edxml.encoding", "line 1, column 1", detail={"found": found})
    return None


def _malformed(
    raw: bytes, error: etree.XMLSyntaxError, parser: etree.XMLParser, limits: Limits
) -> tuple[Problem, ...]:
    """libxml2's errors to the first that ends its reading: those behind it are mostly its
    consequences. A prefix that is not declared ends nothing, and is told where it is first met.
    """
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as wrong:
        found = f"a text with the byte 0x{raw[wrong.start]:02X}"
        place = "line {}, column {}".format(*_line_column(raw, wrong.start))
        return (Problem("edxml.encoding", place, detail={"found": found}),)
    told: dict[str, Problem] = {}
    # A warning says nothing of why it stopped.
    for entry in parser.error_log.filter_from_errors():
        ends = entry.type != etree.ErrorTypes.NS_ERR_UNDEFINED_NAMESPACE
        # "Namespace prefix x on y is not defined"
        about = entry.message if ends else entry.message.split()[2]
        told.setdefault(about, _stopped(entry.message, entry.line, entry.column, limits))
        if ends or len(told) == limits.problems:
            break
    if not told:
        message = error.msg or "unreadable"
        return (_stopped(message, error.lineno or 1, error.offset or 1, limits),)
    return tuple(told.values())


def _stopped(message: str, line: int, column: int, limits: Limits) -> Problem:
    if message.startswith("Excessive depth"):
        return Problem("edxml.too_deep", f"line {line}", detail={"limit": str(limits.depth)})
    return _not_xml(" ".join(message.split())[:300], line, column)


def _crowded(raw: bytes, limits: Limits) -> bool:
    """Whether so many bytes could hold more elements than are allowed."""
    return len(raw) > limits.elements * _ELEMENT_BYTES_MIN


def _too_many(limits: Limits) -> Problem:
    return Problem("edxml.too_many", "", detail={"limit": str(limits.elements)})


def _not_xml(message: str, line: int, column: int) -> Problem:
    return Problem("edxml.not_xml", f"line {line}, column {column}", detail={"message": message})


def _line_column(raw: bytes, offset: int) -> tuple[int, int]:
    """Both from 1; columns count bytes, as libxml2 does."""
    return raw.count(b"\n", 0, offset) + 1, offset - raw.rfind(b"\n", 0, offset)
