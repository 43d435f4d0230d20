"""Function keys: whether a request may call a function, as Azure's AuthenticationLevelHandler decides it.

The key comes in header `x-functions-key`, else in query parameter `code` (the header wins even if wrong).
A master key opens everything, a host key every function, a function's own key that function.
Source: https://learn.microsoft.com/azure/azure-functions/function-keys-how-to.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

HEADER = "x-functions-key"
QUERY = "code"


class Keys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All keys of a host: `host` by key name, `functions` by function name and then key name."""

    master: str
    host: Mapping[str, str] = {}
    functions: Mapping[str, Mapping[str, str]] = {}

    def may_call(self, function: str, auth_level: str, key: str) -> bool:
        """Say whether `key` ("" for none) opens `function` at its level."""
        if auth_level == "anonymous":
            return True
        if auth_level == "admin":
            return self.is_master(key)
        own = self.functions.get(function, {})
        return _is_one_of(key, (self.master, *self.host.values(), *own.values()))

    def is_master(self, key: str) -> bool:
        """Say whether `key` is the master key."""
        return _is_one_of(key, (self.master,))


def load_keys(path: Path) -> Keys:
    """Read the keys file, making one of random keys where there is none. Raises ValueError."""
    if not path.exists():
        write_keys(path, new_keys())
    try:
        return msgspec.json.decode(path.read_bytes(), type=Keys)
    except msgspec.MsgspecError as problem:
        raise ValueError(f"keys file {path}: {problem}") from problem


def new_keys() -> Keys:
    """Make random keys: a master key and a host key named default, as a new function app has."""
    return Keys(master=secrets.token_urlsafe(40), host={"default": secrets.token_urlsafe(40)})


def write_keys(path: Path, keys: Keys) -> None:
    """Write a keys file that only its owner may read."""
    path.touch(mode=0o600)
    path.write_text(json.dumps(msgspec.to_builtins(keys), indent=2) + "\n", "utf-8")


def presented(headers: Mapping[str, str], query: Mapping[str, str]) -> str:
    """Return the key that a request shows, "" for none."""
    return headers[HEADER] if HEADER in headers else query.get(QUERY, "")


def _is_one_of(key: str, allowed: Iterable[str]) -> bool:
    """Compare with every key, in constant time: how long it takes tells nothing."""
    shown = key.encode(errors="surrogatepass")
    found = False
    for each in allowed:
        found |= bool(each) and hmac.compare_digest(shown, each.encode())
    return found
