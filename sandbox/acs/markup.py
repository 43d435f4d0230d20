"""The page's HTML, piece by piece; every value from outside is escaped where it enters."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from urllib.parse import urlencode

from sandbox.acs.event_grid import SMS_CODES
from sandbox.acs.store import Message
from shared.fhir.instants import iso, to_datetime

_STATES = {
    "accepted": "Sent",
    "delivered": "Delivered",
    "failed": "Not delivered",
    "read": "Opened",
    "received": "",
}
_CHANNELS = {"sms": "SMS", "whatsapp": "WhatsApp", "email": "Email"}


def link(view: str, to: str, key: str = "", q: str = "") -> str:
    """Give the address of a view of the page."""
    query = {name: value for name, value in (("view", view), ("to", to), ("id", key), ("q", q)) if value}
    return f"/?{urlencode(query)}" if query else "/"


def document(query: dict[str, str], clock: str, texts: int, emails: int, body: str) -> str:
    """Give the whole page."""
    inbox = query["view"] == "inbox"
    view = '<input type="hidden" name="view" value="inbox">' if inbox else ""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{"Inbox" if inbox else "Phones"} · Hearthline sandbox</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/page/style.css">
<script src="/page/app.js" defer></script>
</head>
<body>
<a class="skip" href="#pane">Skip to the message</a>
<header>
<h1><span aria-hidden="true" class="mark"></span>What patients receive</h1>
<nav aria-label="View">
{_tab("", "Phones", texts, not inbox)}
{_tab("inbox", "Inbox", emails, inbox)}
</nav>
<form role="search" method="get" action="/">{view}
<label class="quiet" for="q">Recipient</label>
<input id="q" name="q" type="search" placeholder="Filter by recipient" value="{escape(query["q"])}">
</form>
<p class="clock"><span id="live" class="dot" role="status" aria-label="Not live"></span>
<time id="now">{escape(clock)}</time></p>
</header>
<main id="main">{body}</main>
</body>
</html>
"""


def _tab(view: str, name: str, count: int, current: bool) -> str:
    mark = ' aria-current="page"' if current else ""
    return f'<a id="tab-{view or "phone"}" href="{link(view, "")}"{mark}>{name} <b>{count}</b></a>'


def panes(rows: Sequence[str], pane: str, title: str, *, chosen: bool) -> str:
    """Put the list and what was chosen from it side by side; a narrow window shows one of them."""
    return (
        f'<div class="panes{" chosen" if chosen else ""}">'
        f'<section class="list" aria-label="{title}"><ul>{"".join(rows)}</ul></section>'
        f'<section id="pane" class="pane" tabindex="-1">{pane}</section></div>'
    )


def nothing(what: str) -> str:
    """Say that there is nothing yet."""
    return f'<p class="nothing">No {what} yet. As soon as one is sent, it appears here by itself.</p>'


def thread_row(who: str, newest: Message, count: int, current: bool, query: dict[str, str]) -> str:
    """Give one recipient in the list of phones."""
    preview = ("You wrote: " if newest.direction == "in" else "") + newest.text[:90]
    return _row(link("", who, q=query["q"]), who, preview, newest, current, f"{count}")


def email_row(message: Message, current: bool, query: dict[str, str]) -> str:
    """Give one email in the list of the inbox."""
    title = message.subject or "(no subject)"
    return _row(link("inbox", "", message.id, query["q"]), title, message.to, message, current, "")


def _row(href: str, title: str, preview: str, message: Message, current: bool, count: str) -> str:
    mark = ' aria-current="true"' if current else ""
    badge = f'<span class="count" aria-label="{count} messages">{count}</span>' if count else ""
    failed = '<span class="bad">Not delivered</span>' if message.state == "failed" else ""
    return (
        f'<li><a href="{escape(href)}"{mark}><span class="top"><strong dir="auto">{escape(title)}</strong>'
        f'{_time(message)}</span><span class="preview" dir="auto">{escape(preview)}</span>'
        f'<span class="marks">{_badge(message)}{failed}{badge}</span></a></li>'
    )


def phone(who: str, messages: Sequence[Message]) -> str:
    """Give one recipient's phone: the thread, oldest first, and the reply box."""
    newest = messages[-1]
    hospital = newest.to if newest.direction == "in" else newest.sender
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">'
        for name, value in (("from", who), ("to", hospital), ("channel", newest.channel))
    )
    return (
        f'<a class="back" href="/">All phones</a><article class="phone {newest.channel}">'
        f'<h2 dir="auto">{escape(who)}</h2>'
        f'<ol class="thread" tabindex="0" aria-label="Messages">{"".join(map(_bubble, messages))}</ol>'
        f'<form class="reply" method="post" action="/page/reply">{hidden}'
        f'<label class="quiet" for="reply">Reply as the patient</label>'
        f'<input id="reply" name="text" autocomplete="off" placeholder="Reply as the patient" required>'
        f"<button>Send</button></form></article>"
    )


def _bubble(message: Message) -> str:
    lang = f' lang="{escape(message.language)}"' if message.language else ""
    shown = f'<span class="lang">{escape(message.language)}</span>' if message.language else ""
    return (
        f'<li class="{message.direction}"><p dir="auto"{lang}>{escape(message.text)}</p>'
        f'<p class="meta">{_badge(message)}{_time(message)}{shown}{_state(message)}</p></li>'
    )


def email(message: Message) -> str:
    """Give one email: its head, its HTML in a locked frame, its plain text."""
    html = escape(message.html)
    frame = f'<iframe title="The email as HTML" sandbox="" srcdoc="{html}"></iframe>' if message.html else ""
    lang = f'<span class="lang">{escape(message.language)}</span>' if message.language else ""
    opened = (
        f'<form method="post" action="/page/open">'
        f'<input type="hidden" name="id" value="{escape(message.id)}">'
        f"<button>Open as the patient</button></form>"
    )
    return (
        f'<a class="back" href="/?view=inbox">All emails</a><article class="email">'
        f'<h2 dir="auto">{escape(message.subject or "(no subject)")}</h2>'
        f"<dl><dt>From</dt><dd>{escape(message.sender)}</dd><dt>To</dt><dd>{escape(message.to)}</dd>"
        f"{_headers(message)}</dl>{_files(message)}"
        f'<div class="head"><p class="meta">{_time(message)}{lang}{_state(message)}</p>{opened}</div>{frame}'
        f"<details{'' if message.html else ' open'}><summary>Plain text</summary>"
        f'<pre dir="auto">{escape(message.text) or "(none)"}</pre></details></article>'
    )


def _headers(message: Message) -> str:
    return "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in message.headers.items()
    )


def _files(message: Message) -> str:
    """List what is attached, each to be saved."""
    if not message.attachments:
        return ""
    key = escape(message.id)
    items = "".join(
        f'<li><a href="/page/file?id={key}&amp;n={number}" download>{escape(file.name)}</a> '
        f"({escape(file.type)}, {len(file.content)} bytes)</li>"
        for number, file in enumerate(message.attachments)
    )
    return f'<ul class="files" aria-label="Attachments">{items}</ul>'


def _badge(message: Message) -> str:
    return f'<span class="badge {message.channel}">{_CHANNELS[message.channel]}</span>'


def _time(message: Message) -> str:
    return f'<time datetime="{iso(message.at)}">{to_datetime(message.at):%d %b %H:%M}</time>'


def _state(message: Message) -> str:
    word = _STATES[message.state]
    if not word:
        return ""
    why = SMS_CODES.get(message.reason, message.reason)
    detail = f": {escape(why)}" if why else ""
    return f'<span class="state {message.state}">{word}{detail}</span>'
