"""Rendering a template in every channel and language: for one patient, or for people who do not exist.

Asked by `hearthline template preview` and the admin API: both show what would be sent.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from shared.errors import AuthorFault, Rejected
from shared.fhir.fact import Fact
from shared.fhir.instants import DAY, HOUR, Instant
from shared.message.lint.finding import sources
from shared.message.lint.samples import Sample, SampleLinks, samples
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


NOBODY = ("known", "little-known", "mother", "family")
"""People who do not exist, in the order of `samples`: one of whom all is known, one of whom little is; one
whose mother reads it; three at one phone, for words for several."""


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


def render_for_nobody(
    definition: TemplateDefinition, policy: Policy, person: str, wanted: Wanted
) -> tuple[Previewed, ...]:
    """Render a template for one of NOBODY; in every language unless one is wanted.

    Raises Rejected where nothing of what is wanted is written.
    """
    template = compile_template(definition)
    sample = people(policy)[person]
    made = tuple(
        _rendered(template, channel, language, replace(sample.scene, language=language))
        for channel in template.parts
        if channel in (wanted.channels or template.parts)
        for language in template.parts[channel]
        if wanted.language in ("", "all", language)
        and (not sample.bundle or template.bundles(channel, language))
    )
    if not made:
        raise Rejected("the template is not written for that channel or language", "nothing-written")
    return made


def people(policy: Policy) -> Mapping[str, Sample]:
    """Return the people who do not exist, by name."""
    return dict(zip(NOBODY, samples(policy), strict=True))


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
