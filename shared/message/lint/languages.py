"""Whether a template says the same in every language, and in every channel."""

from __future__ import annotations

from collections.abc import Iterator

from shared.message.content.channels import ByLanguage
from shared.message.lint.finding import Finding, warning
from shared.message.lint.words import fields, readable
from shared.message.template import TemplateDefinition

_ENOUGH = 20
"""Letters from which on the same text in two languages is no coincidence."""


def languages(template: TemplateDefinition) -> Iterator[Finding]:
    """Find what was not translated, or otherwise."""
    written = {channel: set(each) for channel, _, each in template.channels.parts()}
    every = set[str]().union(*written.values())
    for channel, own in written.items():
        for language in sorted(every - own):
            yield warning(f"channels.{channel}", f"is not written in {language}, as other channels are")
    for channel, part, by_language in template.channels.parts():
        yield from _compared(f"channels.{channel}.{part}", by_language, template.default_language)


def _compared(path: str, by_language: ByLanguage, default: str) -> Iterator[Finding]:
    first = by_language[default]
    for language, liquid in by_language.items():
        if language == default:
            continue
        words = readable(liquid).split()
        if words == readable(first).split() and sum(map(len, words)) > _ENOUGH:
            yield warning(f"{path}.{language}", f"says the same as {default}", "a translation")
        for name in sorted(fields(first) - fields(liquid)):
            yield warning(f"{path}.{language}", f"does not ask for {name}, as {default} does")
