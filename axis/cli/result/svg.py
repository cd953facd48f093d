"""Just enough SVG: elements as text, escaped. Colours come from the page's style by class."""

from __future__ import annotations

from html import escape

#: Letters of 12 units are 15 pixels then, as text of the page is.
_GROWTH_MAX = 1.25


def element(name: str, *children: str, **attributes: object) -> str:
    """An element. ``class_`` and ``text_anchor`` stand for what Python cannot spell.

    ``children`` are markup; what is text goes through ``words`` first.
    """
    told = "".join(
        f' {key.strip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
    )
    inside = "".join(children)
    return f"<{name}{told}>{inside}</{name}>" if inside else f"<{name}{told}/>"


def words(text: object) -> str:
    """Text as markup: whatever was in it, it is only read."""
    return escape(str(text))


def label(x: float, y: float, text: object, class_: str = "", **attributes: object) -> str:
    """A line of text; ``x`` and ``y`` are its foot, ``text_anchor`` says which one."""
    return element("text", words(text), x=x, y=y, class_=class_ or "tick", **attributes)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> str:
    """A straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def rect(x: float, y: float, width: float, height: float, class_: str, told: str = "") -> str:
    """A box; ``told`` is shown by whoever points at it."""
    inside = element("title", words(told)) if told else ""
    return element("rect", inside, x=x, y=y, width=width, height=height, class_=class_)


def chart(
    name: str, title: str, desc: str, size: tuple[float, float], *parts: str, least: float = 0.0
) -> str:
    """A picture with a title and a description for who cannot see it; ``name`` is its id.

    It is as wide as its place, but never so wide that its letters outgrow those around it, and
    never less than ``least`` pixels: a place that is narrower scrolls.
    """
    style = f"max-width:{size[0] * _GROWTH_MAX:.0f}px"
    return element(
        "svg",
        element("title", words(title), id=f"{name}-title"),
        element("desc", words(desc), id=f"{name}-desc"),
        *parts,
        id=name,
        viewBox=f"0 0 {size[0]:g} {size[1]:g}",
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
        style=f"{style};min-width:{least:.0f}px" if least else style,
    )


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return escape(str(value))
