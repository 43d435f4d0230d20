"""An HTTP request → the worker's Datum, and its answer → an HTTP reply, as Azure's host maps them.

Source: GrpcMessageConversionExtensions.ToRpcHttp of https://github.com/Azure/azure-functions-host: header
names in small letters, values that come twice joined by a comma, empty query values left out, the body as
bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http.cookies import SimpleCookie
from typing import cast
from urllib.parse import parse_qsl

import msgspec

from sandbox.functions_host.datum import Datum

_FRAMING = frozenset({"content-length", "transfer-encoding", "connection", "date", "server"})


class HttpCall(msgspec.Struct, frozen=True):
    """A request: `target` is the raw path and query, `headers` have small names, `peer` an IP address."""

    method: str
    origin: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    peer: str = "127.0.0.1"

    @property
    def path(self) -> str:
        """The raw path, without the query."""
        return self.target.partition("?")[0]

    def query(self) -> dict[str, str]:
        """Decode the query; a name that comes twice has its values joined by a comma."""
        raw = self.target.partition("?")[2]
        return join_pairs(parse_qsl(raw, keep_blank_values=True)) if raw else {}


class HttpReply(msgspec.Struct, frozen=True):
    """An answer; header names may come twice (Set-Cookie)."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """Return the first value of a header, whatever the case of its name."""
        return next((value for each, value in self.headers if each.lower() == name.lower()), None)


def join_pairs(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Make one mapping of names that may repeat, their values joined by a comma."""
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def to_datum(call: HttpCall, query: Mapping[str, str], parameters: Mapping[str, str]) -> Datum:
    """Turn a request into what the httpTrigger binding decodes."""
    value = {
        "method": Datum(call.method, "string"),
        "url": Datum(call.origin + call.target, "string"),
        "headers": {name: Datum(text, "string") for name, text in call.headers.items()},
        "query": {name: Datum(text, "string") for name, text in query.items() if text},
        "params": {name: Datum(text, "string") for name, text in parameters.items()},
        "body": Datum(call.body, "bytes"),
    }
    return Datum(value, "http")


def to_reply(returned: Datum | None) -> HttpReply:
    """Turn what a function returned into an answer; a plain string is 200 text/plain."""
    if returned is None or returned.type is None:
        return HttpReply(204)
    if returned.type == "string":
        return HttpReply(200, (("Content-Type", "text/plain; charset=utf-8"),), str(returned.value).encode())
    value = cast(Mapping[str, Datum], returned.value)
    named = cast(Mapping[str, Datum], value["headers"])
    headers = [(name, str(each.value)) for name, each in named.items() if name.lower() not in _FRAMING]
    headers += _cookies(cast(Iterable[SimpleCookie], value["cookies"] or ()))
    return HttpReply(int(str(value["status_code"].value)), tuple(headers), cast(bytes, value["body"].value))


def _cookies(cookies: Iterable[SimpleCookie]) -> list[tuple[str, str]]:
    return [("Set-Cookie", morsel.OutputString()) for cookie in cookies for morsel in cookie.values()]
