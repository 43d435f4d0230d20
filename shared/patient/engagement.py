"""What became of our messages, kept as facts beside the clinical ones: segments ask for both alike.

Called by shared.decide after each event that says something of a message; the facts are never deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shared.fhir.canonical import split_canonical
from shared.fhir.fact import Fact
from shared.fhir.instants import Instant
from shared.patient.record import PatientRecord
from shared.patient.state import Message

ENGAGEMENT = "Engagement"
"""The resource type of these facts; no FHIR server knows it."""
SYSTEM = "engagement"
"""The code system of what happened: "engagement|opened"."""
TO = "to"
"""Attribute of what was sent: the contact point."""
TOLD_START = "told-start"
"""Attribute of what was sent: when the resource that it is about was to begin, as an Instant."""
UNSURE = "?"
"""The start that was told is not known."""
UNCOUNTED = "uncounted"
"""Attribute: it leaves caps alone."""
_OF_SENDING = frozenset({"channel", TO, TOLD_START, UNCOUNTED})
_HAPPENED = ("sent", "delivered", "opened", "clicked", "failed")


def engagements(record: PatientRecord, messages: Iterable[Message]) -> Iterator[Fact]:
    """Yield what these messages say that the record does not know yet."""
    held = record.facts.of(ENGAGEMENT)
    for message in messages:
        for fact in _said(message, record.facts.get(message.focus) if message.focus else None):
            if fact.resource_id not in held:
                yield fact


def intent_of(enrolment_id: str, sequence: int) -> str:
    """Name what an enrolment wanted said at one of its steps: however many messages it took."""
    return f"{enrolment_id}#{sequence}"


def uncounted(message: Message) -> bool:
    """Say whether a message leaves a person's caps alone: they asked for it, or it goes within another."""
    return bool(message.answers or message.carried_by)


def answer(record: PatientRecord, inbound_id: str, channel: str, at: Instant) -> Fact:
    """Return that the patient replied on a channel: to the journey that wrote there last, if any did."""
    sent = (f for f in record.facts.coded(ENGAGEMENT, f"{SYSTEM}|sent") if channel in f.attributes["channel"])
    last = max(sent, key=lambda fact: (fact.start or 0, fact.resource_id), default=None)
    about = {} if last is None else {k: v for k, v in last.attributes.items() if k not in _OF_SENDING}
    return _fact(f"{inbound_id}.answered", "answered", at, {**about, "channel": (channel,)})


def _said(message: Message, focus: Fact | None) -> Iterator[Fact]:
    if message.status not in ("completed", "not-done"):
        return
    about = {
        "channel": (message.channel,),
        "journey": _both(message.journey),
        "template": _both(message.template),
        "message": (message.message_id,),
        "intent": (intent_of(message.enrolment_id, message.sequence),),
        "purpose": (message.purpose,),
    }
    if uncounted(message):
        about[UNCOUNTED] = ("true",)
    if message.status == "not-done":
        yield _fact(f"{message.message_id}.not-sent", "not-sent", message.due, about)
        return
    at = message.delivery_at or message.created
    sent = {**about, TO: (message.to,), **_told_start(message, focus)}
    yield _fact(f"{message.message_id}.sent", "sent", message.first_sent or at, sent)
    if message.delivery in _HAPPENED and message.delivery != "sent":
        yield _fact(f"{message.message_id}.{message.delivery}", message.delivery, at, about)


def _told_start(message: Message, focus: Fact | None) -> dict[str, tuple[str, ...]]:
    """Return when what the message is about was to begin; not what a version after the guard says."""
    if focus is None or focus.start is None:
        return {}
    looked_at = {text.rpartition("|")[0]: text.rpartition("|")[2] for text in message.looked_at}
    told = looked_at.get(focus.reference, focus.version) == focus.version
    return {TOLD_START: (str(focus.start) if told else UNSURE,)}


def _both(name: str) -> tuple[str, ...]:
    """Return a canonical and its bare url: authors may ask for either."""
    return tuple(dict.fromkeys((name, split_canonical(name)[0])))


def _fact(identity: str, what: str, at: Instant, about: dict[str, tuple[str, ...]]) -> Fact:
    return Fact(
        ENGAGEMENT,
        identity,
        "1",
        at,
        codes=(f"{SYSTEM}|{what}",),
        start=at,
        end=at,
        attributes=about,
        title=f"message {what}",
    )


def told_lately(record: PatientRecord, template: str, since: Instant) -> bool:
    """Say whether the patient was sent a template (by its url) since then, or is about to be."""
    sent = record.facts.coded(ENGAGEMENT, f"{SYSTEM}|sent")
    if any(template in f.attributes.get("template", ()) and (f.start or 0) >= since for f in sent):
        return True
    going = (m for m in record.messages.values() if m.created >= since)
    return any(split_canonical(m.template)[0] == template for m in going)
