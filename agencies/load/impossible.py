"""A load test that cannot be, refused before its first document."""

from __future__ import annotations


class Impossible(ValueError):
    """What was asked cannot be measured; the message has the figure that is wrong and one that
    would do.
    """


class NoRoom(Impossible):
    """It does not fit the disk."""
