"""The records of the topics as ``schemas/data/asyncapi.json`` describes them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any

from jsonschema_rs import Validator, validator_for


@cache
def document() -> dict[str, Any]:
    """The AsyncAPI document that ships with the package."""
    text = resources.files("schemas").joinpath("data/asyncapi.json").read_text("utf-8")
    read: dict[str, Any] = json.loads(text)
    return read


def resolved(ref: str) -> Any:
    """What a reference into the document points at."""
    found: Any = document()
    for name in ref.removeprefix("#/").split("/"):
        found = found[name]
    return resolved(found["$ref"]) if "$ref" in found else found


@cache
def _validators(kind: str) -> tuple[Validator, Validator]:
    """For headers and for value of the messages of a type, or of the types that it begins."""
    for message in document()["components"]["messages"].values():
        if kind == message["name"] or kind.startswith(f"{message['name']}."):
            shared = {"components": document()["components"]}
            headers, payload = (
                validator_for({"allOf": [message[part]], **shared}, validate_formats=True)
                for part in ("headers", "payload")
            )
            return headers, payload
    raise AssertionError(f"no message is called {kind}")


def faults(headers: Iterable[tuple[str, bytes]], value: bytes | None) -> list[str]:
    """What a record has that the document does not say, or lacks."""
    said = {name: text.decode() for name, text in headers}
    of_headers, of_value = _validators(said["ce_type"])
    found = [*of_headers.iter_errors(said), *of_value.iter_errors((value or b"").decode())]
    told = [f"{error.instance_path}: {error.message}" for error in found]
    if ("content-type" in said) is not bool(value):
        told.append("the value and its content-type go together")
    return told
