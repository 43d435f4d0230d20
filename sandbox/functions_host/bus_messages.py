"""Service Bus messages → the trigger's value and metadata, for one and for many; pure.

Source: https://learn.microsoft.com/azure/azure-functions/functions-bindings-service-bus-trigger#message-metadata.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from types import SimpleNamespace

from sandbox.functions_host.bus_ports import BusMessage
from sandbox.functions_host.datum import Datum

_APPLICATION = ("UserProperties", "ApplicationProperties")  # the old name and the new; the runtime wants both


def one_value(message: BusMessage, binary: bool) -> Datum:
    """Make the value of a trigger of cardinality one."""
    return Datum(message.body, "bytes") if binary else Datum(_text(message.body), "string")


def one_metadata(message: BusMessage) -> dict[str, Datum]:
    """Make the metadata of one message."""
    metadata = {name: _datum(value) for name, value in message.properties.items() if value is not None}
    application = json.dumps(message.application, default=str)
    return metadata | {name: Datum(application, "json") for name in _APPLICATION}


def many_value(messages: Sequence[BusMessage], binary: bool) -> Datum:
    """Make the value of a trigger of cardinality many: a typed collection."""
    if binary:
        return Datum(SimpleNamespace(bytes=[message.body for message in messages]), "collection_bytes")
    return Datum(SimpleNamespace(string=[_text(message.body) for message in messages]), "collection_string")


def many_metadata(messages: Sequence[BusMessage]) -> dict[str, Datum]:
    """Make the metadata of a batch: an array for each property, in the order of the messages."""
    names = {name for message in messages for name in message.properties}
    arrays: dict[str, list[object]] = {
        f"{name}Array": [message.properties.get(name) for message in messages] for name in names
    }
    application: list[object] = [dict(message.application) for message in messages]
    arrays |= {f"{name}Array": application for name in _APPLICATION}
    return {name: Datum(json.dumps(values, default=str), "json") for name, values in arrays.items()}


def _datum(value: str | int) -> Datum:
    return Datum(value, "int") if isinstance(value, int) else Datum(value, "string")


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")
