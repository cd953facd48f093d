"""A number of the traffic model together with how sure it is and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Figure(Generic[T]):
    """One number or table of the model.

    *Sourced*: a publication says it. *Derived*: arithmetic on published numbers, shown in
    ``source``. *Assumed*: ours; nothing published supports it, and ``source`` says why so.
    """

    value: T
    mark: Literal["sourced", "derived", "assumed"]
    source: str
