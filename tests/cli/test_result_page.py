"""The page needs nothing but itself, whoever reads it; what strangers wrote in it is only read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from lxml import html

from agencies.history.part import Part
from agencies.history.plan import plan_of
from axis.cli.result.csv_files import files
from axis.cli.result.figures import Result
from axis.cli.result.page import page
from axis.cli.result.write import write
from axis.core.breakdown import Breakdown
from axis.core.timetable import number_of_day
from tests.cli.told import DIRECTORY, document_of, result_of

PART = Part(first=date(2020, 1, 13), last=date(2020, 1, 16), sample=(1, 40))


@cache
def result() -> Result:
    return result_of(PART)


def read(told: Result) -> html.HtmlElement:
    return html.fromstring(page(told, list(files(told))))


@pytest.fixture(scope="module")
def shown() -> html.HtmlElement:
    return read(result())


def table(shown: html.HtmlElement, caption: str) -> dict[str, list[str]]:
    """The rows of a table by their names; bars say nothing."""
    (found,) = shown.xpath(f'//table[caption="{caption}"]')
    rows = {}
    for row in found.xpath("tbody/tr"):
        name, *cells = row.xpath("th|td[not(@aria-hidden)]")
        rows[name.text_content()] = [cell.text_content() for cell in cells]
    return rows


def addresses(shown: html.HtmlElement) -> Iterator[str]:
    for name in ("href", "src", "srcset", "action", "data", "poster", "xlink:href"):
        yield from (element.get(name) for element in shown.xpath("//*") if element.get(name))


# It needs nothing else


def test_every_address_is_within_the_page_or_a_file_beside_it(shown: html.HtmlElement) -> None:
    ids = {element.get("id") for element in shown.xpath("//*[@id]")}
    found = list(addresses(shown))
    for address in found:
        assert address.removeprefix("#") in ids if address[0] == "#" else address in files(result())
    assert {address for address in found if address[0] != "#"} == set(files(result()))
    style = "".join(shown.xpath("//style/text()"))
    assert not re.search(r"@import|url\(|expression", style)
    assert "default-src 'none'" in "".join(shown.xpath("//meta/@content"))


def test_it_says_in_which_languages_it_speaks(shown: html.HtmlElement) -> None:
    assert shown.get("lang") == "en"
    headings = [element.text_content() for element in shown.xpath('//h2/span[@lang="vi"]')]
    assert headings == [
        *("So với số liệu đã công bố", "Khi nào", "Gửi những gì"),
        *("Ai gửi cho ai", "Mất bao lâu", "Nguồn số liệu"),
    ]
    # Whoever reads by ear hears each name in its own language.
    names = shown.xpath('//table[caption="All agencies, by what they sent"]//th[@scope="row"]')
    assert len(names) == 95
    assert all(name.xpath('span[@lang="en"]') for name in names)


def test_names_are_given_once_and_every_table_and_picture_has_one(shown: html.HtmlElement) -> None:
    ids = [element.get("id") for element in shown.xpath("//*[@id]")]
    assert len(ids) == len(set(ids))
    assert all(found.xpath("caption") for found in shown.xpath("//table"))
    pictures = shown.xpath("//*[local-name()='svg']")
    assert len(pictures) == 7
    for picture in pictures:
        assert set(picture.get("aria-labelledby").split()) <= set(ids)


def test_dark_and_light_and_paper_have_every_colour(shown: html.HtmlElement) -> None:
    style = "".join(shown.xpath("//style/text()"))
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    colours = [set(re.findall(r"--([a-z0-9]+):", block)) for block in blocks]
    assert len(colours) == 3
    assert colours[0] == colours[1] == colours[2]
    assert set(re.findall(r"var\(--([a-z0-9]+)\)", style)) <= colours[0]


def test_text_can_be_read_on_every_paper(shown: html.HtmlElement) -> None:
    """Contrast of at least 4.5 to 1, as WCAG 2 asks of small text (1.4.3)."""
    for block in re.findall(r":root \{(.*?)\}", shown.xpath("//style")[0].text, re.DOTALL):
        colours = dict(re.findall(r"--([a-z0-9]+): (#[0-9a-f]{3,6})", block))
        for paper in ("paper", "card"):
            for text in ("ink", "quiet", "sent", "received", "point"):
                assert contrast(colours[text], colours[paper]) >= 4.5, (text, paper)


def contrast(one: str, other: str) -> float:
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


# It says what the books say


def test_the_tables_have_the_figures_of_the_books(shown: html.HtmlElement) -> None:
    told = result()
    kinds = table(shown, "Kinds of agency")
    assert sum(int(cells[1].replace(",", "")) for cells in kinds.values()) == told.total.sent
    agencies = table(shown, "All agencies, by what they sent")
    assert sum(int(cells[1].replace(",", "")) for cells in agencies.values()) == told.total.received
    packages = table(shown, "Kinds of package")
    assert sum(int(cells[0].replace(",", "")) for cells in packages.values()) == told.total.sent
    days = table(shown, "Days")
    assert days["2020-01-15"] == [
        f"{told.days[date(2020, 1, 15)].sent}",
        f"{told.days[date(2020, 1, 15)].received}",
    ]
    tiles = [tile.text_content() for tile in shown.xpath('//div[@class="tile"]/b')]
    assert tiles[:2] == [f"{told.total.sent:,}", f"{told.total.received:,}"]


def test_it_says_what_part_it_is_and_what_came_on_top(shown: html.HtmlElement) -> None:
    text = shown.text_content()
    assert "A part of the history: 2020-01-13 to 2020-01-16, sample 1 of 40." in text
    assert "by senders who saw no answer: 3." in text
    assert "No published point can be compared" in text
    assert not shown.xpath('//table[caption="Published points reached"]')


def test_another_run_is_not_compared_with_the_history() -> None:
    live = read(replace(result(), run="live", played=None))
    text = live.text_content()
    assert "What the books of the run 'live' say" in text
    assert "published" not in text
    assert "sent a second time" not in text
    assert "seed" not in text


def test_books_that_contradict_themselves_say_so_first() -> None:
    counters = {key: n for key, n in result().counters.items() if key[2] != "received"}
    (first, *_) = read(replace(result(), counters=counters)).xpath('//li[@class="wrong"]')
    assert "received: " in first.text_content()


def test_empty_books_make_a_page_too() -> None:
    empty = Result("live", "2026-01-01T00:00:00+07:00", DIRECTORY, {}, Breakdown())
    shown = read(empty)
    assert "Nothing yet" in shown.text_content()
    assert not shown.xpath("//table")
    assert all(len(text.splitlines()) >= 1 for text in files(empty).values())


# What strangers wrote

_EVIL = "</script><script>alert(1)</script>"


def hostile() -> Result:
    """A type and an agency with names that would be elements, or formulas."""
    found, planned = Breakdown(), plan_of(date(2020, 1, 15), 1)[0]
    for seq, name in enumerate((_EVIL, '=HYPERLINK("x")', '" onload="alert(1)', "@x"), 1):
        found.document(document_of(seq, planned)._replace(meta={"type": name}))
    first = replace(DIRECTORY[0], name_vi=_EVIL, name_en=_EVIL, kind=_EVIL)
    counters = {(first.code, number_of_day(date(2020, 1, 15)), "sent"): 4}
    directory = [first, *DIRECTORY[1:]]
    return Result("live", "2026-01-01T00:00:00+07:00", directory, counters, found)


def test_a_name_that_would_be_an_element_is_only_read() -> None:
    shown = read(hostile())
    scripts = shown.xpath("//script")
    assert [script.get("type") for script in scripts] == ["application/json", None]
    assert not shown.xpath("//*[@onload]")
    assert _EVIL in shown.text_content()
    # The map's own data has the name, and ends where it should.
    assert "alert(1)" in scripts[0].text
    assert scripts[0].text.rstrip().endswith("}")


def test_a_name_that_would_be_a_formula_is_only_read() -> None:
    rows = files(hostile())["types.csv"].splitlines()
    assert any(row.startswith("\"'=HYPERLINK") for row in rows)
    assert "'@x,1,0" in rows


# Written


def test_every_file_is_written_whole_the_page_first(tmp_path: Path) -> None:
    paths = write(result(), tmp_path / "made" / "here")
    assert paths[0].name == "index.html"
    assert {path.name for path in paths} == {*files(result()), "index.html"}
    assert sorted(paths) == sorted((tmp_path / "made" / "here").iterdir())
    raw = (tmp_path / "made" / "here" / "days.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfdate,weekday,month30,sent,received\r\n2020-01-13,Mon,11,")
    assert b"\r\r" not in raw
    again = write(result(), tmp_path / "made" / "here")
    assert again == paths
