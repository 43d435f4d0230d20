"""From a checked template to one that renders; and which of its languages a patient gets."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct

from shared.errors import AuthorFault
from shared.message.fields import Scene, objects
from shared.message.liquid import parse, render
from shared.message.template import TemplateDefinition

if TYPE_CHECKING:
    from liquid import BoundTemplate


class CompiledTemplate(Struct, frozen=True):
    """One version of a template, parsed."""

    url: str
    version: str
    canonical: str
    title: str
    purpose: str
    default_language: str
    expires: str
    even_if: frozenset[str]
    parts: Mapping[str, Mapping[str, Mapping[str, BoundTemplate]]]
    """By channel, language and part (text, subject, html)."""


class Rendered(Struct, frozen=True):
    """A message's words."""

    text: str
    subject: str = ""
    html: str = ""


def compile_template(definition: TemplateDefinition) -> CompiledTemplate:
    """Parse every source of a template. Raises AuthorFault for one that parse_template never saw."""
    parts: dict[str, dict[str, dict[str, BoundTemplate]]] = {}
    for channel, part, by_language in definition.channels.parts():
        for language, source in by_language.items():
            slot = parts.setdefault(channel, {}).setdefault(language, {})
            slot[part] = parse(source, html=part == "html")
    return CompiledTemplate(
        url=definition.url,
        version=definition.version,
        canonical=definition.canonical,
        title=definition.title,
        purpose=definition.purpose,
        default_language=definition.default_language,
        expires=definition.expires,
        even_if=frozenset(definition.even_if),
        parts=MappingProxyType(parts),
    )


def choose_language(template: CompiledTemplate, channel: str, spoken: tuple[str, ...]) -> str:
    """Return the language for somebody who speaks `spoken`, best first: es-MX, then es, then the default.

    Returns "" where the channel has none that fits and lacks the default.
    """
    written = {language.casefold(): language for language in template.parts.get(channel, {})}
    for tag in (*spoken, template.default_language):
        subtags = tag.casefold().split("-")
        for length in range(len(subtags), 0, -1):
            if found := written.get("-".join(subtags[:length])):
                return found
    return ""


def render_message(template: CompiledTemplate, channel: str, scene: Scene) -> Rendered:
    """Write a message in `scene.language`. Raises AuthorFault."""
    sources = template.parts.get(channel, {}).get(scene.language)
    if sources is None:
        raise AuthorFault(f"{template.canonical} is not written for {channel} in {scene.language}")
    seen = objects(scene)
    try:
        return Rendered(**{part: render(source, seen) for part, source in sources.items()})
    except AuthorFault as fault:
        raise AuthorFault(f"{template.canonical} ({channel}, {scene.language}): {fault.reason}") from None
