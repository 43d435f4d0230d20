"""Examples for the page of the API: those that a schema gives, else one put together from its parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PLAIN: Mapping[str, object] = {"string": "…", "integer": 0, "number": 0.5, "boolean": True, "null": None}
_DEEPEST = 8


class Examples:
    """Examples of the schemas of one document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._schemas: Mapping[str, Any] = document.get("components", {}).get("schemas", {})

    def of_content(self, content: Mapping[str, Any]) -> object:
        """Return an example of what a body or an answer holds."""
        if "example" in content:
            return content["example"]
        for named in content.get("examples", {}).values():
            return named.get("value")
        return self.of(content.get("schema", {}))

    def of(self, schema: Mapping[str, Any], depth: int = 0) -> object:
        """Return an example of a schema."""
        schema = self._meant(schema)
        if schema.get("examples"):
            return schema["examples"][0]
        for name in ("const", "default"):
            if name in schema:
                return schema[name]
        if schema.get("enum"):
            return schema["enum"][0]
        for name in ("anyOf", "oneOf", "allOf"):
            if schema.get(name):
                return self.of(schema[name][0], depth + 1)
        return self._made(schema, depth)

    def _made(self, schema: Mapping[str, Any], depth: int) -> object:
        if depth >= _DEEPEST:
            return "…"
        kind = schema.get("type")
        if kind == "object" or "properties" in schema:
            return {name: self.of(part, depth + 1) for name, part in schema.get("properties", {}).items()}
        if kind == "array":
            return [self.of(schema.get("items", {}), depth + 1)]
        return _PLAIN.get(str(kind), "…")

    def _meant(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Follow references."""
        for _ in range(_DEEPEST):
            name = str(schema.get("$ref", "")).rpartition("/")[2]
            if name not in self._schemas:
                break
            schema = self._schemas[name]
        return schema
