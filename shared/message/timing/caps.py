"""Caps: how many messages a person gets within a rolling window, over all channels."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from shared.fhir.choice import Purpose


class Cap(Struct, frozen=True):
    """At most `most` messages of these purposes within any `window` (microseconds)."""

    purposes: frozenset[Purpose]
    most: int
    window: int
    then: Literal["defer", "drop"] = "defer"
