"""The frame of every page behind a link: one layout, no script, nothing from anywhere else.

Used by functions/public.py and functions/public_surveys.py; `body` is HTML that the caller has escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from types import MappingProxyType

from msgspec import Struct

from shared.pages.style import STYLE, STYLE_HASH
from shared.pages.words import LANGUAGES, Words

HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src '{STYLE_HASH}'; img-src data:; form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'none'"
        ),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex, nofollow",
    }
)
"""Of every answer: the address of a page is a secret, and must not reach another site or stay in a cache."""


class Imprint(Struct, frozen=True):
    """Who stands behind the page."""

    organisation: str = ""
    phone: str = ""
    website: str = ""
    """Where it is on the web, "https://…" or ""."""
    address: str = ""

    @property
    def number(self) -> str:
        """Return the phone number so that no line breaks within it."""
        return self.phone.replace(" ", "\N{NO-BREAK SPACE}")


def page(
    title: str,
    body: str,
    language: str,
    imprint: Imprint = Imprint(),  # noqa: B008  # frozen: nobody can change the one that all share
    *,
    switch: bool = True,
    wrong: bool = False,
) -> str:
    """Return the whole page; `title` is plain text, `body` HTML.

    `switch` offers the page in its other languages (`?lang=`), for pages that a GET shows; `wrong` says in
    the title that something has to be corrected (https://www.w3.org/WAI/WCAG22/Techniques/html/H25).
    """
    words = Words(language)
    said = f"{words('error')}: {title}" if wrong else title
    named = " · ".join(filter(None, (said, imprint.organisation)))
    return f"""<!doctype html>
<html lang="{words.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>{escape(named)}</title>
<link rel="icon" href="data:,">
<style>{STYLE}</style>
</head>
<body>
<a class="skip" href="#content">{escape(words("skip"))}</a>
<header><p>{escape(imprint.organisation) or "&nbsp;"}</p></header>
<main id="content" tabindex="-1">
<h1>{escape(title)}</h1>
{body}
</main>
<footer>
{_switch(words) if switch else ""}
{_imprint(words, imprint)}
</footer>
</body>
</html>
"""


def notice(body: str, *, bad: bool = False, label: str = "") -> str:
    """Return what came of something; it has the focus, so that readers begin there. `body` is HTML."""
    role = "alert" if bad else "status"
    named = f' aria-label="{escape(label)}"' if label else ""
    kind = "notice bad" if bad else "notice"
    attributes = f'class="{kind}" role="{role}"{named} tabindex="-1" id="outcome" autofocus'
    return f"<div {attributes}>{body}</div>"


def paragraphs(*texts: str) -> str:
    """Return plain texts as paragraphs; those that are empty are left out."""
    return "\n".join(f"<p>{escape(text)}</p>" for text in texts if text)


def _switch(words: Words) -> str:
    items = []
    for language, own in LANGUAGES.items():
        name = escape(own["own-name"])
        if language == words.language:
            items.append(f'<li><b lang="{language}" aria-current="true">{name}</b></li>')
        else:
            link = f'<a href="?lang={language}" hreflang="{language}" lang="{language}">{name}</a>'
            items.append(f"<li>{link}</li>")
    return f'<nav aria-label="{escape(words("languages"))}"><ul>{"".join(items)}</ul></nav>'


def _imprint(words: Words, imprint: Imprint) -> str:
    website = escape(imprint.website)
    lines: Sequence[str] = (
        escape(imprint.organisation),
        escape(imprint.address),
        escape(words("phone", phone=imprint.number)) if imprint.phone else "",
        f'<a href="{website}" rel="noreferrer">{website}</a>' if imprint.website else "",
    )
    said = "".join(f"<p>{line}</p>" for line in lines if line)
    return f'<section aria-label="{escape(words("imprint"))}">{said}</section>' if said else ""
