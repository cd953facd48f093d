"""``axis show`` goes through every page of a document's packages."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from axis.cli import books


class Paged:
    """A door with five packages of one name, two a page."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def get(self, path: str, *, sender: str, document_id: str, after: int) -> Any:
        assert (path, sender, document_id) == ("/v1/documents", "H37", "1/UBND")
        self.asked.append(after)
        seqs = [seq for seq in (11, 12, 15, 16, 19) if seq > after][:2]
        page = {"documents": [{"seq": seq} for seq in seqs], "next": seqs[-1] if seqs else after}
        return SimpleNamespace(json=page)


def test_all_packages_of_a_document_are_shown_page_by_page() -> None:
    door: Any = Paged()
    assert [view["seq"] for view in books._named(door, "H37", "1/UBND")] == [11, 12, 15, 16, 19]
    assert door.asked == [0, 12, 16, 19]
