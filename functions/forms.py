"""Read the form that a page, or a mail program, sends: urlencoded or multipart, small, or refused."""

from __future__ import annotations

from collections.abc import Mapping
from email.errors import MessageError
from email.message import Message
from email.parser import BytesParser
from urllib.parse import parse_qsl

import azure.functions as func

from shared.errors import Rejected

MOST = 16 * 1024
"""Bytes of a form."""

_FIELDS = 500


def read_form(req: func.HttpRequest) -> Mapping[str, tuple[str, ...]]:
    """Return the values of each field, in their order. Raises Rejected ("too-large", "bad-form").

    Mail programs send one-click unsubscribes as multipart/form-data or urlencoded (RFC 8058, section 3.2).
    """
    body = req.get_body()
    if len(body) > MOST:
        raise Rejected("the form is too large", "too-large")
    kind = _header(req, "content-type")
    media_type = kind.partition(";")[0].strip().lower()
    if media_type == "multipart/form-data":
        return _gathered(_multipart(kind, body))
    if media_type == "application/x-www-form-urlencoded":
        return _gathered(_urlencoded(body))
    raise Rejected("the form is of a kind that is not taken here", "bad-form")


def _header(req: func.HttpRequest, name: str) -> str:
    return next((str(value) for each, value in req.headers.items() if each.lower() == name), "")


def _urlencoded(body: bytes) -> list[tuple[str, str]]:
    try:
        text = body.decode("ascii")
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_FIELDS)
    except ValueError:
        raise Rejected("the form cannot be read", "bad-form") from None


def _multipart(kind: str, body: bytes) -> list[tuple[str, str]]:
    """Read multipart/form-data (RFC 7578); a file in it is no field of ours, and passed over."""
    head = b"Content-Type: " + kind.encode("ascii", "replace").replace(b"\n", b"").replace(b"\r", b"")
    try:
        parts = BytesParser().parsebytes(head + b"\r\n\r\n" + body).get_payload()
    except (MessageError, ValueError):
        raise Rejected("the form cannot be read", "bad-form") from None
    if not isinstance(parts, list) or len(parts) > _FIELDS:
        raise Rejected("the form cannot be read", "bad-form")
    return [field for part in parts if isinstance(part, Message) and (field := _field(part)) is not None]


def _field(part: Message) -> tuple[str, str] | None:
    name = part.get_param("name", header="content-disposition")
    payload = part.get_payload(decode=True)
    if not isinstance(name, str) or part.get_filename() is not None or not isinstance(payload, bytes):
        return None
    return name, payload.decode("utf-8", "replace")


def _gathered(fields: list[tuple[str, str]]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, value in fields:
        found[name] = (*found.get(name, ()), value)
    return found
