"""The schemas of the OpenAPI document: those that some operation shows, in plain JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from fastapi.openapi.constants import REF_TEMPLATE
from pydantic.json_schema import models_json_schema

from schemas import (
    rest,
    rest_books,
    rest_digest,
    rest_members,
    rest_operator,
    rest_proof,
    rest_relay,
    rest_replays,
    rest_service,
    rest_shadows,
    rest_statistics,
    rest_statuses,
    rest_token,
    rest_words,
    traffic,
)

_MODULES: Final = (
    *(rest, rest_books, rest_digest, rest_members, rest_operator, rest_proof, rest_relay),
    *(rest_replays, rest_service, rest_shadows, rest_statistics, rest_statuses),
    *(rest_token, rest_words),
    traffic,
)
#: pydantic leaves these as they are where a validator of ours stands before the bounds.
_KEYWORDS: Final = {
    "ge": "minimum",
    "le": "maximum",
    "gt": "exclusiveMinimum",
    "lt": "exclusiveMaximum",
}
_INT32_MAX: Final = 2**31 - 1
_REFERENCE: Final = re.compile(re.escape(REF_TEMPLATE.format(model="")) + r"(\w+)")


def components(shown: Any) -> dict[str, Any]:
    """The schemas that ``shown`` refers to, and those that these refer to, by name."""
    models = {
        model
        for module in _MODULES
        for model in vars(module).values()
        if isinstance(model, type) and issubclass(model, rest_words.Wire)
    }
    in_order = sorted(models, key=lambda model: (model.__name__, model.__module__))
    # Mode "validation": a member with a default may be missing, which is what the doors do.
    _, defined = models_json_schema(
        [(model, "validation") for model in in_order], ref_template=REF_TEMPLATE
    )
    known: Mapping[str, Any] = defined["$defs"]
    wanted = set(_references(shown))
    reached: set[str] = set()
    while wanted:
        name = wanted.pop()
        reached.add(name)
        wanted |= set(_references(known[name])) - reached
    return {name: known[name] for name in sorted(reached)}


def _references(value: Any) -> Iterator[str]:
    return (found[1] for found in _REFERENCE.finditer(str(value)))


def tidy(value: Any) -> None:
    """Make plain JSON Schema of all schemas within ``value``, in place."""
    if isinstance(value, list):
        for item in value:
            tidy(item)
    if not isinstance(value, dict):
        return
    if value.get("type") in ("integer", "number"):
        for ours, plain in _KEYWORDS.items():
            if ours in value:
                value[plain] = value.pop(ours)
    if value.get("type") == "integer" and value.get("maximum", _INT32_MAX + 1) > _INT32_MAX:
        # Else clients would be made with numbers of 32 bits.
        value["format"] = "int64"
    if value.get("default") == "" and ("format" in value or "pattern" in value):
        # It may be left out; that nothing is no such text would only confuse.
        del value["default"]
    for name, item in value.items():
        if name == "properties":
            tidy(list(item.values()))
        elif name not in ("example", "examples"):
            tidy(item)
