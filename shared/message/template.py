"""TemplateDefinition: the words of a message by channel and language, checked whole before it is used.

First in the flow of templates: parse_template → compile_template → Templates → plan → guard.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from shared.authoring import Authored, parse_document
from shared.errors import Invalid, Problem
from shared.fhir.canonical import canonical
from shared.message.liquid import problems_of

Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
type ByLanguage = Annotated[dict[Language, Annotated[str, Field(min_length=1)]], Field(min_length=1)]
Url = Annotated[str, Field(pattern=r"^[a-z][a-z0-9+.-]*:[^\s|]+$", max_length=500)]
Version = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+-]{0,63}$")]


class TextContent(Authored):
    """What a channel of plain text carries."""

    text: ByLanguage
    """Liquid by language (BCP 47)."""


class LetterContent(Authored):
    """What a letter carries: address, date and sender are set by whoever prints it."""

    text: ByLanguage
    """Liquid by language; an empty line begins a paragraph."""
    subject: ByLanguage | None = None
    """The line above the salutation."""


class PushContent(Authored):
    """What an app shows, on a locked screen too."""

    title: ByLanguage
    text: ByLanguage


class EmailContent(Authored):
    """What an email carries; every part in the same languages."""

    subject: ByLanguage
    text: ByLanguage
    html: ByLanguage | None = None
    """Liquid with every value escaped."""

    @model_validator(mode="after")
    def _same_languages(self) -> Self:
        parts = [self.subject, self.text] + ([self.html] if self.html else [])
        if any(part.keys() != self.text.keys() for part in parts):
            raise ValueError("subject, text and html must be in the same languages")
        return self


class Channels(Authored):
    """The channels that the template is written for; at least one."""

    sms: TextContent | None = None
    email: EmailContent | None = None
    whatsapp: TextContent | None = None
    letter: LetterContent | None = None
    push: PushContent | None = None

    @model_validator(mode="after")
    def _at_least_one(self) -> Self:
        if not any(True for _ in self.parts()):
            raise ValueError("needs at least one channel")
        return self

    def parts(self) -> Iterator[tuple[str, str, ByLanguage]]:
        """Walk (channel, part, Liquid by language)."""
        for channel in type(self).model_fields:
            content = getattr(self, channel)
            for part in type(content).model_fields if content is not None else ():
                if (by_language := getattr(content, part)) is not None:
                    yield channel, part, by_language


class TemplateDefinition(Authored):
    """One version of a template; immutable once published."""

    url: Url
    version: Version
    title: str = Field(min_length=1)
    description: str = ""
    purpose: Literal["care", "operations", "marketing", "research"] = "care"
    default_language: Language = "en"
    """For patients whose languages it is not written in; every channel must have it."""
    expires: Literal["never", "focus.start"] = "never"
    """After this instant the message is too late and is not sent."""
    even_if: tuple[str, ...] = ()
    """Statuses of the focus (cancelled, noshow) in spite of which it is sent."""
    channels: Channels

    @property
    def canonical(self) -> str:
        """Return "url|version"."""
        return canonical(self.url, self.version)


def parse_template(document: object, where: str) -> TemplateDefinition:
    """Check a parsed YAML or JSON document. Raises Invalid with every Problem; `where` names the file."""
    definition = parse_document(TemplateDefinition, document, where)
    problems = tuple(_problems(definition, where))
    if problems:
        raise Invalid(problems)
    return definition


def template_schema() -> dict[str, Any]:
    """Return the JSON Schema that editors complete and check templates with."""
    schema = TemplateDefinition.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _problems(definition: TemplateDefinition, where: str) -> Iterator[Problem]:
    for channel, part, by_language in definition.channels.parts():
        path = f"{where}: channels.{channel}.{part}"
        if definition.default_language not in by_language:
            yield Problem(path, "lacks the default language", definition.default_language)
        for language, source in by_language.items():
            for what, expected in problems_of(source, html=part == "html"):
                yield Problem(f"{path}.{language}", what, expected)
