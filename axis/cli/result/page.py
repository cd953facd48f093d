"""The page of a run: one HTML file that needs nothing else, online or not."""

from __future__ import annotations

from importlib.resources import files

from axis.cli.result.figures import Result
from axis.cli.result.html import document, section, tag
from axis.cli.result.opening import opening, published, spelled
from axis.cli.result.svg import words
from axis.cli.result.what import what, when
from axis.cli.result.who import waits, who
from axis.cli.screen import moment, number

_SENT_AND_RECEIVED = (
    "Sent counts accepted document packages of every kind, received counts deliveries at the "
    "recipient's first confirmation, once each. No source defines the two words; this is how the "
    "axis reads them."
)
_DAYS = (
    "Days and hours are those of Viet Nam, by the time at which a thing happened. A month of 30 "
    "days counts from 12 March 2019, the day the axis opened."
)
_SECTIONS = {
    "points": "By month",
    "when": "When",
    "what": "What",
    "who": "Who",
    "waits": "How long",
    "sources": "Where from",
}


def page(result: Result, csv_names: list[str]) -> str:
    """The whole document; ``csv_names`` are the files that lie beside it."""
    title = f"What the run '{result.run}' came to"
    parts = (published, when, what, who, waits) if result.found.documents else ()
    main = (opening(result), *(part(result) for part in parts), _sources(result, csv_names))
    body = (_header(result), tag("main", *main))
    return document(title, _file("page.css"), *body, script=_file("page.js"))


def _header(result: Result) -> str:
    days = list(result.days)
    span = f"{spelled(days[0])} to {spelled(days[-1])}" if len(days) > 1 else "Nothing yet"
    span = spelled(days[0]) if len(days) == 1 else span
    return tag(
        "header",
        tag(
            "p",
            "The national document axis ",
            tag("span", "Trục liên thông văn bản quốc gia", lang="vi"),
            class_="over",
        ),
        tag(
            "h1",
            words(span),
            tag("span", words(f"What the books of the run '{result.run}' say"), class_="run"),
        ),
        tag("nav", *(_link(name, text) for name, text in _SECTIONS.items() if days)),
    )


def _link(name: str, text: str) -> str:
    return tag("a", words(text), href=f"#{name}")


def _sources(result: Result, csv_names: list[str]) -> str:
    found = result.found
    told = [
        _SENT_AND_RECEIVED,
        _DAYS,
        (
            f"Every figure is counted from the books of the run '{result.run}' as they stood at "
            f"{moment(result.told_at)} (Viet Nam): {number(found.documents)} documents, "
            f"{number(found.events)} events, {number(found.bytes)} bytes of packages."
        ),
    ]
    if result.played is not None:
        told.append(
            f"The agencies are simulated: the plan of seed {result.played.seed}, sizes "
            f"'{result.played.size}'. Published are only the points above; who writes to whom, "
            "when and what is a model, and docs/traffic-model.md marks each of its numbers as "
            "sourced, derived or assumed."
        )
    links = "".join(tag("li", tag("a", name, href=name)) for name in csv_names)
    return section(
        "sources",
        "Where the figures come from",
        "Nguồn số liệu",
        *(tag("p", words(text)) for text in told),
        tag("p", "The same as CSV, beside this page:", class_="files-are"),
        tag("ul", links, class_="files"),
    )


def _file(name: str) -> str:
    return files("axis.cli.result").joinpath(name).read_text("utf-8")
