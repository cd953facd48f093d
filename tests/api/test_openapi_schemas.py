"""The schemas of the OpenAPI document: plain JSON Schema that says what each value is."""

from __future__ import annotations

import re
from typing import Any

from tests.api.pages import operations, schemas

KEYWORDS = frozenset(
    {
        *("type", "enum", "const", "anyOf", "$ref"),
        *("format", "pattern", "minLength", "maxLength"),
        *("minimum", "maximum"),
        *("items", "minItems", "maxItems"),
        *("properties", "required", "additionalProperties", "propertyNames"),
        *("title", "description", "default", "examples"),
    }
)
_REFERENCE = re.compile(r"#/components/schemas/(\w+)")


def test_schemas_are_made_of_known_keywords(made: dict[str, Any]) -> None:
    for where, schema in schemas(made):
        assert set(schema) <= KEYWORDS, where


def test_every_reference_leads_somewhere_and_every_schema_is_referred_to(
    made: dict[str, Any],
) -> None:
    known = made["components"]["schemas"]
    assert set(_REFERENCE.findall(str(made))) == set(known)
    reached: set[str] = set()
    wanted = set(_REFERENCE.findall(str(made["paths"])))
    while wanted:
        name = wanted.pop()
        reached.add(name)
        wanted |= set(_REFERENCE.findall(str(known[name]))) - reached
    assert reached == set(known)


def test_names_of_schemas_are_words_and_not_modules(made: dict[str, Any]) -> None:
    for name in made["components"]["schemas"]:
        assert re.fullmatch(r"([A-Z][a-z]+)+", name)


def test_every_value_says_what_it_is(made: dict[str, Any]) -> None:
    for where, schema in schemas(made):
        for name, value in schema.get("properties", {}).items():
            said = value.get("description", "")
            assert len(said) > 8, f"{where}.{name}"
            assert said.endswith((".", "`")), f"{where}.{name}: {said}"
    for name, operation in operations(made):
        for parameter in operation.get("parameters", ()):
            assert len(parameter["description"]) > 8, (name, parameter["name"])


def test_times_digests_and_numbers_have_their_formats(made: dict[str, Any]) -> None:
    for where, schema in schemas(made):
        name = re.split(r"[. ]", where)[-1]
        inner = [schema, *schema.get("anyOf", ())]
        if schema.get("type") == "integer" and not schema.get("maximum", 2**63) < 2**31:
            assert schema["format"] == "int64", where
        if "const" in schema or not any(one.get("type") == "string" for one in inner):
            continue
        if name.endswith("_at") or name in ("at", "Axis-Occurred-At", "valid_until"):
            assert any(one.get("format") == "date-time" for one in inner), where
        if name in ("sha256", "fingerprint", "before", "past"):
            assert any("pattern" in one for one in inner), where
        if name in ("doc", "sender", "recipient") and where.split(".")[0] in ("Delivery", "View"):
            assert "pattern" in schema, where


def test_no_default_breaks_its_own_schema(made: dict[str, Any]) -> None:
    for where, schema in schemas(made):
        if "format" in schema or "pattern" in schema:
            assert schema.get("default") != "", where
