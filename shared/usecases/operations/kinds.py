"""The kinds of long work that there are, each with what does it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from shared.errors import Rejected
from shared.usecases.operations.running import Works

KINDS: Mapping[str, str] = {
    "preview-campaign": "shared.usecases.campaigns.previewed:preview_campaign",
}
"""By name, "module:function": what a kind needs is imported once somebody asks for it."""


def does(kind: str) -> Works:
    """Return what does a kind of long work. Raises Rejected for one that there is not."""
    if kind not in KINDS:
        raise Rejected("there is no such kind of work", "unknown-kind")
    module, _, name = KINDS[kind].partition(":")
    found: Works = getattr(import_module(module), name)
    return found
