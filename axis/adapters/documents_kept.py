"""The documents met last, kept in memory: their rows never change, and pages show them often."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import islice
from threading import Lock
from typing import Final

from axis.core.document import Document

#: Some 3 KB each. A document is shown to each recipient and with each status about it, mostly
#: within seconds of its acceptance.
DOCUMENTS_KEPT_MAX: Final = 4096
#: One that names more agencies, their units and other documents than this is not kept: a package
#: may name thousands, and so many of those would be gigabytes.
NAMES_KEPT_MAX: Final = 256


class DocumentsKept:
    """Documents by ``seq``; threads may share one."""

    def __init__(self, most: int = DOCUMENTS_KEPT_MAX) -> None:
        self._most = most
        self._kept: dict[int, Document] = {}
        self._lock = Lock()

    def keep(self, documents: Iterable[Document]) -> None:
        """Remember committed documents; the ones remembered longest go."""
        with self._lock:
            for document in documents:
                if _names(document) <= NAMES_KEPT_MAX:
                    self._kept[document.seq] = document
            over = max(0, len(self._kept) - self._most)
            for seq in list(islice(self._kept, over)):
                del self._kept[seq]

    def all(self, wanted: Collection[int]) -> Mapping[int, Document] | None:
        """The documents ``wanted``, when all of them are remembered."""
        with self._lock:
            found = {seq: self._kept[seq] for seq in wanted if seq in self._kept}
        return found if len(found) == len(wanted) else None

    def get(
        self, wanted: Collection[int], load: Callable[[list[int]], Iterable[Document]]
    ) -> Mapping[int, Document]:
        """The documents ``wanted``; ``load`` brings those not remembered."""
        with self._lock:
            found = {seq: self._kept[seq] for seq in wanted if seq in self._kept}
        missing = [seq for seq in set(wanted) if seq not in found]
        if missing:
            fresh = list(load(missing))
            self.keep(fresh)
            found.update((document.seq, document) for document in fresh)
        return found


def _names(document: Document) -> int:
    return len(document.links) + sum([1 + len(one.units) for one in document.recipients])
