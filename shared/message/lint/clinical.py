"""Clinical detail where others may read it: on a locked screen, in a list of emails, through a window.

What may say it is the body of an email or a letter. A template that must say it elsewhere declares that it
`discloses: clinical`, which only care may, about a topic that people can refuse.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from unicodedata import combining, normalize

from shared.message.lint.clinical_terms import TERMS
from shared.message.lint.finding import Finding, Source, error, sources, warning
from shared.message.lint.words import fields, literal
from shared.message.template import TemplateDefinition

_CLINICAL_FIELDS = frozenset({"appointment.title", "appointment.instruction"})
_OPEN = frozenset({("email", "subject"), ("letter", "subject")})
_OPEN_CHANNELS = frozenset({"sms", "whatsapp", "push"})


def clinical_detail(template: TemplateDefinition) -> Iterator[Finding]:
    """Find what tells others of a condition, a test or a drug."""
    finding = warning if template.discloses else error
    for source in sources(template):
        if source.channel in _OPEN_CHANNELS or (source.channel, source.part) in _OPEN:
            for what in _told(source):
                yield finding(source.path, what, "words that tell others nothing")
    approved = template.channels.approved
    for number, liquid in enumerate(approved.parameters if approved else ()):
        for what in _told(Source("whatsapp", "approved", template.default_language, liquid)):
            yield finding(f"channels.whatsapp.approved.parameters[{number}]", what)


def _told(source: Source) -> Iterator[str]:
    found = _terms(source.language).findall(_plain(literal(source.liquid)))
    yield from (f'says "{word}", which is clinical detail' for word in dict.fromkeys(found))
    named = sorted(_CLINICAL_FIELDS & fields(source.liquid))
    yield from (f"{name} can hold clinical detail" for name in named)


@cache
def _terms(language: str) -> re.Pattern[str]:
    own = TERMS.get(language.partition("-")[0])
    words = own if own is not None else tuple(word for each in TERMS.values() for word in each)
    patterns = (_pattern(_plain(word)) for word in sorted(set(words)))
    return re.compile(rf"\b(?:{'|'.join(patterns)})")


def _pattern(word: str) -> str:
    whole, text = word.endswith("$"), re.escape(word.rstrip("$")).replace(r"\ ", r"\s+")
    return rf"{text}\b" if whole else rf"{text}\w*"


def _plain(text: str) -> str:
    """Return lower case without accents, character by character."""
    return "".join(each for each in normalize("NFKD", text.casefold()) if not combining(each))
