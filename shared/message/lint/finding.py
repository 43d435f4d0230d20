"""Finding: one thing that lint has to say of a template."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from shared.message.template import TemplateDefinition


class Finding(Struct, frozen=True):
    """Where, what is wrong, what is wanted; an error keeps the template from being published."""

    level: Literal["error", "warning"]
    path: str
    what: str
    expected: str = ""

    def __str__(self) -> str:
        tail = f" (expected {self.expected})" if self.expected else ""
        return f"{self.path}: {self.what}{tail}"


class Source(Struct, frozen=True):
    """One part of a template in one language, as its author wrote it."""

    channel: str
    part: str
    language: str
    liquid: str

    @property
    def path(self) -> str:
        """Return where it stands: channels.sms.text.en."""
        return f"channels.{self.channel}.{self.part}.{self.language}"


def sources(template: TemplateDefinition) -> Iterator[Source]:
    """Walk the parts of a template."""
    for channel, part, by_language in template.channels.parts():
        for language, liquid in by_language.items():
            yield Source(channel, part, language, liquid)


def error(path: str, what: str, expected: str = "") -> Finding:
    """Make an error."""
    return Finding("error", path, what, expected)


def warning(path: str, what: str, expected: str = "") -> Finding:
    """Make a warning."""
    return Finding("warning", path, what, expected)
