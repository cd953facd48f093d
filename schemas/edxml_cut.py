"""Take out of a package's bytes, before they are parsed, what nobody needs as elements.

That is the base64 of its attachments and the usual Signature. Of a package of 20 kB it leaves less
than 4 kB to parse, to walk over and to bring into canonical form. A run of base64 is replaced by a
*mark*, a short run of base64 that stands nowhere else; the Signature by nothing.

Why that changes nothing else. It is done only in *plain* bytes: without comments, CDATA,
instructions and character references. There, if they are well-formed at all, every ``<`` begins a
tag, for an attribute value holds none.

A run begins right behind the ``>`` of what looks like a start tag and ends right before ``</``. So
it is the whole text of an element. It and its mark consist of letters, digits, ``+``, ``/``, ``=``,
blanks and line feeds, which mean themselves there: the parser resolves and normalises none of them
and canonical XML escapes none of them. As no other character turns into one of them, a mark that
stands once in the bytes stands once in the tree and once in its canonical form.

The Signature is whole, well-formed, declares its namespace itself and stands right before the end
tag of the only edXMLHeader: without it the header has one child less and is the same otherwise.

If the bytes are not well-formed, neither is what is left. In every doubtful case nothing is cut.
"""

from __future__ import annotations

import re
from re import Match
from typing import Final, NamedTuple

from schemas.attachments import Base64Text
from schemas.edxml import PACKAGE_BYTES_MAX
from schemas.xmldsig_profile import SIGNATURE_FORM

#: A shorter run costs less to parse than to cut out.
RUN_BYTES_MIN: Final = 1024
#: Marks have two digits; what more attachments there are is parsed like any other text.
RUNS_MAX: Final = 100

_ENCODED, _SIGNATURE, _HEADER = b"ContentTransferEncoded", b"Signature", b"edXMLHeader"
#: Characters in a start tag before and behind the name, at most: we look no further.
_PREFIX_MAX: Final = 34
_ATTRIBUTES_MAX: Final = 256
_DECLARATION: Final = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml\s[^?<>]{0,256}\?>")
_STEM: Final = b"TheBulkThatStoodHere"


class Cut(NamedTuple):
    """``light`` is what is left; ``bulk`` the runs taken out, by their marks and in order."""

    light: bytes
    bulk: dict[str, Base64Text]
    signature: Match[bytes] | None


class _Run(NamedTuple):
    start: int
    end: int
    text: Base64Text


def cut(raw: bytes) -> Cut | None:
    """Take out what can be; None where nothing can or anything is out of the ordinary.

    Whoever parses ``light`` and is told of an error must look at ``raw`` instead: places and
    words of errors are those of ``raw``. It is also left to the parser's side to see that the
    header that had the Signature is where it belongs.
    """
    # Beyond that a text is too long whatever it says, and its length is for the reader to see.
    if len(raw) > PACKAGE_BYTES_MAX:
        return None
    runs = _runs(raw)
    signature = _signature(raw)
    made = _without(raw, runs, signature)
    if signature is not None and (
        _SIGNATURE in made.light or made.light.count(_HEADER) != 2  # its two tags
    ):
        made = _without(raw, runs, None)
    if made.light.count(_STEM) != len(runs) or not is_plain(made.light):
        return None
    return made if runs or made.signature else None


def _without(raw: bytes, runs: list[_Run], signature: Match[bytes] | None) -> Cut:
    marks = [b"%s%02d" % (_STEM, number) for number in range(len(runs))]
    spots = [(run.start, run.end, mark) for run, mark in zip(runs, marks, strict=True)]
    if signature is not None:
        spots.append((*signature.span(), b""))
        spots.sort()
    pieces: list[bytes] = []
    done = 0
    for start, end, instead in spots:
        pieces += (raw[done:start], instead)
        done = end
    pieces.append(raw[done:])
    bulk = {mark.decode(): run.text for mark, run in zip(marks, runs, strict=True)}
    return Cut(b"".join(pieces), bulk, signature)


def _runs(raw: bytes) -> list[_Run]:
    runs: list[_Run] = []
    at = raw.find(_ENCODED)
    # End tags count as well, so that hostile bytes cannot have us look for ever.
    for _ in range(2 * RUNS_MAX):
        if at < 0 or len(runs) == RUNS_MAX:
            break
        run = _run_behind(raw, at)
        if run is not None:
            runs.append(run)
        at = raw.find(_ENCODED, run.end if run else at + len(_ENCODED))
    return runs


def _run_behind(raw: bytes, name_at: int) -> _Run | None:
    """The text of the element named at ``name_at``, if it is worth a cut."""
    tag = raw.rfind(b"<", max(0, name_at - _PREFIX_MAX), name_at)
    prefix = raw[tag + 1 : name_at]
    behind = name_at + len(_ENCODED)
    # "<", "<name:" and nothing else: an attribute or an end tag may have this name as well.
    if tag < 0 or not (prefix == b"" or (prefix[:-1].isalnum() and prefix.endswith(b":"))):
        return None
    close = raw.find(b">", behind, behind + _ATTRIBUTES_MAX)
    if close < 0 or raw[behind] not in b"> \t\r\n" or raw[close - 1] == ord("/"):
        return None
    start, end = close + 1, raw.find(b"<", close)
    if end - start < RUN_BYTES_MIN or raw[end + 1 : end + 2] != b"/":
        return None
    text = Base64Text.of(raw[start:end])
    return _Run(start, end, text) if text.plausible else None


def _signature(raw: bytes) -> Match[bytes] | None:
    """The usual Signature, if the first that there is is one."""
    name = raw.find(_SIGNATURE)
    start = raw.rfind(b"<", max(0, name - _PREFIX_MAX), name) if name > 0 else -1
    match = SIGNATURE_FORM.match(raw, start) if start >= 0 else None
    if match is None:
        return None
    # The one text in it that is free must not hide what the parser would refuse.
    try:
        return match if (match["subject"] or b"").decode().isprintable() else None
    except UnicodeDecodeError:
        return None


def is_plain(raw: bytes) -> bool:
    """Whether there is nothing but elements, texts and named references in ``raw``.

    No comment, no CDATA, no DOCTYPE, no character reference, and no instruction but a declaration
    at the start. Bytes that are no XML may be called plain.
    """
    # Single bytes are found ten times faster than pairs, and most packages have none of these.
    if b"!" in raw and b"<!" in raw:
        return False
    if b"&" in raw and b"&#" in raw:
        return False
    declared = _DECLARATION.match(raw)
    start = declared.end() if declared else 0
    return raw.find(b"?", start) < 0 or raw.find(b"<?", start) < 0
