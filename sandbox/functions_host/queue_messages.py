"""Queue texts ↔ what functions see: base64 or plain text, and the trigger's metadata; pure.

Source: https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue#host-json.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from functools import lru_cache

from sandbox.functions_host.datum import Datum
from sandbox.functions_host.queue_ports import Received


def decode_text(text: str, encoding: str) -> bytes:
    """Turn a stored text into the message's bytes. Raises ValueError."""
    if encoding == "none":
        return text.encode()
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as problem:
        raise ValueError("not base64") from problem


def encode_text(body: bytes, encoding: str) -> str:
    """Turn a message's bytes into the text to store."""
    return body.decode() if encoding == "none" else base64.b64encode(body).decode()


def body_datum(body: bytes, binary: bool) -> Datum:
    """Make the trigger's value: Azure hands over text unless the binding asks for binary data."""
    return Datum(body, "bytes") if binary else Datum(body.decode("utf-8", "replace"), "string")


def trigger_metadata(message: Received) -> dict[str, Datum]:
    """Make the metadata that QueueMessage's properties are read from."""
    texts = {
        "Id": message.id,
        "PopReceipt": message.pop_receipt,
        "InsertionTime": _iso(message.inserted),
        "ExpirationTime": _iso(message.expires),
        "NextVisibleTime": _iso(message.next_visible),
    }
    metadata = {name: Datum(text, "string") for name, text in texts.items() if text}
    metadata["DequeueCount"] = Datum(message.dequeue_count, "int")
    return metadata


def output_bodies(value: Datum) -> Iterator[bytes]:
    """Yield the messages that an output binding's value holds: a JSON array is one message an element."""
    if value.type != "json":
        yield value.value if isinstance(value.value, bytes) else str(value.value).encode()
        return
    document = json.loads(str(value.value))
    for item in document if isinstance(document, list) else (document,):
        yield (item if isinstance(item, str) else json.dumps(item)).encode()


@lru_cache(maxsize=1024)
def _iso(http_date: str) -> str:
    """Turn an RFC 1123 date into ISO 8601, which the runtime parses at its first try."""
    return parsedate_to_datetime(http_date).isoformat() if http_date else ""
