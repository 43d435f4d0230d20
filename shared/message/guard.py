"""The guard: right before each send, look again at all that matters; claim the message or say why not."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from shared.effects import IndexLink, SendMessage
from shared.errors import AuthorFault
from shared.events import BundleAsked, SendDue
from shared.fhir.instants import Instant
from shared.message import trail
from shared.message.answering import is_answer
from shared.message.handled import Handled, ended, faulty, said
from shared.message.hindrance import hindered, why_not
from shared.message.index import Templates
from shared.message.links import Linker
from shared.message.locales import choose_name
from shared.message.policy import Policy
from shared.message.recipient import languages, recipient
from shared.message.render import CompiledTemplate, Rendered, choose_language, render_message
from shared.message.scene import Scene
from shared.message.switches import ON, Switches, why_stopped, why_waiting
from shared.patient.messages import keep_message
from shared.patient.record import PatientRecord, TimelineLine
from shared.patient.state import Message


class Claimed(Struct, frozen=True):
    """The record after the guard; `effect` is what to hand to the channel, None where nothing is."""

    record: PatientRecord
    effect: SendMessage | None = None
    timeline: tuple[TimelineLine, ...] = ()
    message: Message | None = None
    """The message whose row must be written: claimed, not-done or put off; None where nothing changed."""
    links: tuple[IndexLink, ...] = ()
    """What the links in it lead to."""


def claim(
    record: PatientRecord,
    due: SendDue,
    templates: Templates,
    policy: Policy,
    now: Instant,
    switches: Switches = ON,
) -> Claimed:
    """Claim a message that is in preparation and due, or end it with the reason.

    What something switched off holds back waits, and what comes at an hour or in a number that nobody should
    be troubled with. A message that is not there, not due yet or claimed already changes nothing.
    """
    message = record.messages.get(due.message_id)
    if message is None or message.status != "preparation" or message.due > now:
        return Claimed(record)
    template = templates.get(message.template)
    if template is None:
        return _unsent(faulty(record, message, f"there is no template {message.template}", now))
    found = hindered(record, message, template, policy, now, switches)
    if isinstance(found, Handled):
        return _unsent(found)
    message = _in_their_language(record, message, template)
    linker = Linker(record.key, message, policy, now)
    scene = Scene(
        record,
        record.facts.get(message.focus),
        message.journey,
        message.language,
        policy,
        recipient=recipient(record, message.party),
        values=message.values,
        bundle=_bundle(record, due),
        linker=linker,
        now=now,
    )
    try:
        rendered = render_message(template, message.channel, scene)
    except AuthorFault as fault:
        return _unsent(faulty(record, message, fault.reason, now))
    noted = (said(message, now, found[0].upper() + found[1:]),) if found else ()
    return replace(_claimed(record, message, rendered, due, linker.made, now), timeline=noted)


def carry(
    record: PatientRecord,
    asked: BundleAsked,
    templates: Templates,
    policy: Policy,
    now: Instant,
    switches: Switches = ON,
) -> Claimed:
    """Claim a message that another to the same contact point is to carry: what holds it back, holds here too.

    The hour is the carrier's to look at.
    """
    message = record.messages.get(asked.message_id)
    if message is None or message.status != "preparation":
        return Claimed(record)
    template = templates.get(message.template)
    if template is None or why_waiting(record, message, switches):
        return Claimed(record)
    if reason := why_not(record, message, template, policy, now) or why_stopped(message, switches):
        return _unsent(ended(record, message, reason, now))
    taken = _taken(record, message, asked, now)
    return _kept(record, replace(taken, carried_by=asked.carrier))


def _in_their_language(record: PatientRecord, message: Message, template: CompiledTemplate) -> Message:
    """Choose the language anew: what is known of it may have changed while the message waited."""
    if is_answer(message):
        return message
    spoken = languages(record, recipient(record, message.party))
    return replace(message, language=choose_language(template, message.channel, spoken) or message.language)


def _bundle(record: PatientRecord, due: SendDue) -> tuple[str, ...]:
    """Return the given names of all whose messages go in one; none where it goes alone."""
    if not due.carries:
        return ()
    return (given_name(record), *(carried.given for carried in due.carries))


def given_name(record: PatientRecord) -> str:
    """Return what to call the patient among family, or ""."""
    name = choose_name(record.person.names) if record.person is not None else None
    return next(iter(name.given), name.text) if name is not None else ""


def _claimed(
    record: PatientRecord,
    message: Message,
    rendered: Rendered,
    due: SendDue,
    links: tuple[IndexLink, ...],
    now: Instant,
) -> Claimed:
    claimed = replace(
        _taken(record, message, due, now),
        text=rendered.text,
        subject=rendered.subject,
        carries=tuple(carried.message for carried in due.carries),
    )
    effect = SendMessage(
        message_id=claimed.message_id,
        channel=claimed.channel,
        to=claimed.to,
        text=rendered.text,
        subject=rendered.subject,
        html=rendered.html,
        language=rendered.approved_language or claimed.language,
        first_sent=claimed.first_sent or now,
        attachments=rendered.attachments,
        headers=dict(rendered.headers),
        approved=rendered.approved,
        parameters=rendered.parameters,
        purpose=claimed.purpose,
    )
    return replace(_kept(record, claimed), effect=effect, links=links)


def _taken(record: PatientRecord, message: Message, by: SendDue | BundleAsked, now: Instant) -> Message:
    looked_at = tuple(_looked_at(record, message))
    return replace(
        message,
        status="in-progress",
        claimed_by=by.trigger,
        claimed_at=now,
        first_sent=message.first_sent or now,
        attempts=message.attempts + 1,
        status_reason="",
        code="",
        looked_at=looked_at,
        calls=trail.claimed(record, message, by.trigger, looked_at, now),
        trace=by.trace or message.trace,
    )


def _looked_at(record: PatientRecord, message: Message) -> Iterator[str]:
    """Name what was read right before, with its version: Patient/1|3."""
    if record.person is not None:
        yield f"{record.person.reference}|{record.person.version}"
    for reference in (message.focus, message.party):
        fact = record.facts.get(reference) if reference else None
        if fact is not None:
            yield f"{reference}|{fact.version}"


def _kept(record: PatientRecord, claimed: Message) -> Claimed:
    return Claimed(keep_message(record, claimed), message=claimed)


def _unsent(result: Handled) -> Claimed:
    return Claimed(result.record, None, result.timeline, result.messages[0])
