"""What shows only when a template is rendered: what is not known, reads badly, is too long."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from shared.errors import AuthorFault
from shared.message.lint.finding import Finding, error, warning
from shared.message.lint.links import outside
from shared.message.lint.samples import Sample
from shared.message.render import CompiledTemplate, Rendered, render_message

MANY_SEGMENTS = 3
LONG_SUBJECT = 78
"""Characters of a line that mail programs show whole (RFC 5322, 2.1.1)."""
_UGLY = re.compile(r"  |\s[.,;:!?](?=\s|$)|\(\s*\)|\bNone\b|\{\{|\}\}|\{%|%\}")


def rendered(template: CompiledTemplate, samples: Iterable[Sample]) -> Iterator[Finding]:
    """Render for every sample, in every channel and language."""
    chosen = list(samples)
    for channel, by_language in template.parts.items():
        for language in by_language:
            path = f"channels.{channel} ({language})"
            for sample in chosen:
                if not sample.bundle or template.bundles(channel, language):
                    yield from _for(template, channel, language, sample, path)


def _for(
    template: CompiledTemplate, channel: str, language: str, sample: Sample, path: str
) -> Iterator[Finding]:
    scene = replace(sample.scene, language=language)
    try:
        made = render_message(template, channel, scene)
    except AuthorFault as fault:
        reason = fault.reason.partition("): ")[2] or fault.reason
        yield error(path, f"cannot be rendered for {sample.name}: {reason}", "an {% if %} around it")
        return
    yield from _read(made, sample, path)
    allowed = replace(scene.policy, hosts=scene.policy.hosts | {"links.riverside.example"})
    for host in dict.fromkeys(outside(made.text, allowed)):
        yield error(path, f"leads to {host}, which is not allowed")


def _read(made: Rendered, sample: Sample, path: str) -> Iterator[Finding]:
    for part, words in (("text", made.text), ("subject", made.subject)):
        if found := _UGLY.search(words):
            about = words[max(found.start() - 15, 0) : found.end() + 15].strip()
            yield warning(path, f'{part} reads badly for {sample.name}: "…{about}…"')
    if not made.text:
        yield error(path, f"is empty for {sample.name}")
    if made.segments > MANY_SEGMENTS:
        told = f"is {made.segments} SMS parts long for {sample.name}"
        yield warning(path, told, f"at most {MANY_SEGMENTS}")
    if len(made.subject) > LONG_SUBJECT:
        told = f"has a subject of {len(made.subject)} characters for {sample.name}"
        yield warning(path, told, f"at most {LONG_SUBJECT}")
