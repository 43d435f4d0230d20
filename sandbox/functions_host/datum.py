"""`Datum`, the value that the runtime's bindings decode and encode, with the types that its package lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:

    class Datum:
        """A value and the protobuf field that it would come in: string, bytes, json, int, http and so on."""

        value: object
        type: str | None

        def __init__(self, value: object, type: str | None) -> None: ...

else:
    from azure_functions_runtime.bindings.datumdef import Datum

__all__ = ["Datum"]
