"""What a template says by channel: the part of the authoring model that differs from channel to channel.

Read by shared.message.template; compiled by shared.message.render.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from shared.authoring import Authored

Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
type ByLanguage = Annotated[dict[Language, Annotated[str, Field(min_length=1)]], Field(min_length=1)]
type Attached = Literal["calendar"]

PARTS = ("subject", "title", "text", "html", "mjml", "bundle")
"""Parts of a channel that are Liquid by language."""
MARKUP = frozenset({"html", "mjml"})
"""Parts in which every value is escaped."""


class TextContent(Authored):
    """What an SMS carries."""

    text: ByLanguage
    """Liquid by language (BCP 47)."""
    bundle: ByLanguage | None = None
    """In place of `text` where one message goes to the shared contact point of several patients."""

    @model_validator(mode="after")
    def _bundle_in_the_same_languages(self) -> Self:
        if self.bundle is not None and self.bundle.keys() != self.text.keys():
            raise ValueError("text and bundle must be in the same languages")
        return self


class Approved(Authored):
    """A template that WhatsApp has approved beforehand: the only thing that may be sent unasked."""

    name: str = Field(pattern=r"^[a-z0-9_]{1,512}$")
    language: dict[Language, Annotated[str, Field(pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$")]]
    """WhatsApp's own code of each language of `text`: {en: en_US}."""
    parameters: tuple[str, ...] = Field(default=(), max_length=50)
    """Liquid for the places {{1}}, {{2}}… of its body, in order."""


class WhatsAppContent(TextContent):
    """What WhatsApp carries: free text within a day of the patient's last message, else what is approved."""

    approved: Approved | None = None

    @model_validator(mode="after")
    def _approved_in_the_same_languages(self) -> Self:
        if self.approved is None:
            return self
        if self.approved.language.keys() != self.text.keys():
            raise ValueError("approved.language must name the languages of text")
        if self.bundle is not None:
            raise ValueError("has bundle and approved; what is approved speaks of one patient")
        return self


class LetterContent(Authored):
    """What a letter carries: address, date and sender are set by whoever prints it."""

    text: ByLanguage
    """Liquid by language; an empty line begins a paragraph."""
    subject: ByLanguage | None = None
    """The line above the salutation."""

    @model_validator(mode="after")
    def _same_languages(self) -> Self:
        if self.subject is not None and self.subject.keys() != self.text.keys():
            raise ValueError("subject and text must be in the same languages")
        return self


class PushContent(Authored):
    """What an app shows, on a locked screen too."""

    title: ByLanguage
    text: ByLanguage

    @model_validator(mode="after")
    def _same_languages(self) -> Self:
        if self.title.keys() != self.text.keys():
            raise ValueError("title and text must be in the same languages")
        return self


class EmailContent(Authored):
    """What an email carries; every part in the same languages."""

    subject: ByLanguage
    text: ByLanguage | None = None
    """Plain text. Where it is left out it is made from the HTML."""
    html: ByLanguage | None = None
    """Liquid with every value escaped."""
    mjml: ByLanguage | None = None
    """In place of html: MJML (https://mjml.io), with Liquid in it."""
    attach: tuple[Attached, ...] = ()
    """calendar: an .ics file of the appointment."""

    @model_validator(mode="after")
    def _same_languages(self) -> Self:
        if self.html is not None and self.mjml is not None:
            raise ValueError("has html and mjml; one of them is enough")
        if not (self.text or self.html or self.mjml):
            raise ValueError("needs text, html or mjml")
        parts = [part for part in (self.text, self.html, self.mjml) if part is not None]
        if any(part.keys() != self.subject.keys() for part in parts):
            raise ValueError("subject, text and html must be in the same languages")
        return self


class Channels(Authored):
    """The channels that the template is written for; at least one."""

    sms: TextContent | None = None
    email: EmailContent | None = None
    whatsapp: WhatsAppContent | None = None
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
            for part in PARTS if content is not None else ():
                if (by_language := getattr(content, part, None)) is not None:
                    yield channel, part, by_language

    @property
    def approved(self) -> Approved | None:
        """Return what WhatsApp has approved."""
        return self.whatsapp.approved if self.whatsapp is not None else None
