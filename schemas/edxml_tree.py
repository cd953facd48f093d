"""A package as a tree: parsed without its bulk, and yet read and digested with it.

A ``Tree`` is what reading (:mod:`schemas.edxml_read`) and the signature (:mod:`schemas.xmldsig`)
share, so that a package is parsed once and brought into canonical form once.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from lxml import etree

from schemas.attachments import Base64Text
from schemas.edxml import NS
from schemas.edxml_cut import Cut, cut, is_plain

#: libxml2 refuses longer texts unless it is told the input may be huge.
_PLAIN_TEXT_BYTES_MAX: Final = 10_000_000

_NO_BULK: Final[Mapping[str, Base64Text]] = MappingProxyType({})


#: The elements around a Signature, from the outside.
_PLACE: Final = [f"{{{NS}}}{name}" for name in ("edXML", "edXMLEnvelope", "edXMLHeader")]


class Tree:
    """A document that was parsed.

    ``root`` is its root element, comments and instructions included, but without what was cut out
    (:mod:`schemas.edxml_cut`): of a text in ``bulk`` it has only the mark, and it has not the
    ``signature``, which stood at the end of the header. ``plain`` says that there is no comment
    and no instruction anywhere; False leaves it open. Nobody changes a tree: its canonical form
    is made once.
    """

    __slots__ = ("_canonical", "_raw", "bulk", "plain", "root", "signature")

    def __init__(
        self, root: etree._Element, *, plain: bool = False, raw: bytes = b"", cut: Cut | None = None
    ) -> None:
        """``raw`` is what ``cut`` was made from."""
        self.root = root
        self.plain = plain
        self.bulk: Mapping[str, Base64Text] = cut.bulk if cut else _NO_BULK
        self.signature = cut.signature if cut else None
        self._raw = raw
        self._canonical: bytes | None = None

    def whole(self) -> etree._Element:
        """The root element of the document with all that is in it, and the lines it stands in."""
        return _parse(self._raw, len(self._raw)) if self._raw else self.root

    def canonical(self) -> bytes:
        """Exclusive C14N of what was parsed: with marks for bulk, without the ``signature``.

        Raises ``etree.C14NError`` where there is none, as for relative namespace names.
        """
        if self._canonical is None:
            # Of the tree, not of the element: instructions around the root belong to it.
            self._canonical = etree.tostring(
                self.root.getroottree(), method="c14n", exclusive=True, with_comments=False
            )
        return self._canonical

    def sha256(self, without: tuple[int, int] = (0, 0)) -> bytes:
        """SHA-256 of the canonical form with its bulk, but without the ``signature``.

        ``without`` is one more part to leave out, as offsets in ``canonical()``.
        """
        canonical = self.canonical()
        # Base64 is its own canonical form, and a mark stands once: see ``edxml_cut``.
        instead = [(*without, b"")]
        at = 0
        for mark, text in self.bulk.items():
            at = canonical.index(mark.encode(), at)
            instead.append((at, at + len(mark), text.text))
        digest = hashlib.sha256()
        whole = memoryview(canonical)
        done = 0
        for first, last, data in sorted(instead):
            # A mark inside the part goes with it.
            if first >= done:
                digest.update(whole[done:first])
                digest.update(data)
                done = last
        digest.update(whole[done:])
        return digest.digest()


def tree_of(raw: bytes) -> Tree:
    """Parse ``raw``, XML in UTF-8. Raises ``etree.XMLSyntaxError``, with places of ``raw``."""
    made = cut(raw)
    if made is not None:
        try:
            root = _parse(made.light, len(raw))
        except etree.XMLSyntaxError:
            made = None  # The whole says it in its own words and places.
        else:
            if made.signature is None or _begins_with_header(root):
                return Tree(root, plain=True, raw=raw, cut=made)
    return Tree(_parse(raw, len(raw)), plain=is_plain(raw))


def _begins_with_header(root: etree._Element) -> bool:
    """Whether root, envelope and header are the first of each, as in nearly every package."""
    if not len(root) or not len(root[0]):
        return False
    return [root.tag, root[0].tag, root[0][0].tag] == _PLACE


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


def parser_for(size: int) -> etree.XMLParser:
    """The parser of this thread for documents of ``size`` bytes; its log is that of the last."""
    return _parsers.huge if size > _PLAIN_TEXT_BYTES_MAX else _parsers.plain


def _parse(data: bytes, size: int) -> etree._Element:
    # Whether a text may be huge must not depend on a cut: ``size`` is that of the whole.
    return etree.fromstring(data, parser_for(size))
