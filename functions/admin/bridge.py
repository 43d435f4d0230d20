"""An HTTP request of the Functions worker → the application → the worker's answer, in memory.

In place of azure.functions.AsgiMiddleware, which writes every answer's bytes into the log at DEBUG, makes an
application that waits for the end of the connection wait in steps of 0.1 s, and gives the charset the name of
the content encoding (azure/functions/_http_asgi.py of azure-functions 1.24). The host has read the request
whole before we hear of it and wants the answer whole, so nothing is streamed:
https://asgi.readthedocs.io/en/latest/specs/www.html.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

import azure.functions as func

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Scope


_ADDRESS = re.compile(r"(?:(https?)://([^/?#]*))?([^?#]*)(?:\?([^#]*))?", re.IGNORECASE | re.DOTALL)
"""Scheme, host, path, query. Not by urlsplit, which fails over a port that is none; the caller chose it."""


async def through(app: ASGIApp, request: func.HttpRequest) -> func.HttpResponse:
    """Have the application answer a request."""
    body = request.get_body()
    began: dict[str, Any] = {}
    parts: list[bytes] = []

    async def receive() -> Message:
        nonlocal body
        sent, body = body, b""
        return {"type": "http.request", "body": sent, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            began.update(message)
        else:
            parts.append(message.get("body", b""))

    await app(_scope(request), receive, send)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in began["headers"]}
    content = b"" if request.method.upper() == "HEAD" else b"".join(parts)
    return func.HttpResponse(content, status_code=began["status"], headers=headers)


def _scope(request: func.HttpRequest) -> Scope:
    found = _ADDRESS.match(request.url)
    scheme, host, path, query = found.groups("") if found else ("", "", "", "")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method.upper(),
        "scheme": scheme.lower() or "https",
        "path": unquote_to_bytes(path).decode(errors="replace"),
        "raw_path": path.encode(errors="replace"),
        "query_string": query.encode(errors="replace"),
        "root_path": "",
        "headers": _headers(request, host),
        "server": None,
        "client": None,
        "state": {},
    }


def _headers(request: func.HttpRequest, host: str) -> list[tuple[bytes, bytes]]:
    given = {name.lower(): value for name, value in request.headers.items()}
    return [
        (name.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, value in {"host": host, **given}.items()
    ]
