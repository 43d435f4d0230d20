"""The page behind "unsubscribe": a GET asks, and only the button, or a mail program's one click, stops."""

from __future__ import annotations

from html import escape

from shared.pages.frame import Imprint, notice, page, paragraphs
from shared.pages.words import Words


def ask_page(purpose: str, channel: str, language: str, imprint: Imprint) -> str:
    """Return the page that asks whether to stop messages of a purpose ("*" is all) by a channel."""
    words = Words(language)
    button = escape(words("unsubscribe-button"))
    body = (
        f"{paragraphs(words('unsubscribe-text', organisation=imprint.organisation))}"
        f"{_what(purpose, channel, words)}"
        f'<form method="post" action="?lang={words.language}">'
        f'<p><button name="unsubscribe" value="yes">{button}</button></p></form>'
        f'<p class="soft">{escape(words("unsubscribe-stay"))}</p>'
    )
    return page(words("unsubscribe-title"), body, words.language, imprint)


def done_page(purpose: str, channel: str, language: str, imprint: Imprint, preferences: str = "") -> str:
    """Return the page that says what was stopped; `preferences` is where one chooses more, or ""."""
    words = Words(language)
    done = notice(
        f"{paragraphs(words('unsubscribed-text', organisation=imprint.organisation))}"
        f"{_what(purpose, channel, words)}{paragraphs(words('unsubscribed-soon'))}"
    )
    more = ""
    if preferences:
        place = escape(f"{preferences}?lang={words.language}")
        more = f'<p><a class="more" href="{place}">{escape(words("unsubscribed-more"))}</a></p>'
    return page(words("unsubscribed-title"), done + more, words.language, imprint, switch=False)


def wording(purpose: str, channel: str, words: Words) -> str:
    """Return the words beside the button: kept with the choice as evidence."""
    what = f"{words(f'purpose-{purpose}')}, {words(f'channel-{channel}')}"
    return f"{words('unsubscribe-title')} {what}: {words('unsubscribe-button')}"


def _what(purpose: str, channel: str, words: Words) -> str:
    way = escape(words(f"channel-{channel}"))
    return (
        f'<ul class="what"><li>{escape(words(f"purpose-{purpose}"))}<span class="soft">{way}</span></li></ul>'
    )
