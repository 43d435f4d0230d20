"""TemplateDefinition: the words of a message by channel and language, checked whole before it is used.

First in the flow of templates: parse_template → compile_template → Templates → plan → guard.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from shared.authoring import Authored, parse_document
from shared.errors import AuthorFault, Invalid, Problem
from shared.fhir.calendar import parse_duration
from shared.fhir.canonical import canonical
from shared.message.content.channels import MARKUP, Approved, Channels, Language
from shared.message.content.mjml import html_of
from shared.message.liquid import problems_of

__all__ = ["Channels", "TemplateDefinition", "parse_template", "template_schema"]

Url = Annotated[str, Field(pattern=r"^[a-z][a-z0-9+.-]*:[^\s|]+$", max_length=500)]
Version = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+-]{0,63}$")]


def _length(text: str) -> str:
    if parse_duration(text).sign <= 0:
        raise ValueError("must be longer than nothing")
    return text


class TemplateDefinition(Authored):
    """One version of a template; immutable once published."""

    url: Url
    version: Version
    title: str = Field(min_length=1)
    description: str = ""
    purpose: Literal["care", "operations", "marketing", "research"] = "care"
    topic: str = Field(default="", pattern=r"^([a-z][a-z0-9]*(-[a-z0-9]+)*)?$", max_length=64)
    """What people may say that they want to hear of, or not: appointments, screening, vaccination."""
    default_language: Language = "en"
    """For patients whose languages it is not written in; every channel must have it."""
    expires: Literal["never", "focus.start"] = "never"
    """After this instant the message is too late and is not sent."""
    even_if: tuple[str, ...] = ()
    """Statuses of the focus (cancelled, noshow) in spite of which it is sent."""
    expires_after: Annotated[str, AfterValidator(_length)] | None = None
    """How long after it was due it still makes sense, PT4H or P2D; else the organisation's own patience."""
    urgent: bool = False
    """Goes in quiet hours, too. Only for care and operations."""
    discloses: Literal["clinical"] | None = None
    """It says something clinical where others may read it: only for care, about a topic agreed to."""
    channels: Channels

    @model_validator(mode="after")
    def _only_care_discloses(self) -> Self:
        if self.discloses and (self.purpose != "care" or not self.topic):
            raise ValueError("discloses is only for templates of purpose care that name a topic")
        if self.urgent and self.purpose in ("marketing", "research"):
            raise ValueError("urgent is only for templates of purpose care or operations")
        return self

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
            for what, expected in _wrong(part, source, language):
                yield Problem(f"{path}.{language}", what, expected)
    if definition.channels.approved is not None:
        yield from _unapproved(definition.channels.approved, f"{where}: channels.whatsapp.approved")


def _wrong(part: str, source: str, language: str) -> Iterator[tuple[str, str]]:
    """Walk what is wrong with a part, as (what, expected)."""
    if part == "mjml":
        try:
            source = html_of(source, language)
        except AuthorFault as fault:
            yield fault.reason, "MJML: https://documentation.mjml.io"
            return
    yield from problems_of(source, html=part in MARKUP)


def _unapproved(approved: Approved, path: str) -> Iterator[Problem]:
    for number, source in enumerate(approved.parameters):
        for what, expected in problems_of(source, html=False):
            yield Problem(f"{path}.parameters[{number}]", what, expected)
