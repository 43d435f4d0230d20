"""Write-back: a FHIR Communication for each message, written over whenever there is more to say of it.

https://hl7.org/fhir/R4/communication.html. Called for every message that a decision changed; what comes of it
stands in the outbox until it is written. Other messages and replies are referred to by identifier, as nobody
knows which of them the server has first.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from shared.effects import WriteResource
from shared.fhir.instants import iso
from shared.fhir.own import OWN_META, SYSTEMS
from shared.message.contact import NOBODY_TO_REACH
from shared.message.policy import Policy
from shared.patient.lost import why_lost
from shared.patient.record import PatientRecord
from shared.patient.state import Message

type _Json = dict[str, object]

MESSAGE_IDS = f"{SYSTEMS}message-id"
"""System of our messages' own ids."""
PROVIDER_IDS = f"{SYSTEMS}provider-message-id"
"""System of the ids that providers gave our messages."""
REPLIES = f"{SYSTEMS}reply-id"
"""System of the ids of what people wrote to us."""
_URI = "urn:ietf:rfc:3986"
_TERMS = "http://terminology.hl7.org/CodeSystem"

_MEDIA = {"sms": "SMSWRIT", "email": "EMAILWRIT", "whatsapp": "APPWRIT", "letter": "MAILWRIT"}
"""https://terminology.hl7.org/CodeSystem-v3-ParticipationMode.html; whatever else there is, is ELECTRONIC."""
_WHY = {"care": "TREAT", "operations": "HOPERAT", "marketing": "HMARKT", "research": "HRESCH"}
"""https://terminology.hl7.org/CodeSystem-v3-ActReason.html, by purpose."""
_NOT_DONE = {
    "invalid-address": "invalid-phone-number",
    "landline": "invalid-phone-number",
    "opted-out": "patient-objection",
    "complaint": "patient-objection",
    "blocked": "recipient-unavailable",
    "hard-bounce": "recipient-unavailable",
    "suppressed": "recipient-unavailable",
    "temporary": "recipient-unavailable",
    "content": "system-error",
}
"""https://hl7.org/fhir/R4/codesystem-communication-not-done-reason.html, by shared.message.failures."""
_OBJECTED = ("opted out", "denies it", "has agreed")
_ARRIVED = frozenset({"delivered", "opened", "clicked", "complained"})
_encode = msgspec.json.Encoder().encode


def write_back(
    record: PatientRecord, message: Message, template_title: str, policy: Policy
) -> WriteResource | None:
    """Return the effect that writes a message's Communication under the message's own id.

    None where nothing is to be written: it is not sent or given up yet, or the settings do not want it. A
    refusal holds up no journey.
    """
    if not policy.write_communications or message.status in ("preparation", "in-progress"):
        return None
    said = communication(record, message, template_title, policy)
    return WriteResource(message.message_id, "Communication", _encode(said), "", "", overwrite=True)


def communication(record: PatientRecord, message: Message, template_title: str, policy: Policy) -> _Json:
    """Return the resource; the address that it went to is left to the patient's own ContactPoints."""
    found = {
        "resourceType": "Communication",
        "id": message.message_id,
        "meta": OWN_META,
        "language": message.language,
        "identifier": list(_identifiers(message)),
        "instantiatesUri": [name for name in (message.journey, message.template) if name],
        "partOf": _carrier(message),
        "inResponseTo": _reply(message),
        "status": _status(message),
        "statusReason": _reason(record, message),
        "category": [_category(message)],
        "medium": [medium(message.channel)],
        "subject": {"reference": f"Patient/{record.patient_id}"},
        "topic": {"text": topic} if (topic := template_title or message.subject) else None,
        "about": [{"reference": message.focus}] if message.focus else None,
        "sent": _sent(message),
        "received": _received(message),
        "recipient": [{"reference": message.party or f"Patient/{record.patient_id}"}],
        "sender": {"display": policy.organisation} if policy.organisation else None,
        "reasonCode": _purpose(message.purpose),
        "payload": [{"contentString": message.text}] if message.text.strip() else None,
    }
    return {name: value for name, value in found.items() if value}


def _identifiers(message: Message) -> Iterator[_Json]:
    yield _own(message.message_id)
    yield {"system": MESSAGE_IDS, "value": message.message_id}
    if message.provider_id:
        yield {"system": PROVIDER_IDS, "value": message.provider_id}


def _own(message_id: str) -> _Json:
    return {"system": _URI, "value": f"urn:uuid:{message_id}"}


def _carrier(message: Message) -> list[_Json] | None:
    """Name the message within which it went: by identifier, as that one may be another patient's."""
    carrier = message.carried_by.rpartition("/")[2]
    return [{"type": "Communication", "identifier": _own(carrier)}] if carrier else None


def _reply(message: Message) -> list[_Json] | None:
    if not message.answers:
        return None
    return [{"type": "Communication", "identifier": {"system": REPLIES, "value": message.answers}}]


def _status(message: Message) -> str:
    """Say how it stands; what was sent and did not arrive is stopped, not undone."""
    if message.status == "completed" and message.delivery == "failed":
        return "stopped"
    return message.status


def _reason(record: PatientRecord, message: Message) -> _Json | None:
    if not (message.status_reason or message.code):
        return None
    code = _not_done(record, message)
    coding = _coded(f"{_TERMS}/communication-not-done-reason", code) if code else {}
    return {**coding, "text": message.status_reason or message.code}


def _not_done(record: PatientRecord, message: Message) -> str:
    """Choose a code for what came between, "" where none says it."""
    reason = message.status_reason
    if message.code in _NOT_DONE:
        return _NOT_DONE[message.code]
    if any(words in reason for words in _OBJECTED):
        return "patient-objection"
    lost = {why_lost(record.person), *NOBODY_TO_REACH.values()} - {""}
    return "recipient-unavailable" if reason in lost else ""


def _category(message: Message) -> _Json:
    reminds = message.focus.startswith("Appointment/")
    return _coded(f"{_TERMS}/communication-category", "reminder" if reminds else "notification")


def _purpose(purpose: str) -> list[_Json] | None:
    return [_coded(f"{_TERMS}/v3-ActReason", _WHY[purpose])] if purpose in _WHY else None


def medium(channel: str) -> _Json:
    """Code a channel (https://terminology.hl7.org/CodeSystem-v3-ParticipationMode.html)."""
    return _coded(f"{_TERMS}/v3-ParticipationMode", _MEDIA.get(channel, "ELECTRONIC"))


def _sent(message: Message) -> str | None:
    if message.status == "not-done" or message.first_sent is None:
        return None
    return iso(message.first_sent)


def _received(message: Message) -> str | None:
    """Say when it was known to have arrived: nobody may have told before it was opened."""
    if message.delivery not in _ARRIVED or message.delivery_at is None:
        return None
    return iso(message.delivery_at)


def _coded(system: str, code: str) -> _Json:
    return {"coding": [{"system": system, "code": code}]}
