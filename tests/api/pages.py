"""Walks through the OpenAPI document: its operations, their bodies, all schemas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def operations(made: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in made["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def contents(operation: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(where, media type, content) of the request and of every answer."""
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        yield "request", kind, content
    for status, response in operation["responses"].items():
        for kind, content in response.get("content", {}).items():
            yield status, kind, content


def values(content: dict[str, Any]) -> list[Any]:
    named = [example["value"] for example in content.get("examples", {}).values()]
    return named + ([content["example"]] if "example" in content else [])


def errors(operation: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(HTTP status, code, problem object) of every error that it shows."""
    for status, kind, content in contents(operation):
        if kind == "application/problem+json":
            for code, example in content["examples"].items():
                yield status, code, example["value"]


def schemas(made: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema there is, those within others too, each with where it stands."""
    for name, schema in made["components"]["schemas"].items():
        yield from _within(name, schema)
    for name, operation in operations(made):
        for parameter in operation.get("parameters", ()):
            yield from _within(f"{name} {parameter['name']}", parameter["schema"])
        for where, kind, content in contents(operation):
            yield from _within(f"{name} {where} {kind}", content["schema"])
        for status, response in operation["responses"].items():
            for header, told in response.get("headers", {}).items():
                yield from _within(f"{name} {status} {header}", told["schema"])


def _within(where: str, schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield where, schema
    for name, inner in schema.get("properties", {}).items():
        yield from _within(f"{where}.{name}", inner)
    for keyword in ("items", "additionalProperties", "propertyNames"):
        if isinstance(schema.get(keyword), dict):
            yield from _within(f"{where}[]", schema[keyword])
    for keyword in ("anyOf", "oneOf", "allOf"):
        for inner in schema.get(keyword, ()):
            yield from _within(where, inner)
