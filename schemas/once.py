"""Names that stand once each in a JSON object: of two fields with one name some readers take the
first, others the last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any


class Twice(ValueError):
    """A field stands twice in one object; ``name`` is its."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name)


def once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these fields, for ``object_pairs_hook`` of ``json.loads``. Raises ``Twice``."""
    made = dict(pairs)
    if len(made) < len(pairs):
        ((name, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise Twice(name)
    return made
