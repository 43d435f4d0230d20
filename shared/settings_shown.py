"""The settings in force as staff may see them: everything but secrets, of which is said whether they are set.

What is secret is known by its type (`SecretStr`), wherever in a setting it stands; a URL is shown without
what may hold a password.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct
from pydantic import BaseModel, SecretStr

SET = "(set)"
"""Stands for a secret within a setting."""


class SettingShown(Struct, frozen=True):
    """One setting in force."""

    name: str
    """Of its environment variable."""
    value: Any
    """JSON; None for a secret, and where there is none."""
    secret: bool
    """It is one, or holds some."""
    set: bool
    """It is set, whether to its default or not."""
    given: bool
    """Somebody set it: it is not the default."""
    count: int | None = None
    """Of a list of secrets, how many."""


def settings_shown(settings: BaseModel) -> tuple[SettingShown, ...]:
    """Return every setting, by the name of its variable, in the order of the code."""
    schema = type(settings).model_json_schema(by_alias=True)
    return tuple(
        _shown(field.alias or name, getattr(settings, name), schema, given=name in settings.model_fields_set)
        for name, field in type(settings).model_fields.items()
    )


def _shown(name: str, value: Any, schema: Mapping[str, Any], *, given: bool) -> SettingShown:
    secret = _is_secret(schema["properties"][name], schema.get("$defs", {}), frozenset())
    several = isinstance(value, tuple) and all(isinstance(each, SecretStr) for each in value)
    if secret and several:
        return SettingShown(name, None, True, bool(value), given, len(value))
    if secret and (value is None or isinstance(value, SecretStr)):
        return SettingShown(name, None, True, value is not None, given)
    return SettingShown(name, _plain(value), secret, value not in (None, ""), given)


def _is_secret(schema: Any, known: Mapping[str, Any], seen: frozenset[str]) -> bool:
    """Say whether a schema has a secret anywhere within it."""
    if isinstance(schema, list):
        return any(_is_secret(each, known, seen) for each in schema)
    if not isinstance(schema, dict):
        return False
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    if name and name not in seen and _is_secret(known.get(name), known, seen | {name}):
        return True
    return schema.get("format") == "password" or _is_secret(list(schema.values()), known, seen)


def _plain(value: Any) -> Any:
    """Write a value as JSON says it, without secrets."""
    match value:
        case SecretStr():
            return SET
        case None | bool() | int() | float():
            return value
        case BaseModel():
            return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
        case Mapping():
            return {str(name): _plain(each) for name, each in value.items()}
        case frozenset() | set():
            return sorted(str(each) for each in value)
        case list() | tuple():
            return [_plain(each) for each in value]
    return _address(str(value))


def _address(text: str) -> str:
    """Leave out of a URL who signs in, and its query."""
    if not text.startswith(("http://", "https://")):
        return text
    try:
        parts = urlsplit(text)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return SET
    return f"{parts.scheme}://{host}{parts.path}"
