"""Pages for what goes wrong: a link that leads nowhere, whatever the reason; a form that cannot be read."""

from __future__ import annotations

from typing import Literal

from shared.pages.frame import Imprint, notice, page, paragraphs
from shared.pages.words import Words

type Fault = Literal["lost", "bad", "large", "busy"]

STATUS: dict[Fault, int] = {"lost": 404, "bad": 400, "large": 413, "busy": 503}
"""By what went wrong, the HTTP status."""


def fault_page(fault: Fault, language: str, imprint: Imprint) -> str:
    """Return the page; the one for a lost link is the same whether there ever was such a link or not."""
    words = Words(language)
    phone = words("phone", phone=imprint.number) if imprint.phone else ""
    said = paragraphs(words(f"{fault}-text"), words.get(f"{fault}-help"), phone if fault == "lost" else "")
    body = said if fault == "lost" else notice(said, bad=True)
    return page(words(f"{fault}-title"), body, words.language, imprint, switch=fault == "lost", wrong=True)
