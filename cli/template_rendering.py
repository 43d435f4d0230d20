"""Rendering a template for one patient in every channel and language, and telling it as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from shared.errors import AuthorFault, Rejected
from shared.fhir.fact import Fact
from shared.fhir.instants import DAY, HOUR, Instant
from shared.message.lint.finding import sources
from shared.message.lint.samples import SampleLinks
from shared.message.lint.words import fields
from shared.message.policy import Policy
from shared.message.recipient import Recipient, recipient
from shared.message.render import (
    CompiledTemplate,
    Rendered,
    choose_language,
    compile_template,
    render_message,
)
from shared.message.scene import Scene
from shared.message.segments_sms import sms_size
from shared.message.template import TemplateDefinition
from shared.patient.record import PatientRecord

_QUESTION = {
    "text": "(the question)",
    "choices": "(1 this, 2 that)",
    "title": "(its title)",
    "survey": "0|ask",
}
"""What a message would be told by the journey that sends it."""
MADE_UP = "made-up"
"""Id of the appointment of a patient who has none."""


class Wanted(Struct, frozen=True):
    """What of it is asked for; empty is the recipient's language, every channel, the patient."""

    language: str = ""
    channels: tuple[str, ...] = ()
    to: str = ""
    focus: str = ""


class Previewed(Struct, frozen=True):
    """One message, or why there is none."""

    channel: str
    language: str
    rendered: Rendered | None = None
    fault: str = ""
    note: str = ""


def render_all(
    definition: TemplateDefinition, record: PatientRecord, policy: Policy, now: Instant, wanted: Wanted
) -> tuple[Previewed, ...]:
    """Render a template for a patient. Raises Rejected where nothing of what is wanted is written."""
    template = compile_template(definition)
    reader = recipient(record, wanted.to)
    if reader is None:
        raise Rejected(f"the record knows no {wanted.to or 'person'}", "no-recipient")
    focus = _focus(record, wanted.focus, now, needed=_asks_for_one(definition))
    made = tuple(
        _rendered(template, channel, language, _scene(record, focus, language, policy, reader, now))
        for channel in template.parts
        if channel in (wanted.channels or template.parts)
        for language in _languages(template, channel, wanted.language, reader)
    )
    if not made:
        raise Rejected("the template is not written for that channel or language", "nothing-written")
    return made


def _scene(
    record: PatientRecord,
    focus: Fact | None,
    language: str,
    policy: Policy,
    reader: Recipient,
    now: Instant,
) -> Scene:
    return Scene(
        record,
        focus,
        "https://preview.example/journey|0",
        language,
        policy,
        reader,
        _QUESTION,
        linker=SampleLinks(policy),
        now=now,
    )


def _languages(template: CompiledTemplate, channel: str, wanted: str, reader: Recipient) -> tuple[str, ...]:
    if wanted == "all":
        return tuple(template.parts[channel])
    if wanted:
        return tuple(tag for tag in template.parts[channel] if tag == wanted)
    return (choose_language(template, channel, reader.languages),)


def _focus(record: PatientRecord, reference: str, now: Instant, *, needed: bool) -> Fact | None:
    """Return what was named, or the next appointment, or the latest, or a made-up one. Raises Rejected."""
    if reference:
        found = record.facts.get(reference)
        if found is None:
            raise Rejected(f"the record knows no {reference}", "no-focus")
        return found
    appointments = [fact for fact in record.facts.of("Appointment").values() if fact.start is not None]
    known = sorted(appointments, key=lambda fact: (fact.start or 0, fact.resource_id))
    coming = [fact for fact in known if (fact.start or 0) >= now]
    found = next(iter((*coming, *reversed(known))), None)
    return _made_up(now) if found is None and needed else found


def _asks_for_one(definition: TemplateDefinition) -> bool:
    asked = (name for source in sources(definition) for name in fields(source.liquid))
    return any(name.startswith("appointment.") for name in asked)


def _made_up(now: Instant) -> Fact:
    start = Instant(now - now % HOUR + 7 * DAY)
    return Fact("Appointment", MADE_UP, status="booked", start=start, end=Instant(start + HOUR))


def _rendered(template: CompiledTemplate, channel: str, language: str, scene: Scene) -> Previewed:
    try:
        made = render_message(template, channel, scene)
    except AuthorFault as fault:
        return Previewed(channel, language, fault=fault.reason)
    made_up = scene.focus is not None and scene.focus.resource_id == MADE_UP
    return Previewed(channel, language, made, note="the appointment is made up" if made_up else "")


def text_lines(made: Iterable[Previewed]) -> Iterator[str]:
    """Write previews as text."""
    for each in made:
        yield f"== {each.channel}, {each.language}{_measure(each)}"
        if each.note:
            yield f"[{each.note}]"
        if each.rendered is None:
            yield f"cannot be sent: {each.fault}"
        else:
            yield from _words(each.rendered)
        yield ""


def _measure(each: Previewed) -> str:
    if each.rendered is None:
        return ""
    if each.channel != "sms":
        return f": {len(each.rendered.text):,} characters"
    size = sms_size(each.rendered.text)
    why = f" because of {size.first_culprit!r}" if size.first_culprit else ""
    parts = "1 part" if size.segments == 1 else f"{size.segments} parts"
    return f": {parts}, {size.units} units of {size.encoding}{why}"


def _words(rendered: Rendered) -> Iterator[str]:
    if rendered.approved:
        given = "".join(f", {{{{{n}}}}} {each}" for n, each in enumerate(rendered.parameters, 1))
        yield f"[approved: {rendered.approved} ({rendered.approved_language}){given}]"
    if rendered.subject:
        yield f"[subject: {rendered.subject}]"
    yield rendered.text
    yield from (f"[header {name}: {value}]" for name, value in rendered.headers.items())
    for attachment in rendered.attachments:
        yield f"[attached: {attachment.name}, {attachment.media_type}, {len(attachment.content):,} bytes]"
    if rendered.html:
        yield f"[HTML: {len(rendered.html):,} characters; --html shows it]"
