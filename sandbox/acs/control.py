"""What the sandbox adds to ACS, under `/sandbox/`: look at messages, order faults, act as the patient.

| call                    | does                                                                      |
|-------------------------|---------------------------------------------------------------------------|
| GET /sandbox/messages   | messages with a `seq` above `since`; `direction` out (default), in or all |
| DELETE /sandbox/messages| forgets messages, ids and counts                                          |
| GET /sandbox/stats      | counts, by channel and by repeatability id (`ids=0` leaves those out)     |
| GET, PUT /sandbox/faults| the rules of `sandbox.acs.faults`                                         |
| PUT /sandbox/reports    | body `on` or `off`: whether delivery reports are sent                     |
| POST /sandbox/inbound   | {channel, from, to, text}: a patient writes                               |
| POST /sandbox/engagement| {id, type: view or click, link}: a patient opens an email or a link       |
| GET /sandbox/health     | 200 once it serves                                                        |

These take no signature: the service listens on loopback only, and `guard` turns web pages away.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from aiohttp import web

from sandbox.acs import event_grid
from sandbox.acs.faults import Rule
from sandbox.acs.sends import Handler, problem, reply
from sandbox.acs.service import Service
from sandbox.acs.store import Draft, Message
from shared.fhir.instants import iso

_LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}


class Inbound(msgspec.Struct):
    """A patient's message: `from` is the patient, `to` the number or channel it goes to."""

    channel: Literal["sms", "whatsapp"]
    from_: str = msgspec.field(name="from")
    to: str
    text: str


class Engagement(msgspec.Struct):
    """What a patient did with an email."""

    id: str
    type: Literal["view", "click"] = "view"
    link: str = ""


class Control:
    """The handlers, bound to one service."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def routes(self) -> list[web.RouteDef]:
        """Give every route under /sandbox/."""
        return [
            web.get("/sandbox/health", _health),
            web.get("/sandbox/messages", self.messages),
            web.delete("/sandbox/messages", self.clear),
            web.get("/sandbox/stats", self.stats),
            web.get("/sandbox/faults", self.faults),
            web.put("/sandbox/faults", self.set_faults),
            web.put("/sandbox/reports", self.set_reports),
            web.post("/sandbox/inbound", self.inbound),
            web.post("/sandbox/engagement", self.engagement),
        ]

    async def messages(self, request: web.Request) -> web.Response:
        """List messages, oldest first."""
        since = _number(request.query.get("since", "0"))
        direction = request.query.get("direction", "out")
        found = [
            as_json(message)
            for message in self._service.store.messages.values()
            if message.seq > since and direction in (message.direction, "all")
        ]
        return reply({"messages": found, "last": self._service.store.last})

    async def clear(self, request: web.Request) -> web.Response:
        """Forget everything."""
        self._service.store.clear()
        return reply({})

    async def stats(self, request: web.Request) -> web.Response:
        """Give the counts."""
        store = self._service.store
        channels = {name: msgspec.to_builtins(count) for name, count in store.counts.items()}
        stats: dict[str, object] = {
            "accepted": sum(count.accepted for count in store.counts.values()),
            "repeated": sum(count.repeated for count in store.counts.values()),
            "identical": store.identical,
            "evicted": store.evicted,
            "by_channel": channels,
            "reports": "on" if self._service.reports_on else "off",
            "events": {**self._service.pusher.counts, "pending": self._service.pusher.pending},
        }
        if request.query.get("ids") != "0":
            ids = {key: {"calls": one.calls, "accepts": one.accepts} for key, one in store.requests.items()}
            stats["requests"] = ids
        return reply(stats)

    async def faults(self, request: web.Request) -> web.Response:
        """List the rules and how often each matched."""
        faults = self._service.faults
        return reply({"rules": msgspec.to_builtins(faults.rules), "matched": faults.matched})

    async def set_faults(self, request: web.Request) -> web.Response:
        """Replace the rules."""
        self._service.faults.replace(msgspec.json.decode(await request.read(), type=list[Rule]))
        return await self.faults(request)

    async def set_reports(self, request: web.Request) -> web.Response:
        """Switch delivery reports."""
        word = (await request.text()).strip().strip('"').lower()
        if word not in ("on", "off"):
            return problem(400, "BadRequest", "The body must be on or off.")
        self._service.reports_on = word == "on"
        return reply({"reports": word})

    async def inbound(self, request: web.Request) -> web.Response:
        """Act as the patient."""
        message = say(self._service, msgspec.json.decode(await request.read(), type=Inbound))
        return reply(as_json(message), 202)

    async def engagement(self, request: web.Request) -> web.Response:
        """Act as the patient who reads an email."""
        did = msgspec.json.decode(await request.read(), type=Engagement)
        if not engage(self._service, did):
            return problem(404, "NotFound", "There is no such email, or its engagement is not tracked.")
        return reply({}, 202)


def say(service: Service, inbound: Inbound) -> Message:
    """Publish a patient's message; STOP and START are honoured as a carrier does."""
    draft = Draft(channel=inbound.channel, sender=inbound.from_, to=inbound.to, text=inbound.text)
    message = service.store.receive(draft, service.clock.now())
    word = inbound.text.strip().upper()
    if inbound.channel == "sms" and word == "STOP":
        service.stopped.add((inbound.to, inbound.from_))
    elif word in ("START", "UNSTOP"):
        service.stopped.discard((inbound.to, inbound.from_))
    sms = inbound.channel == "sms"
    service.pusher.push([(event_grid.sms_received if sms else event_grid.whatsapp_received)(message)])
    return message


def engage(service: Service, did: Engagement) -> bool:
    """Publish that an email was opened or a link followed; False when ACS would not tell."""
    message = service.store.messages.get(did.id)
    if message is None or message.channel != "email":
        return False
    service.store.change(message, "read")
    if message.tracked:
        event = event_grid.email_engagement(message, service.clock.now(), did.type, did.link)
        service.pusher.push([event])
    return message.tracked


def as_json(message: Message) -> dict[str, object]:
    """Give a message as the API shows it."""
    shown: dict[str, object] = msgspec.to_builtins(message)
    return {**shown, "at": iso(message.at)}


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn away web pages of other origins and rebound host names; say what is wrong with a body."""
    if request.headers.get("Host", "").rpartition(":")[0] not in _LOOPBACK:
        return problem(421, "MisdirectedRequest", "This service answers to loopback names only.")
    origin = request.headers.get("Origin")
    if origin and origin != f"{request.scheme}://{request.headers['Host']}":
        return problem(403, "Forbidden", "Other web pages may not call this service.")
    try:
        return await handler(request)
    except msgspec.DecodeError as error:
        return problem(400, "BadRequest", str(error))


async def _health(request: web.Request) -> web.Response:
    return reply({"status": "ok"})


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0
