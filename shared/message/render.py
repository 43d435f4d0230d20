"""From a checked template to one that renders; and which of its languages a patient gets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct

from shared.effects import Attachment
from shared.errors import AuthorFault
from shared.fhir.instants import Instant
from shared.message.content.calendar import appointment_file
from shared.message.content.channels import MARKUP, Approved
from shared.message.content.limits import too_long
from shared.message.content.mjml import html_of
from shared.message.content.plain import text_of
from shared.message.content.whatsapp import NOT_APPROVED, window_open
from shared.message.fields import objects
from shared.message.liquid import parse, render
from shared.message.sandbox import LINK, LOCALE
from shared.message.scene import Scene
from shared.message.segments_sms import sms_size
from shared.message.template import TemplateDefinition
from shared.patient.record import PatientRecord

if TYPE_CHECKING:
    from liquid import BoundTemplate

type Parts = Mapping[str, BoundTemplate]


class CompiledApproved(Struct, frozen=True):
    """What WhatsApp has approved."""

    name: str
    language: Mapping[str, str]
    parameters: tuple[BoundTemplate, ...]


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
    parts: Mapping[str, Mapping[str, Parts]]
    """By channel, language and part (text, subject, html, title, bundle)."""
    topic: str = ""
    expires_after: str | None = None
    urgent: bool = False
    attach: tuple[str, ...] = ()
    approved: CompiledApproved | None = None

    def bundles(self, channel: str, language: str) -> bool:
        """Say whether it has words for several patients at one contact point."""
        return "bundle" in self.parts.get(channel, {}).get(language, {})


class Rendered(Struct, frozen=True):
    """A message's words."""

    text: str
    subject: str = ""
    """Of an email or a letter; the title of a push notification."""
    html: str = ""
    attachments: tuple[Attachment, ...] = ()
    approved: str = ""
    """Name of the approved WhatsApp template to send in place of `text`, which says the same."""
    approved_language: str = ""
    """WhatsApp's code of its language: en_US."""
    parameters: tuple[str, ...] = ()
    headers: Mapping[str, str] = {}
    """Of an email."""
    segments: int = 1
    """How many parts an SMS is sent in."""


def compile_template(definition: TemplateDefinition) -> CompiledTemplate:
    """Parse every source of a template. Raises AuthorFault for one that parse_template never saw."""
    parts: dict[str, dict[str, dict[str, BoundTemplate]]] = {}
    for channel, part, by_language in definition.channels.parts():
        for language, source in by_language.items():
            slot = parts.setdefault(channel, {}).setdefault(language, {})
            markup = html_of(source, language) if part == "mjml" else source
            slot["html" if part == "mjml" else part] = parse(markup, html=part in MARKUP)
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
        topic=definition.topic,
        expires_after=definition.expires_after,
        urgent=definition.urgent,
        attach=definition.channels.email.attach if definition.channels.email else (),
        approved=_approved(definition.channels.approved),
    )


def _approved(approved: Approved | None) -> CompiledApproved | None:
    if approved is None:
        return None
    parameters = tuple(parse(source, html=False) for source in approved.parameters)
    return CompiledApproved(approved.name, MappingProxyType(dict(approved.language)), parameters)


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


def why_not_renderable(template: CompiledTemplate, channel: str, record: PatientRecord, now: Instant) -> str:
    """Return why a template cannot be sent by a channel to this patient now, or ""."""
    if channel != "whatsapp" or template.approved is not None or window_open(record, now):
        return ""
    return NOT_APPROVED


def render_message(template: CompiledTemplate, channel: str, scene: Scene) -> Rendered:
    """Write a message in `scene.language`. Raises AuthorFault, also for what no provider would take."""
    sources = template.parts.get(channel, {}).get(scene.language)
    if sources is None:
        raise AuthorFault(f"{template.canonical} is not written for {channel} in {scene.language}")
    try:
        _check_commercial(template, channel, scene)
        return _within_limits(channel, _rendered(template, channel, sources, scene))
    except AuthorFault as fault:
        raise AuthorFault(f"{template.canonical} ({channel}, {scene.language}): {fault.reason}") from None


def _rendered(template: CompiledTemplate, channel: str, sources: Parts, scene: Scene) -> Rendered:
    seen = {**objects(scene), LINK: lambda target: scene.link("click", target), LOCALE: scene.locale}
    said = {part: render(source, seen) for part, source in _meant(sources, scene)}
    html = said.get("html", "")
    text = said.get("bundle") or said.get("text") or text_of(html)
    approved = _in_place(template, channel, scene)
    return Rendered(
        text=text,
        subject=" ".join((said.get("subject") or said.get("title") or "").split()),
        html=html,
        attachments=tuple(_attachments(template, channel, scene)),
        approved=approved.name if approved else "",
        approved_language=approved.language[scene.language] if approved else "",
        parameters=tuple(render(source, seen) for source in approved.parameters) if approved else (),
        headers=dict(_headers(scene)) if channel == "email" else {},
        segments=sms_size(text).segments if channel == "sms" else 1,
    )


def _meant(sources: Parts, scene: Scene) -> Iterator[tuple[str, BoundTemplate]]:
    """Walk the parts that are needed: the words for one patient, or those for several. Raises AuthorFault."""
    if scene.bundle and "bundle" not in sources:
        raise AuthorFault("has no words for several patients")
    unused = "text" if scene.bundle and "bundle" in sources else "bundle"
    return ((part, source) for part, source in sources.items() if part != unused)


def _in_place(template: CompiledTemplate, channel: str, scene: Scene) -> CompiledApproved | None:
    """Return what WhatsApp lets us send in place of the free text. Raises AuthorFault for nothing at all."""
    if channel != "whatsapp" or (scene.now is not None and window_open(scene.record, scene.now)):
        return None
    if template.approved is None and scene.now is not None:
        raise AuthorFault(NOT_APPROVED)
    return template.approved


def _attachments(template: CompiledTemplate, channel: str, scene: Scene) -> Iterator[Attachment]:
    if channel == "email" and "calendar" in template.attach and (made := appointment_file(scene)):
        yield made


def _headers(scene: Scene) -> Iterator[tuple[str, str]]:
    """Walk what lets mail programs offer to unsubscribe, by one click where it is https (RFC 2369, 8058)."""
    url = scene.link("unsubscribe")
    if url:
        yield "List-Unsubscribe", f"<{url}>"
    if url.startswith("https:"):
        yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"


def _check_commercial(template: CompiledTemplate, channel: str, scene: Scene) -> None:
    """Refuse marketing email that could not be lawful (CAN-SPAM, 15 U.S.C. 7704(a)). Raises AuthorFault."""
    if template.purpose != "marketing" or channel != "email" or scene.now is None:
        return
    if not (scene.link("unsubscribe") and scene.policy.address):
        raise AuthorFault(
            "marketing by email needs a page to unsubscribe and a postal address in the settings"
        )


def _within_limits(channel: str, rendered: Rendered) -> Rendered:
    for found in too_long(channel, rendered.text, rendered.subject):
        raise AuthorFault(f"{found.part} {found.what}, {found.expected} can be sent")
    return rendered
