"""docs/api.md: the reference in it is what the application says of itself."""

from __future__ import annotations

import re

from scripts.api_page import MARK, PAGE, document, written
from shared.access.table import OPERATIONS


def test_the_reference_is_the_applications_own() -> None:
    """Run scripts/api_page.py after a change of an operation."""
    page = PAGE.read_text("utf-8")
    assert written(page) == page


def test_every_operation_is_in_it() -> None:
    page = PAGE.read_text("utf-8").partition(MARK)[2]
    assert set(re.findall(r"^### (\w+)$", page, re.M)) == set(OPERATIONS)


def test_the_openapi_document_is_complete() -> None:
    """Each operation says what it does, who may call it, and what it refuses."""
    made = document()
    assert made["openapi"].startswith("3.1")
    for path, methods in made["paths"].items():
        for method, each in methods.items():
            row = OPERATIONS[each["operationId"]]
            assert (f"/api/admin/v1{row.path}", row.method.lower()) == (path, method)
            assert each["summary"] == row.summary
            assert each["x-roles"] == sorted(row.roles)
            assert {"401", "403", "503"} <= set(each["responses"])


def test_every_schema_has_an_example() -> None:
    """Of itself, or of each of its fields that say nothing without one."""
    bare = {
        name
        for name, schema in document()["components"]["schemas"].items()
        if schema.get("type") == "object" and not _shown(schema)
    }
    assert bare == set()


def _shown(schema: dict[str, object]) -> bool:
    if "example" in schema or "examples" in schema:
        return True
    properties = schema.get("properties", {})
    assert isinstance(properties, dict)
    told = ("examples", "default", "const", "enum", "$ref", "anyOf", "items", "description")
    return all(any(word in each for word in told) or _plain(each) for each in properties.values())


def _plain(each: dict[str, object]) -> bool:
    """Numbers and truths are plain enough."""
    return each.get("type") in {"integer", "number", "boolean"}
