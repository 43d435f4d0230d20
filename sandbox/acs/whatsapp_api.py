"""`POST /messages/notifications:send`: WhatsApp text and templates to one recipient.

Source: azure-communication-messages 1.1 (API 2024-08-30), whose kinds and repeatability headers these are.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from aiohttp import web

from sandbox.acs.sends import MalformedError, problem, reply, require_version
from sandbox.acs.service import Outcome
from sandbox.acs.store import Draft


class _Value(msgspec.Struct):
    name: str
    kind: str = "text"
    text: str | None = None


class _Place(msgspec.Struct, rename="camel"):
    ref_value: str


class _Bindings(msgspec.Struct):
    kind: str
    header: list[_Place] = []
    body: list[_Place] = []
    footer: list[_Place] = []
    buttons: list[_Place] = []


class _Template(msgspec.Struct):
    name: str
    language: str
    values: list[_Value] = []
    bindings: _Bindings | None = None


class _Send(msgspec.Struct, rename="camel"):
    kind: str
    channel_registration_id: str
    to: list[str]
    content: str | None = None
    caption: str | None = None
    media_uri: str | None = None
    template: _Template | None = None


_decode = msgspec.json.Decoder(_Send).decode


def read(request: web.Request, raw: bytes) -> list[Draft]:
    """Read the body into one draft. Raises MalformedError, msgspec.DecodeError."""
    require_version(request)
    body = _decode(raw)
    if len(body.to) != 1:
        raise MalformedError("Exactly one recipient is allowed.")
    draft = Draft(
        channel="whatsapp", sender=body.channel_registration_id, to=body.to[0], text=_text(body),
        request_id=request.headers.get("Repeatability-Request-ID", "").lower(),
        first_sent=request.headers.get("Repeatability-First-Sent", ""),
        tag=f"lang={body.template.language.replace('_', '-')}" if body.template else "",
        template=body.template.name if body.template else "",
    )  # fmt: skip
    return [draft]


def _text(body: _Send) -> str:
    """Show what arrives: of a template its name and what its places are filled with, in their order."""
    if body.kind == "template":
        if body.template is None:
            raise MalformedError("A template message needs a template.")
        places = _filled(body.template)
        return f"[{body.template.name}] {', '.join(places)}".strip()
    text = body.content or body.caption or ""
    return f"{text} {body.media_uri}".strip() if body.media_uri else text


def _filled(template: _Template) -> list[str]:
    """Look up what each place refers to. Raises MalformedError where places and values do not match."""
    values = {value.name: value.text or "" for value in template.values}
    if template.bindings is None:
        if values:
            raise MalformedError("The template's values are bound to no place.")
        return []
    if template.bindings.kind != "whatsApp":
        raise MalformedError("The template's bindings are of no known kind.")
    bound = template.bindings
    places = [place.ref_value for place in (*bound.header, *bound.body, *bound.footer, *bound.buttons)]
    if set(places) != set(values):
        raise MalformedError("The template's values and bindings do not match.")
    return [values[place] for place in places]


def answer(request: web.Request, outcomes: Sequence[Outcome]) -> web.Response:
    """Answer 202 with the receipt."""
    (outcome,) = outcomes
    if not outcome.message_id:
        response = problem(outcome.status, outcome.code, outcome.error)
    else:
        receipt = {"messageId": outcome.message_id, "to": outcome.draft.to}
        response = reply({"receipts": [receipt]}, 202)
    response.headers["Repeatability-Result"] = "rejected" if outcome.rejected else "accepted"
    return response
