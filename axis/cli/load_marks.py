"""The scenarios on the chart of growth: where on the way each of them lies, and what it is."""

from __future__ import annotations

from collections.abc import Mapping

from agencies.load.growth import Growth
from agencies.load.scenarios import Scenario, scenarios
from axis.cli.result.html import tag
from axis.cli.result.svg import words


def marked() -> list[Scenario]:
    """S1 to S8. P1 and R1 have shapes of their own, which no month of this growth has."""
    return [one for one in scenarios().values() if one.name.startswith("S")]


def places(first: float, growth: Growth) -> Mapping[str, tuple[float, float]]:
    """Where traffic of ``first`` documents a second in month 0 comes to each, by its name: the
    month and the rate.
    """
    return {one.name: (growth.month(first, one.rate), one.rate) for one in marked()}


def legend() -> str:
    """What the names stand for, as markup."""
    return tag(
        "p",
        *(tag("span", words(f"{one.name} {one.title}: {rate(one)}")) for one in marked()),
        class_="legend",
    )


def rate(one: Scenario) -> str:
    """What it asks, with its unit."""
    return f"{digits(one.rate)} {one.unit}/s"


def digits(value: float) -> str:
    """Three digits, or as many as stand before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
