"""The page: a phone for texts and an inbox for email, rendered here; the script only asks for it anew.

Everything that came from outside goes through `escape`, and an email's HTML into a frame that may neither
run scripts nor load anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Literal

from aiohttp import web

from sandbox.acs import markup
from sandbox.acs.control import Engagement, Inbound, engage, say
from sandbox.acs.service import Service
from sandbox.acs.store import Message
from shared.fhir.instants import to_datetime

_FILES = Path(__file__).parent / "page"
_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; connect-src 'self'; "
    "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_SCANNED = 5_000  # newest messages that a page looks at
_LISTED = 200
_SHOWN = 300


class Pages:
    """The handlers of the page, bound to one service."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def routes(self) -> list[web.RouteDef]:
        """Give the page's routes."""
        return [
            web.get("/", self.page),
            web.get("/page/{name:style.css|app.js}", _file),
            web.get("/page/file", self.file),
            web.post("/page/reply", self.reply),
            web.post("/page/open", self.open),
        ]

    async def page(self, request: web.Request) -> web.Response:
        """Show the phone or the inbox (`view`), one recipient (`to`), filtered (`q`)."""
        query = {key: request.query.get(key, "") for key in ("view", "to", "q", "id")}
        body = self._inbox(query) if query["view"] == "inbox" else self._phone(query)
        clock = f"{to_datetime(self._service.clock.now()):%a %d %b %Y, %H:%M} UTC"
        counts = self._service.store.counts
        texts = counts["sms"].accepted + counts["whatsapp"].accepted
        html = markup.document(query, clock, texts, counts["email"].accepted, body)
        headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"}
        return web.Response(text=html, content_type="text/html", headers=headers)

    async def reply(self, request: web.Request) -> web.Response:
        """Take the reply box's form: the patient writes back."""
        form = {key: str(value) for key, value in (await request.post()).items()}
        text = form.get("text", "").strip()
        if text and form.get("from"):
            channel: Literal["sms", "whatsapp"] = "whatsapp" if form.get("channel") == "whatsapp" else "sms"
            say(self._service, Inbound(channel, form["from"], form.get("to", ""), text))
        raise web.HTTPSeeOther(markup.link("", form.get("from", "")))

    async def open(self, request: web.Request) -> web.Response:
        """Take the inbox's form: the patient opened the email."""
        key = str((await request.post()).get("id", ""))
        engage(self._service, Engagement(id=key))
        raise web.HTTPSeeOther(markup.link("inbox", "", key))

    async def file(self, request: web.Request) -> web.Response:
        """Give an attachment to save, never to show."""
        message = self._service.store.messages.get(request.query.get("id", ""))
        number = request.query.get("n", "")
        if message is None or not number.isdecimal() or int(number) >= len(message.attachments):
            raise web.HTTPNotFound
        headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
        body = message.attachments[int(number)].content
        return web.Response(body=body, content_type="application/octet-stream", headers=headers)

    def _phone(self, query: dict[str, str]) -> str:
        texts = [message for message in self._recent() if message.channel != "email"]
        threads: dict[str, list[Message]] = {}
        for message in texts:
            threads.setdefault(_patient(message), []).append(message)
        shown = {who: thread for who, thread in threads.items() if query["q"].lower() in who.lower()}
        chosen = query["to"] if query["to"] in threads else next(iter(shown), "")
        rows = [markup.thread_row(who, thread[0], len(thread), who == chosen, query)
                for who, thread in list(shown.items())[:_LISTED]]  # fmt: skip
        pane = markup.phone(chosen, threads[chosen][:_SHOWN][::-1]) if chosen else markup.nothing("message")
        return markup.panes(rows, pane, "Phones", chosen=bool(query["to"]))

    def _inbox(self, query: dict[str, str]) -> str:
        wanted = (query["q"] or query["to"]).lower()
        emails = [message for message in self._recent()
                  if message.channel == "email" and wanted in message.to.lower()]  # fmt: skip
        chosen = self._service.store.messages.get(query["id"]) or next(iter(emails), None)
        rows = [markup.email_row(email, email is chosen, query) for email in emails[:_LISTED]]
        pane = markup.email(chosen) if chosen else markup.nothing("email")
        return markup.panes(rows, pane, "Emails", chosen=bool(query["id"]))

    def _recent(self) -> Iterable[Message]:
        """Go through messages from the newest."""
        for number, message in enumerate(reversed(self._service.store.messages.values())):
            if number == _SCANNED:
                return
            yield message


def _patient(message: Message) -> str:
    return message.sender if message.direction == "in" else message.to


async def _file(request: web.Request) -> web.FileResponse:
    return web.FileResponse(
        _FILES / escape(request.match_info["name"]), headers={"Cache-Control": "no-store"}
    )
