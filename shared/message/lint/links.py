"""Where the links in a template lead: to hosts that were allowed, and never through somebody's shortener."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from shared.message.links import may_lead_to
from shared.message.lint.finding import Finding, error, sources, warning
from shared.message.lint.words import literal
from shared.message.policy import Policy
from shared.message.template import TemplateDefinition

_URL = re.compile(r"https?://[^\s\"'<>|{}\u2060)]+", re.IGNORECASE)
_SHORTENERS = (
    *("bit.ly", "bl.ink", "buff.ly", "cutt.ly", "goo.gl", "is.gd", "lnkd.in", "ow.ly", "rb.gy", "rebrand.ly"),
    *("s.id", "short.io", "shorturl.at", "t.co", "t.ly", "t2m.io", "tiny.cc", "tinyurl.com", "v.gd", "x.co"),
)
"""Carriers block messages with them, and they count our patients."""
_SHORTENED = re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, _SHORTENERS))})(?=[/\s]|$)", re.IGNORECASE)


def links(template: TemplateDefinition, policy: Policy) -> Iterator[Finding]:
    """Find links that must not be there."""
    for source in sources(template):
        text = literal(source.liquid)
        for shortener in dict.fromkeys(_SHORTENED.findall(text)):
            yield error(
                source.path, f"links through {shortener}", 'the address itself: {{ "https://…" | link }}'
            )
        for url in dict.fromkeys(found.rstrip(".,;:!?") for found in _URL.findall(text)):
            if not _SHORTENED.search(url):
                yield from _one(source.path, url, policy)


def outside(words: str, policy: Policy) -> Iterator[str]:
    """Walk the hosts in rendered words that nobody allowed."""
    for url in _URL.findall(words):
        if not may_lead_to(url.rstrip(".,;:!?"), policy):
            yield urlsplit(url).hostname or url


def _one(path: str, url: str, policy: Policy) -> Iterator[Finding]:
    if not may_lead_to(url, policy):
        allowed = ", ".join(sorted(policy.hosts)) or "the organisation's website"
        yield error(path, f"links to {urlsplit(url).hostname or url}, which is not allowed", allowed)
    elif url.lower().startswith("http:"):
        yield warning(path, f"links to {url} without encryption", "https")
