"""Receive: what a reply changes about being written to, and what is answered to it.

STOP ends the channel at once, however it is worded; START resumes it; HELP tells who we are; YES confirms
what was asked to be confirmed. What else there is to a reply is for journeys and staff.
"""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from shared.events import InboundReceived
from shared.fhir.choice import ANY, Choice
from shared.fhir.instants import DAY, Instant
from shared.message.consents.choosing import settled
from shared.message.consents.confirming import confirmed, pending_at
from shared.message.consents.merging import denied, permitted
from shared.message.contact import addresses, normalise
from shared.message.handled import Handled, ReplyIntent
from shared.message.policy import DEFAULT, Policy
from shared.message.recipient import recipient
from shared.message.understanding.language import Meaning
from shared.message.understanding.understand import Understood, understand
from shared.patient.engagement import told_lately
from shared.patient.messages import by
from shared.patient.permission.ask import STRANGER
from shared.patient.record import PatientRecord, TimelineLine

type _Kind = Literal["inbound", "fault"]

HEARD_BY_ALL: frozenset[Meaning] = frozenset({"stop", "start", "help", "who", "wrong-person"})
"""What concerns whoever is written to at a contact point: no question asks for it."""


def receive(
    record: PatientRecord, inbound: InboundReceived, now: Instant, policy: Policy = DEFAULT
) -> Handled:
    """Take in a reply. A repeated STOP or START says nothing; one heard late counts from when it was said."""
    heard = understand(inbound.text, _languages(record))
    match heard.meaning:
        case "stop":
            return _stop(record, inbound, heard, now, policy)
        case "start":
            return _start(record, inbound, heard, now, policy)
        case "help" | "who":
            return _help(record, inbound, heard, now, policy)
        case "wrong-person":
            return _wrong_person(record, inbound, heard, now, policy)
        case "yes" | "confirm" | "no" if asked := _pending(record, inbound, policy):
            return _confirm(record, asked, inbound, heard, now, policy)
    return Handled(record, (_line(inbound, now, f"Replied by {by(inbound.channel)}: {inbound.text}"),))


def settles(record: PatientRecord, inbound: InboundReceived, policy: Policy = DEFAULT) -> bool:
    """Say whether `receive` deals with all that a reply says: then it is no answer, and nothing for staff."""
    heard = understand(inbound.text, _languages(record))
    if heard.meaning in ("yes", "confirm", "no"):
        return bool(_pending(record, inbound, policy))
    whole = not heard.more and heard.channel in ("", inbound.channel)
    return heard.meaning in HEARD_BY_ALL and heard.meaning != "wrong-person" and whole


def speaker(record: PatientRecord, channel: str, address: str, now: Instant, region: str) -> str:
    """Return whose a contact point is: "" where the patient's own, or nobody's that is known.

    Of one that patient and relative share it is the patient's.
    """
    patient = recipient(record, "")
    if patient is not None and address in addresses(patient, channel, now, region):
        return ""
    for fact in sorted(record.facts.of("RelatedPerson").values(), key=lambda each: each.resource_id):
        person = recipient(record, fact.reference)
        if person is not None and address in addresses(person, channel, now, region):
            return fact.reference
    written = (m.party for m in record.messages.values() if (m.channel, m.to) == (channel, address))
    return next(written, "")


def _stop(
    record: PatientRecord, inbound: InboundReceived, heard: Understood, now: Instant, policy: Policy
) -> Handled:
    no = _said(record, inbound, now, policy)
    elsewhere = heard.channel not in ("", inbound.channel)
    if elsewhere:
        no = replace(no, channel=heard.channel, address="")
    elif heard.everywhere:
        no = replace(no, channel=ANY)
    result = settled(record, denied(record, no), now, policy)
    fresh = any(line.kind == "inbound" for line in result.timeline)
    if heard.more:
        text = f"Replied by {by(inbound.channel)}, beside STOP, for staff to read: {inbound.text.strip()}"
        result = replace(result, timeline=(*result.timeline, _line(inbound, now, text, "fault")))
    if elsewhere or not fresh:  # "nothing more comes here" would be wrong
        return result
    return _answered(result, record, inbound, "stop", heard, policy)


