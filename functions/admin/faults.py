"""Say what is wrong with a field, and what was expected there, in our own words: for problem documents.

The framework's own sentences may quote what was sent ("Input tag 'x' found using …"), which may be a
patient's; ours are made of the OpenAPI alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SAID = {
    "missing": ("must be there", ""),
    "extra_forbidden": ("is not known here", "no such field"),
    "string_type": ("must be text", ""),
    "string_pattern_mismatch": ("has another form", "{pattern}"),
    "string_too_short": ("is too short", "{min_length} characters or more"),
    "string_too_long": ("is too long", "{max_length} characters or fewer"),
    "too_short": ("has too few items", "{min_length} or more"),
    "too_long": ("has too many items", "{max_length} or fewer"),
    "int_type": ("must be a whole number", ""),
    "int_parsing": ("must be a whole number", ""),
    "int_parsing_size": ("must be a whole number", "one that is not as large"),
    "int_from_float": ("must be a whole number", ""),
    "float_type": ("must be a number", ""),
    "float_parsing": ("must be a number", ""),
    "finite_number": ("must be a number", "one that is finite"),
    "greater_than": ("is too small", "more than {gt}"),
    "greater_than_equal": ("is too small", "{ge} or more"),
    "less_than": ("is too large", "less than {lt}"),
    "less_than_equal": ("is too large", "{le} or less"),
    "bool_type": ("must be true or false", ""),
    "bool_parsing": ("must be true or false", ""),
    "list_type": ("must be a list", ""),
    "dict_type": ("must be an object", ""),
    "model_type": ("must be an object", ""),
    "model_attributes_type": ("must be an object", ""),
    "literal_error": ("is none of what may stand here", "{expected}"),
    "enum": ("is none of what may stand here", "{expected}"),
    "union_tag_not_found": ("must say which kind it is", "{discriminator}"),
    "union_tag_invalid": ("is of a kind that there is not", "{expected_tags}"),
}
"""By the framework's name of a fault (https://docs.pydantic.dev/latest/errors/validation_errors/)."""

_OURS = ("value_error", "assertion_error")
"""Sentences that our own validators raise."""


def said(found: Mapping[str, Any]) -> tuple[str, str]:
    """Return what is wrong, and what was expected, of an error as pydantic lists it."""
    kind, context = str(found["type"]), found.get("ctx") or {}
    if kind in _OURS:
        return str(found["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, "), ""
    what, expected = _SAID.get(kind, ("cannot be read", kind.replace("_", " ")))
    return what, expected.format_map(context)
