"""Plain text of an email whose author wrote only its HTML: every email has both (RFC 2046, 5.1.4)."""

from __future__ import annotations

import re


def text_of(html: str) -> str:
    """Return what HTML says, laid out as text, with where its links lead.

    Made with inscriptis (https://inscriptis.readthedocs.io).
    """
    from inscriptis import get_text  # type: ignore[import-untyped] # deferred: brings an HTML parser
    from inscriptis.model.config import ParserConfig  # type: ignore[import-untyped] # it has no stubs

    text = get_text(_shown(html), ParserConfig())
    lines = "\n".join(" ".join(line.split()) for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip()


_COMMENTS = re.compile(r"<!--.*?-->", re.DOTALL)
_LINK = re.compile(r"<a\s[^>]*?\bhref=\"(https?://[^\"]+)\"[^>]*>(.*?)</a>", re.DOTALL | re.IGNORECASE)


def _shown(html: str) -> str:
    """Write where a link leads after its words, unless they are the address itself."""
    return _LINK.sub(_with_target, _COMMENTS.sub("", html))


def _with_target(found: re.Match[str]) -> str:
    target, words = found[1], found[2]
    return words if target in words else f"{words} ({target})"
