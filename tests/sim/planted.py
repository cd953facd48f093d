"""planted bugs, see below"""
from __future__ import annotations
from collections.abc import Callable
from dataclasses import dataclass
from axis.adapters.memory_store import Fault, MemoryBooks, MemoryStore
from axis.ports import Signer, Store

def _same(signer: Signer) -> Signer:
    return signer

@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    kinds: frozenset[str] = frozenset()
    seeds: int = 0
    store: Callable[[MemoryBooks, Fault], Store] = MemoryStore
    signer: Callable[[Signer], Signer] = _same
    patches: tuple[tuple[object, str, object], ...] = ()

NOTHING = Plant()
PLANTS: dict[str, Plant] = {}
