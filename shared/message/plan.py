"""From a journey's intent to a message in preparation, or to one not-done with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from shared.effects import IndexContact, IndexMessage, OutboxEffect
from shared.fhir.instants import Instant
from shared.message.consent import why_forbidden
from shared.message.contact import NOBODY_TO_REACH, addresses
from shared.message.handled import Handled, ended, faulty, kept
from shared.message.index import Templates
from shared.message.policy import Policy
from shared.message.recipient import NOBODY, Recipient, languages, recipients
from shared.message.render import CompiledTemplate, choose_language
from shared.message.timing.expiry import expires_at
from shared.patient.lost import why_lost
from shared.patient.messages import by
from shared.patient.record import PatientRecord, TimelineLine, identify
from shared.patient.state import Message


class Intent(Protocol):
    """What a journey wants said; its SendIntent has this shape."""

    @property
    def enrolment_id(self) -> str: ...  # noqa: D102
    @property
    def sequence(self) -> int: ...  # noqa: D102
    @property
    def step(self) -> str: ...  # noqa: D102
    @property
    def journey(self) -> str: ...  # noqa: D102
    @property
    def template(self) -> str: ...  # noqa: D102
    @property
    def channels(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def focus(self) -> str: ...  # noqa: D102
    @property
    def instead_of(self) -> str: ...  # noqa: D102
    @property
    def to(self) -> str: ...  # noqa: D102
    @property
    def values(self) -> dict[str, str]: ...  # noqa: D102
    @property
    def answers(self) -> str: ...  # noqa: D102


class Planned(Struct, frozen=True):
    """The record with the message in it, its row, why, and the index rows that replies and reports need."""

    record: PatientRecord
    messages: tuple[Message, ...] = ()
    timeline: tuple[TimelineLine, ...] = ()
    effects: tuple[OutboxEffect, ...] = ()


class _Way(Struct, frozen=True):
    """Somebody, by a channel that would do."""

    channel: str
    address: str
    language: str
    to: Recipient


def plan(
    record: PatientRecord, intent: Intent, templates: Templates, policy: Policy, now: Instant
) -> Planned:
    """Choose the first channel by which somebody whom the message is for can and may be reached.

    An intent whose message exists already creates nothing, except for the one that it is `instead_of`. A
    changed number does not make a second message: only one that was tried in vain does.
    """
    if any(
        (m.enrolment_id, m.sequence) == (intent.enrolment_id, intent.sequence)
        and not (intent.instead_of and (m.message_id == intent.instead_of or m.delivery == "failed"))
        for m in record.messages.values()
    ):
        return Planned(record)
    template = templates.get(intent.template)
    if template is None:
        draft = _draft(record, intent, intent.template, now)
        return _planned(faulty(record, draft, f"there is no template {intent.template}", now))
    return _route(record, intent, template, policy, now)


def _route(
    record: PatientRecord, intent: Intent, template: CompiledTemplate, policy: Policy, now: Instant
) -> Planned:
    draft = _draft(record, intent, template.canonical, now)
    draft = replace(
        draft,
        purpose=template.purpose,
        topic=template.topic,
        expires=expires_at(now, template.expires_after, policy),
    )
    if reason := why_lost(record.person) or _nobody(record):
        return _planned(ended(record, draft, reason, now))
    people = recipients(record, intent.to, policy, now)
    refusals = ["the message before did not arrive"] if intent.instead_of else []
    for channel in intent.channels:
        for person in people:
            way = _way(record, channel, person, template, policy, now)
            if isinstance(way, _Way):
                return _prepared(record, draft, intent.instead_of, way, template, refusals, now)
            refusals.append(way)
    refusals = refusals if people else [*refusals, NOBODY]
    return _planned(ended(record, draft, "; ".join(dict.fromkeys(refusals)), now))


def _nobody(record: PatientRecord) -> str:
    return "" if record.person else "the patient's own record is not known yet"


def _way(
    record: PatientRecord,
    channel: str,
    person: Recipient,
    template: CompiledTemplate,
    policy: Policy,
    now: Instant,
) -> _Way | str:
    """Return how somebody would be reached by a channel, or why not."""
    language = choose_language(template, channel, languages(record, person))
    if not language:
        return f"the template has no text for {by(channel)}"
    unusable = {(point.channel, point.address) for point in record.unusable}
    found = addresses(person, channel, now, policy.region, unusable)
    purpose, topic = template.purpose, template.topic
    reason = why_forbidden(
        record, channel, now, purpose=purpose, topic=topic, party=person.party, policy=policy
    )
    for address in found if not reason else ():
        reason = why_forbidden(
            record,
            channel,
            now,
            purpose=purpose,
            topic=topic,
            address=address,
            party=person.party,
            policy=policy,
        )
        if not reason:
            return _Way(channel, address, language, person)
    return reason or NOBODY_TO_REACH.get(channel, f"no address for {by(channel)} is known")


def _draft(record: PatientRecord, intent: Intent, template: str, now: Instant) -> Message:
    channel = intent.channels[0]
    again = (intent.instead_of,) if intent.instead_of else ()
    return Message(
        message_id=_message_id(record, intent.enrolment_id, intent.sequence, "", channel, *again),
        enrolment_id=intent.enrolment_id,
        sequence=intent.sequence,
        step=intent.step,
        journey=intent.journey,
        template=template,
        channel=channel,
        to="",
        language="",
        status="preparation",
        created=now,
        due=now,
        focus=intent.focus,
        values=intent.values,
        answers=intent.answers,
    )


def _prepared(
    record: PatientRecord,
    draft: Message,
    instead_of: str,
    way: _Way,
    template: CompiledTemplate,
    refusals: list[str],
    now: Instant,
) -> Planned:
    again = (instead_of,) if instead_of else ()
    message = replace(
        draft,
        message_id=_message_id(record, draft.enrolment_id, draft.sequence, way.to.party, way.channel, *again),
        channel=way.channel,
        to=way.address,
        language=way.language,
        party=way.to.party,
    )
    why = f" ({'; '.join(dict.fromkeys(refusals))})" if refusals else ""
    whom = f" to {way.to.party}" if way.to.party else ""
    text = f"To be sent by {by(way.channel)}{whom}: {template.title}, in {way.language}{why}"
    result = kept(record, message, now, text)
    return replace(_planned(result), effects=tuple(index_rows(message)))


def index_rows(message: Message) -> Iterator[OutboxEffect]:
    """Name what reports and replies will need: a report on an SMS brings back whose it is, in its tag."""
    if message.channel != "sms":
        yield IndexMessage(message.message_id)
    if message.channel in ("sms", "whatsapp"):  # replies come by these
        yield IndexContact(message.channel, message.to)


def _message_id(
    record: PatientRecord, enrolment_id: str, sequence: int, party: str, channel: str, *again: str
) -> str:
    whom = party or f"Patient/{record.patient_id}"
    return identify(record.key, enrolment_id, sequence, whom, channel, *again)


def _planned(result: Handled) -> Planned:
    return Planned(result.record, result.messages, result.timeline)
