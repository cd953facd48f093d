"""One element while it is read: its texts, its children, and how a text becomes a value.

Every complaint goes into the package's :class:`Notes` with its place. An optional element that
is not there is :data:`ABSENT`: it gives empty texts and complains about nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from operator import itemgetter
from typing import Final, Literal

from lxml import etree

from schemas.edxml import Problem
from schemas.edxml_fields import MANY, UNEXPLAINED, Table
from schemas.organ import ORGAN_ID_SHAPE, is_organ_id

Severity = Literal["error", "warning"]

#: Something wrong is quoted up to this many characters.
FOUND_MAX = 100

_DATE = re.compile(r"\d{4}/\d\d/\d\d", re.ASCII)
_DATE_TURNED = re.compile(r"\d\d/\d\d/\d{4}", re.ASCII)
_CLOCK = r" (?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d"
_MOMENT = re.compile(_DATE.pattern + _CLOCK, re.ASCII)
_MOMENT_TURNED = re.compile(_DATE_TURNED.pattern + _CLOCK, re.ASCII)
#: A slice is a list made in C: half the time of iterating.
_children: Callable[[etree._Element], list[etree._Element]] = itemgetter(slice(None))
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


class Notes:
    """The problems of one package as they are met, at most ``most`` of each severity."""

    def __init__(self, most: int) -> None:
        self.problems: list[Problem] = []
        self._room = {"error": most, "warning": most}

    def add(
        self,
        code: str,
        severity: Severity,
        inside: etree._Element,
        name: str,
        detail: Mapping[str, str],
    ) -> None:
        """Note a problem of ``name`` in the element ``inside``, or of that element itself."""
        if self._room[severity] > 0:
            self._room[severity] -= 1
            place = "/".join(filter(None, (place_of(inside), name)))
            self.problems.append(Problem(code, place, severity, detail))


def place_of(element: etree._Element) -> str:
    """``edXMLHeader/MessageHeader/To[2]``: without root and envelope, numbered among twins."""
    steps: list[str] = []
    parent = element.getparent()
    while parent is not None:
        name = local_name(element)
        if name != "edXMLEnvelope":
            before = sum(1 for _ in element.itersiblings(element.tag, preceding=True))
            twin = before or next(element.itersiblings(element.tag), None) is not None
            steps.append(f"{name}[{before + 1}]" if twin else name)
        element, parent = parent, parent.getparent()
    return "/".join(reversed(steps))


def local_name(element: etree._Element) -> str:
    """The name without its namespace, shortened when somebody made it absurdly long."""
    return str(element.tag).rpartition("}")[2][:FOUND_MAX]


class Node:
    """An element of the tree, or ``ABSENT``.

    Texts are stripped. Of an element that may stand once and is repeated, the first is kept.
    """

    __slots__ = ("element", "notes", "parts", "texts")

    def __init__(self, element: etree._Element, known: Table, notes: Notes) -> None:
        texts: dict[str, str] = {}
        parts: dict[str, list[etree._Element]] = {}
        self.element = element
        self.notes = notes
        self.texts = texts
        self.parts = parts
        # Every field of every package comes through this loop.
        for child in _children(element):
            try:
                name, longest = known[child.tag]
            except KeyError:
                self._stranger(child)
                continue
            if longest >= 0:
                text = self._text_around(child) if len(child) else child.text
                text = text.strip() if text else ""
                if len(text) > longest:
                    self._too_long(child, name, text, longest)
                if name in texts:
                    self.error("edxml.repeated", name, element=name)
                else:
                    texts[name] = text
            elif name not in parts:
                parts[name] = [child]
            elif longest == MANY:
                parts[name].append(child)
            else:
                self.error("edxml.repeated", name, element=name)

    def _stranger(self, child: etree._Element) -> None:
        """Warn of an element the format does not have here; comments and the like are none."""
        if isinstance(child.tag, str) and child.tag not in UNEXPLAINED:
            detail = {"element": local_name(child)}
            self.notes.add("edxml.unknown", "warning", child, "", detail)

    def _too_long(self, child: etree._Element, name: str, text: str, longest: int) -> None:
        detail = {"element": name, "length": str(len(text)), "limit": str(longest)}
        self.notes.add("edxml.too_long", "error", child, "", detail)

    def _text_around(self, child: etree._Element) -> str:
        """The whole text of a field with comments in it.

        Stopping at a comment would give another text than the one that was signed.
        """
        for inner in child:
            self._stranger(inner)
        return (child.text or "") + "".join(inner.tail or "" for inner in child)

    def error(self, code: str, where: str = "", /, **detail: str) -> None:
        """Note something that makes the package unacceptable, at ``where`` in this element."""
        self.notes.add(code, "error", self.element, where, detail)

    def warn(self, code: str, where: str = "", /, **detail: str) -> None:
        """Note something worth saying that stops nothing."""
        self.notes.add(code, "warning", self.element, where, detail)

    def one(self, name: str, known: Table) -> Node:
        """The child ``name``, absent when it is not there."""
        part = self.parts.get(name)
        return Node(part[0], known, self.notes) if part else ABSENT

    def need(self, name: str, known: Table) -> Node:
        """The mandatory child ``name``; an error when it is not there."""
        if name not in self.parts:
            self.error("edxml.missing", name, element=name)
        return self.one(name, known)

    def many(self, name: str, known: Table) -> list[Node]:
        """Every child ``name``, in the order of the file."""
        return [Node(part, known, self.notes) for part in self.parts.get(name, ())]

    def lines(self, name: str, longest: int) -> tuple[str, ...]:
        """The texts of every child ``name``, without the empty ones."""
        found = []
        for part in self.parts.get(name, ()):
            text = (self._text_around(part) if len(part) else part.text or "").strip()
            if len(text) > longest:
                self._too_long(part, name, text, longest)
            if text:
                found.append(text)
        return tuple(found)

    def text(self, name: str) -> str:
        """The text of the child ``name``, empty when it is absent."""
        return self.texts.get(name, "")

    def required(self, name: str) -> str:
        """The text of a mandatory child; an error when it is missing or empty."""
        text = self.texts.get(name, "")
        if not text:
            self.error("edxml.missing", name, element=name)
        return text

    def wrong(self, name: str, found: str, expected: str, severity: Severity = "error") -> None:
        """Note that a text is not what it should be."""
        detail = {"element": name, "found": found[:FOUND_MAX], "expected": expected}
        self.notes.add("edxml.value", severity, self.element, name, detail)

    def organ_id(self) -> str:
        """The mandatory ``OrganId``, of the grammar of :mod:`schemas.organ`."""
        text = self.texts.get("OrganId", "")
        if not is_organ_id(text) and self.required("OrganId"):
            self.wrong("OrganId", text, ORGAN_ID_SHAPE)
        return text

    def number(self, name: str, severity: Severity = "error") -> int | None:
        """A number from 0, at most nine digits; ``None`` when absent or no such number."""
        text = self.texts.get(name, "")
        if not text:
            return None
        if text.isascii() and text.isdigit() and len(text) < 10:
            return int(text)
        self.wrong(name, text, "a number from 0 to 999999999", severity)
        return None

    def flag(self, name: str) -> bool | None:
        """``true`` or ``false``, or 1 or 0 as the paragraphs on updates have it."""
        text = self.texts.get(name, "")
        if not text:
            return None
        if text.lower() not in _FLAGS:
            self.wrong(name, text, "true or false, 1 or 0")
        return _FLAGS.get(text.lower())

    def day(self, name: str) -> date | None:
        """A day ``yyyy/MM/dd``. Day first is read as such, with a warning.

        Bkav's packages write dd/MM/yyyy; VNPT's lenient reader makes 13 August of the year 19 of
        14/02/2020, so the two orders are told apart by where the four digits stand.
        """
        text = self.texts.get(name, "")
        if not text:
            return None
        try:
            if _DATE.fullmatch(text):
                return date.fromisoformat(text.replace("/", "-"))
            if _DATE_TURNED.fullmatch(text):
                turned = date.fromisoformat(_year_first(text))
                self.warn("edxml.date_order", name, element=name, found=text)
                return turned
        except ValueError:
            pass  # A day that no month has is as wrong as letters.
        self.wrong(name, text, "yyyy/MM/dd")
        return None

    def moment(self, name: str) -> datetime | None:
        """A mandatory time ``yyyy/MM/dd HH:mm:ss``, Viet Nam local time without a zone."""
        text = self.required(name)
        if not text:
            return None
        try:
            # The format writes local times without a zone, and the values keep them so.
            if _MOMENT.fullmatch(text):
                return datetime.fromisoformat(text.replace("/", "-"))
            if _MOMENT_TURNED.fullmatch(text):
                turned = datetime.fromisoformat(_year_first(text))
                self.warn("edxml.date_order", name, element=name, found=text)
                return turned
        except ValueError:
            pass  # A day that no month has is as wrong as letters.
        self.wrong(name, text, "yyyy/MM/dd HH:mm:ss")
        return None


#: Stands for every optional element that is not there: empty, and with nobody to complain to.
ABSENT: Final = Node(etree.Element("absent"), {}, Notes(0))


def _year_first(text: str) -> str:
    """``14/02/2020 08:30:00`` as ISO 8601 has it, with or without the time."""
    return f"{text[6:10]}-{text[3:5]}-{text[:2]}{text[10:]}"
