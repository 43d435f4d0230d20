"""Unsubscribe by a link: from the purpose of its message, or, of messages about care, from the channel."""

from __future__ import annotations

from shared.fhir.choice import ANY, Choice
from shared.pages.unsubscribe import wording
from shared.pages.words import Words
from shared.patient.record import identify
from shared.queues import PAGES
from shared.usecases.jobs import Chosen
from shared.usecases.posting import post
from shared.usecases.public.opening import Opened, find_link
from shared.usecases.services import Services

ONE_CLICK = ("List-Unsubscribe", "One-Click")
"""The form field by which a mail program unsubscribes with no page (RFC 8058, section 3.1)."""


def ended(opened: Opened) -> str:
    """Return the purpose of which nothing more comes by the link's channel; "*" is every one.

    Who unsubscribes from a message about care wants that channel to be quiet: nobody tells apart which of
    our messages are care and which are not.
    """
    purpose = opened.link.purpose
    return purpose if purpose not in ("", "care") else ANY


async def unsubscribe(services: Services, opened: Opened, language: str, *, one_click: bool) -> None:
    """Put it on the queue. Raises Unavailable."""
    now = services.clock.now()
    words = Words(language)
    purpose = ended(opened)
    denial = Choice(
        channel=opened.link.channel,
        address="",
        since=now,
        source="one-click" if one_click else "page",
        purpose=purpose,
        party=opened.link.party,
        wording="=".join(ONE_CLICK) if one_click else wording(purpose, opened.link.channel, words),
        evidence=f"message {opened.link.message_id}"
        if one_click
        else f"unsubscribe page {words('version')} ({words.language})",
    )
    chosen_id = identify("unsubscribed", opened.link.token, now)
    job = Chosen(chosen_id, opened.key, denials=(denial,))
    await post(services.queue, PAGES, job)


async def preferences_token(services: Services, opened: Opened) -> str:
    """Return the token of the preference centre that came with the link, "" where it is too old."""
    found = await find_link(services, opened.link.target, "preferences")
    return opened.link.target if found is not None else ""
