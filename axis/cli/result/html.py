"""Elements of a page, escaped: headings in two languages, tables with bars, figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

from axis.cli.result.svg import words
from axis.cli.screen import number


class Bar(NamedTuple):
    """A number, and in a cell of its own a bar: its share of ``most``."""

    value: int
    most: int
    class_: str = "sent"


class Told(NamedTuple):
    """A number in words, which stands where numbers stand: a share, a time."""

    text: str


class Two(NamedTuple):
    """A cell with two lines: a name, and below it what else it is called."""

    name: str
    other: str
    language: str = "vi"


#: Text, a number with its thousands marked, or one of the above.
Cell = str | int | Bar | Told | Two


def tag(name: str, *children: str, **attributes: object) -> str:
    """An element; ``children`` are markup, ``class_`` stands for class."""
    told = "".join(
        f' {key.strip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
    )
    return f"<{name}{told}>{''.join(children)}</{name}>"


def document(title: str, style: str, *body: str, language: str = "en", script: str = "") -> str:
    """A whole page that fetches nothing, whatever stands in it; ``body`` is markup."""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    if script:
        policy += "; script-src 'unsafe-inline'"
        body = (*body, tag("script", script))
    head = (
        '<meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{words(title)}</title>{tag('style', style)}"
    )
    html = tag("html", tag("head", head), tag("body", *body), lang=language)
    return f"<!doctype html>\n{html}\n"


def para(text: str, class_: str = "") -> str:
    """A paragraph of text."""
    return tag("p", words(text), class_=class_) if class_ else tag("p", words(text))


def section(name: str, title: str, title_vi: str, *parts: str) -> str:
    """A section with its heading; ``name`` is its id."""
    heading = tag("h2", words(title), tag("span", words(title_vi), class_="vi", lang="vi"))
    return tag("section", heading, *parts, id=name)


def figure(caption: str, picture: str, *below: str, class_: str = "") -> str:
    """A picture with its caption; what lies below may be a legend, or the same as a table."""
    caption = tag("figcaption", words(caption))
    return tag("figure", caption, tag("div", picture, class_="picture"), *below, class_=class_)


def folded(summary: str, *parts: str) -> str:
    """What is seen when it is asked for."""
    return tag("details", tag("summary", words(summary)), *parts)


def table(head: Sequence[str], rows: Iterable[Sequence[Cell]], caption: str = "") -> str:
    """A table; columns of numbers stand to the right. The first cell of a row is its name."""
    found = list(rows)
    heads = zip(head, (found or [head])[0], strict=True)
    body = "".join(tag("tr", *(_cell(c, first=i == 0) for i, c in enumerate(r))) for r in found)
    said = tag("caption", words(caption)) if caption else ""
    above = tag("thead", tag("tr", *(_head(name, cell) for name, cell in heads)))
    # Wide ones scroll by themselves; whoever uses keys must be able to get there.
    inside = tag("table", said, above, tag("tbody", body))
    return tag("div", inside, class_="table", tabindex="0", role="region", aria_label=caption)


def legend(upper: Sequence[int], what: str) -> str:
    """The shades of a heat map and the greatest number of each."""
    first = 8 - len(upper)
    fields = "".join(
        tag("span", tag("i", class_=f"key k{first + n}"), f"≤ {number(most)}")
        for n, most in enumerate(upper)
    )
    return tag("p", words(what), fields, class_="legend")


def _head(name: str, below: Cell) -> str:
    match below:
        case Bar(_, _, class_):
            bar = tag("td", class_=f"bar of-{class_}", aria_hidden="true")
            return tag("th", words(name), scope="col", class_="n") + bar
        case int() | Told():
            return tag("th", words(name), scope="col", class_="n")
        case _:
            return tag("th", words(name), scope="col")


def _cell(cell: Cell, *, first: bool) -> str:
    name, scope = ("th", {"scope": "row"}) if first else ("td", {})
    match cell:
        case Bar(value, most, class_):
            bar = ""
            if value:
                bar = tag("i", class_=class_, style=f"width:{100 * value / most:.1f}%")
            told = tag(name, number(value), class_="n", **scope)
            return told + tag("td", bar, class_=f"bar of-{class_}", aria_hidden="true")
        case Two(text, other, language):
            below = tag("span", words(other), class_="vi", lang=language)
            return tag(name, words(text), below, **scope)
        case Told(text):
            return tag(name, words(text), class_="n", **scope)
        case int():
            return tag(name, number(cell), class_="n", **scope)
        case _:
            return tag(name, words(cell), **scope)


def vi(text: str) -> str:
    """The same in Vietnamese, set back."""
    return tag("span", words(text), class_="vi", lang="vi")
