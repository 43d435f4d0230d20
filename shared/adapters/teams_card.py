"""A notice as Microsoft Teams shows it: an adaptive card of an author's words, with a link to the console.

What a workflow takes that begins "When a Teams webhook request is received":
https://support.microsoft.com/office/create-incoming-webhooks-with-workflows-for-microsoft-teams
and https://adaptivecards.io/explorer/AdaptiveCard.html. Nothing of the patient is in it.
"""

from __future__ import annotations

import orjson

from shared.journey.resources.posts import Notice

_CARD = "application/vnd.microsoft.card.adaptive"
_SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"


def teams_card(notice: Notice, console: str) -> bytes:
    """Make the message of a notice; its button opens the patient's page, for those who may see it."""
    title = {"type": "TextBlock", "text": notice.title, "weight": "Bolder", "wrap": True}
    text = {"type": "TextBlock", "text": notice.text, "wrap": True}
    card = {
        "$schema": _SCHEMA,
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [{**title, "size": "Medium"}, *([text] if notice.text else [])],
        "actions": [{"type": "Action.OpenUrl", "title": "Open in Hearthline", "url": link(notice, console)}],
    }
    attachment = {"contentType": _CARD, "contentUrl": None, "content": card}
    return orjson.dumps({"type": "message", "attachments": [attachment]})


def link(notice: Notice, console: str) -> str:
    """Return where the console shows it: opaque keys only."""
    return f"{console}/patients/{notice.person}?enrolment={notice.enrolment}"
