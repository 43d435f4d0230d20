"""The preference centre: what somebody may be written to about, and by which way, as a form without script.

shared.usecases.public.preferences says what stands in it, and reads what comes back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Literal

from msgspec import Struct

from shared.fhir.choice import PURPOSES
from shared.pages.frame import Imprint, notice, page, paragraphs
from shared.pages.masks import last_digits, mask
from shared.pages.words import Words

type Cell = tuple[str, str]
"""Purpose and channel."""

type Outcome = Literal["", "saved", "same", "stopped"]


class Preferences(Struct, frozen=True):
    """What the page shows: of whom, it does not know."""

    ways: Mapping[str, str]
    """By channel the contact point that is used, in clear; "" where there is none to show."""
    cells: Mapping[Cell, bool]
    """Whether messages of a purpose may come by a channel."""
    topics: Mapping[str, bool] = {}
    """By topic, whether anything may come about it."""
    language: str = ""
    """In which they are written to (BCP 47), in the words of the page; "" where that is not known."""
    stamp: str = ""
    """Names this showing of the page: the same form sent twice counts once."""
    pending: frozenset[Cell] = frozenset()
    """What was agreed to and waits to be confirmed: not allowed yet."""
    confirms: bool = False
    """Whether some of it counts only once it is confirmed."""


def preferences_page(shown: Preferences, language: str, imprint: Imprint, outcome: Outcome = "") -> str:
    """Return the page, with what came of saving it above."""
    words = Words(language)
    body = "\n".join(
        (
            _outcome(outcome, words, imprint, confirms=shown.confirms),
            paragraphs(words("preferences-intro", organisation=imprint.organisation)),
            _form(shown, words) if shown.cells else paragraphs(words("preferences-none")),
            _language(shown, words, imprint),
            _stop(shown, words, imprint) if any(shown.cells.values()) else "",
        )
    )
    return page(words("preferences-title"), body, words.language, imprint)


def wording(cell: Cell, shown: Preferences, words: Words) -> str:
    """Return what stands at a box, and whether it is ticked: kept with the choice as evidence."""
    purpose, channel = cell
    way = " ".join(filter(None, (words(f"channel-{channel}"), mask(channel, shown.ways.get(channel, "")))))
    said = words("yes" if shown.cells[cell] else "no")
    return f"{words(f'purpose-{purpose}')} ({words(f'purpose-{purpose}-text')}), {way}: {said}"


def topic_title(topic: str, words: Words) -> str:
    """Return what a topic is called; one without words by its code: "diabetes-care" is "Diabetes care"."""
    if known := words.get(f"topic-{topic}"):
        return known
    plain = topic.replace("-", " ").replace("_", " ").strip()
    return plain[:1].upper() + plain[1:]


def _form(shown: Preferences, words: Words) -> str:
    groups = "\n".join(_group(purpose, shown, words) for purpose in PURPOSES)
    return (
        f'<form method="post" action="?lang={words.language}">{_stamp(shown)}\n{groups}\n'
        f"{_topics(shown, words)}"
        f'<button name="action" value="save">{escape(words("preferences-save"))}</button></form>'
    )


def _group(purpose: str, shown: Preferences, words: Words) -> str:
    about = f"about-{purpose}"
    boxes = "\n".join(
        _box("on", "|".join(cell), on, words(f"channel-{cell[1]}"), about, _beside(cell, shown, words))
        for cell, on in shown.cells.items()
        if cell[0] == purpose
    )
    return (
        f"<fieldset><legend>{escape(words(f'purpose-{purpose}'))}</legend>"
        f'<p class="soft" id="{about}">{escape(words(f"purpose-{purpose}-text"))}</p>\n{boxes}</fieldset>'
    )


def _beside(cell: Cell, shown: Preferences, words: Words) -> str:
    waits = cell in shown.pending and not shown.cells[cell]
    hint = f' <span class="pending">{escape(words("preferences-pending"))}</span>' if waits else ""
    return _point(cell[1], shown, words) + hint


def _topics(shown: Preferences, words: Words) -> str:
    if not shown.topics:
        return ""
    boxes = "\n".join(
        _box("topic", topic, on, topic_title(topic, words), "about-topics", "")
        for topic, on in shown.topics.items()
    )
    return (
        f"<fieldset><legend>{escape(words('topics'))}</legend>"
        f'<p class="soft" id="about-topics">{escape(words("topics-text"))}</p>\n{boxes}</fieldset>'
    )


def _box(name: str, value: str, on: bool, label: str, about: str, point: str) -> str:
    """Return one box with its label; a hidden field says that it was shown, ticked or not."""
    held = escape(value)
    ticked = " checked" if on else ""
    return (
        f'<input type="hidden" name="shown-{name}" value="{held}">'
        f'<label class="option"><input type="checkbox" name="{name}" value="{held}"{ticked} '
        f'aria-describedby="{about}"><span>{escape(label)}</span>{point}</label>'
    )


def _point(channel: str, shown: Preferences, words: Words) -> str:
    """Return the masked contact point, spoken in words: dots are noise to a screen reader."""
    address = shown.ways.get(channel, "")
    masked = mask(channel, address)
    if not masked:
        return ""
    if channel == "email":
        return f' <span class="soft">{escape(masked)}</span>'
    spoken = words("ends-in", digits=" ".join(last_digits(address)))
    return (
        f' <span class="soft"><span aria-hidden="true">{escape(masked)}</span>'
        f'<span class="quiet">{escape(spoken)}</span></span>'
    )


def _stop(shown: Preferences, words: Words, imprint: Imprint) -> str:
    return (
        f'<section class="apart" aria-labelledby="stop"><h2 id="stop">{escape(words("stop-title"))}</h2>'
        f"{paragraphs(words('stop-text', organisation=imprint.organisation))}"
        f'<form method="post" action="?lang={words.language}">{_stamp(shown)}'
        f'<button class="second" name="action" value="stop">{escape(words("stop-button"))}</button></form>'
        f"</section>"
    )


def _stamp(shown: Preferences) -> str:
    return f'<input type="hidden" name="stamp" value="{escape(shown.stamp)}">'


def _language(shown: Preferences, words: Words, imprint: Imprint) -> str:
    known = words("preferences-language", language=shown.language) if shown.language else ""
    call = words("preferences-language-change", phone=imprint.number) if imprint.phone else ""
    return f'<div class="apart soft">{paragraphs(known, call)}</div>' if known or call else ""


def _outcome(outcome: Outcome, words: Words, imprint: Imprint, *, confirms: bool) -> str:
    return notice(paragraphs(*_said(outcome, words, imprint, confirms))) if outcome else ""


def _said(outcome: Outcome, words: Words, imprint: Imprint, confirms: bool) -> Iterator[str]:
    match outcome:
        case "stopped":
            yield words("stopped", organisation=imprint.organisation)
            yield words("stopped-text")
        case "same":
            yield words("preferences-same")
        case "saved":
            yield words("preferences-saved")
            if confirms:
                yield words("preferences-confirm")