def _start(
    record: PatientRecord, inbound: InboundReceived, heard: Understood, now: Instant, policy: Policy
) -> Handled:
    result = settled(record, permitted(record, _said(record, inbound, now, policy)), now, policy)
    return _answered(result, record, inbound, "start", heard, policy) if result.timeline else result


def _help(
    record: PatientRecord, inbound: InboundReceived, heard: Understood, now: Instant, policy: Policy
) -> Handled:
    """Say who we are. Who asks it in words of their own is told once a day: it may be a machine that asks."""
    text = f"Asked by {by(inbound.channel)} who we are: {inbound.text.strip()}"
    result = Handled(record, (_line(inbound, now, text),))
    if heard.meaning == "who" and told_lately(record, f"{policy.replies}help", Instant(now - DAY)):
        return result
    return _answered(result, record, inbound, "help", heard, policy)


def _wrong_person(
    record: PatientRecord, inbound: InboundReceived, heard: Understood, now: Instant, policy: Policy
) -> Handled:
    """Write to that contact point no more about this patient; staff should find out the right one."""
    no = replace(_said(record, inbound, now, policy), party=STRANGER)
    result = settled(record, denied(record, no), now, policy)
    if not result.timeline:
        return result
    lines = (replace(result.timeline[0], kind="fault"), *result.timeline[1:])
    return _answered(replace(result, timeline=lines), record, inbound, "stop", heard, policy)


def _confirm(
    record: PatientRecord,
    asked: tuple[Choice, ...],
    inbound: InboundReceived,
    heard: Understood,
    now: Instant,
    policy: Policy,
) -> Handled:
    after = replace(record, opt_ins=tuple(yes for yes in record.opt_ins if yes not in asked))
    if heard.meaning == "no":
        text = f"Did not confirm the yes to {asked[0].purpose} by {by(inbound.channel)}"
        return Handled(after, (_line(inbound, now, text),))
    for yes in asked:
        after = permitted(after, confirmed(yes, inbound.text.strip(), inbound.inbound_id, inbound.at))
    return _answered(settled(record, after, now, policy), record, inbound, "opt-in-done", heard, policy)


def _pending(record: PatientRecord, inbound: InboundReceived, policy: Policy) -> tuple[Choice, ...]:
    """Return what a YES would confirm; one that answers a journey's question confirms nothing else."""
    if inbound.about not in ("", "-"):
        return ()
    return pending_at(record, inbound.channel, _address(inbound, policy), inbound.at)


def _said(record: PatientRecord, inbound: InboundReceived, now: Instant, policy: Policy) -> Choice:
    address = _address(inbound, policy)
    return Choice(
        inbound.channel,
        address,
        inbound.at,
        "reply",
        party=speaker(record, inbound.channel, address, now, policy.region),
        wording=inbound.text.strip(),
        evidence=inbound.inbound_id,
    )


def _address(inbound: InboundReceived, policy: Policy) -> str:
    return normalise(inbound.channel, inbound.sender, policy.region) or inbound.sender


def _answered(
    result: Handled,
    record: PatientRecord,
    inbound: InboundReceived,
    kind: str,
    heard: Understood,
    policy: Policy,
) -> Handled:
    if not inbound.answering:
        return result
    address = _address(inbound, policy)
    party = speaker(record, inbound.channel, address, inbound.at, policy.region)
    reply = ReplyIntent(kind, inbound.channel, address, inbound.inbound_id, party, heard.language)
    return replace(result, replies=(*result.replies, reply))


def _languages(record: PatientRecord) -> tuple[str, ...]:
    return record.person.languages if record.person is not None else ()


def _line(inbound: InboundReceived, now: Instant, text: str, kind: _Kind = "inbound") -> TimelineLine:
    return TimelineLine(now, kind, text, (inbound.inbound_id,))
