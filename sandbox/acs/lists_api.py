"""What the resource has: `GET /phoneNumbers`, `GET /shortCodes`, and the opt-out list `/sms/optouts:…`.

Source: azure-rest-api-specs, phonenumbers.json (2022-12-01), shortcodes (2021-10-25-preview) and
communicationservicessms.json (2026-01-23). A page of a list holds `_PAGE` entries: readers must turn pages.
"""

from __future__ import annotations

import msgspec
from aiohttp import web

from sandbox.acs.sends import Handler, MalformedError, problem, reply, require_version
from sandbox.acs.service import Service

_PAGE = 2
_MOST = 100


class _Recipient(msgspec.Struct):
    to: str


class _Change(msgspec.Struct):
    from_: str = msgspec.field(name="from")
    recipients: list[_Recipient]


_decode = msgspec.json.Decoder(_Change).decode


class Lists:
    """The handlers, bound to one service; each checks the signature."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        return [
            web.get("/phoneNumbers", self._guarded(self.numbers)),
            web.get("/shortCodes", self._guarded(self.short_codes)),
            web.post("/sms/optouts:{action}", self._guarded(self.opt_outs)),
        ]

    def _guarded(self, handler: Handler) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            if not self._service.gate.admits(request, await request.read()):
                return problem(401, "Denied", "Denied by the resource provider.")
            if self._service.unlisted and request.method == "GET":
                return problem(403, "Forbidden", "The identity may not list numbers.")
            try:
                require_version(request)
                return await handler(request)
            except (MalformedError, msgspec.DecodeError) as error:
                return problem(400, "BadRequest", str(error))

        return handle

    async def numbers(self, request: web.Request) -> web.Response:
        """List the phone numbers, a page at a time."""
        numbers = [number for number in self._service.options.numbers if number.startswith("+")]
        shown, link = self._page(request, numbers)
        return reply({"phoneNumbers": [_number(number) for number in shown], "nextLink": link})

    async def short_codes(self, request: web.Request) -> web.Response:
        """List the short codes, a page at a time."""
        codes = [number for number in self._service.options.numbers if not number.startswith("+")]
        shown, link = self._page(request, codes)
        listed = [{"number": code, "numberType": "shortCode", "countryCode": "US"} for code in shown]
        return reply({"shortCodes": listed, "nextLink": link})

    def _page(self, request: web.Request, entries: list[str]) -> tuple[list[str], str | None]:
        skip = int(request.query.get("skip", "0"))
        version = request.query["api-version"]
        more = skip + _PAGE < len(entries)
        link = f"{request.path}?skip={skip + _PAGE}&api-version={version}" if more else None
        return entries[skip : skip + _PAGE], link

    async def opt_outs(self, request: web.Request) -> web.Response:
        """Add numbers to the list of a sender, take them off, or look."""
        body = _decode(await request.read())
        action = request.match_info["action"]
        if action not in ("add", "remove", "check") or not 1 <= len(body.recipients) <= _MOST:
            raise MalformedError("add, remove or check 1 to 100 recipients.")
        return reply({"value": [self._change(action, body.from_, one.to) for one in body.recipients]})

    def _change(self, action: str, sender: str, to: str) -> dict[str, object]:
        stopped = self._service.stopped
        if sender not in self._service.options.numbers:
            return {"to": to, "httpStatusCode": 404, "errorMessage": "The sender is not of this resource."}
        if action == "add":
            stopped.add((sender, to))
        elif action == "remove":
            stopped.discard((sender, to))
        else:
            return {"to": to, "httpStatusCode": 200, "isOptedOut": (sender, to) in stopped}
        return {"to": to, "httpStatusCode": 200}


def _number(number: str) -> dict[str, object]:
    return {
        "id": number.removeprefix("+"),
        "phoneNumber": number,
        "countryCode": "US",
        "phoneNumberType": "tollFree",
        "assignmentType": "application",
        "capabilities": {"calling": "none", "sms": "inbound+outbound"},
        "purchaseDate": "2026-01-01T00:00:00Z",
        "cost": {"amount": 2.0, "currencyCode": "USD", "billingFrequency": "monthly"},
    }
