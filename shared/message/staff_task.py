"""What staff get of a reply that nothing here understands, or may not act on: a Task, and the reply itself.

https://hl7.org/fhir/R4/task.html, https://hl7.org/fhir/R4/communication.html. Asked for by shared.deciding
once no journey has heard the reply; written to the FHIR server through the outbox.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from shared.effects import WriteResource
from shared.events import InboundReceived
from shared.fhir.instants import DAY, HOUR, Instant, iso
from shared.fhir.own import OWN_META
from shared.message.communication import REPLIES, medium
from shared.message.consent import speaker
from shared.message.contact import normalise
from shared.message.policy import Policy
from shared.patient.messages import by
from shared.patient.record import PatientRecord, identify

type Priority = Literal["routine", "urgent"]
type _Json = dict[str, object]

_DUE: dict[Priority, int] = {"routine": DAY, "urgent": 4 * HOUR}
"""How soon staff are to have read it."""
_URI = "urn:ietf:rfc:3986"
_encode = msgspec.json.Encoder().encode


def question_task(
    record: PatientRecord,
    inbound: InboundReceived,
    why: str,
    now: Instant,
    priority: Priority = "routine",
    focus: str = "",
) -> WriteResource:
    """Return the Task to read a reply and answer it; `why` says in words of staff what is open about it.

    `focus` is the resource that it is perhaps about.
    """
    task_id = identify(record.key, inbound.inbound_id, "task")
    body: _Json = {
        "resourceType": "Task",
        "id": task_id,
        "identifier": [{"system": _URI, "value": f"urn:uuid:{task_id}"}],
        "status": "requested",
        "intent": "order",
        "priority": priority,
        "code": {"text": "Read reply"},
        "description": f"Read what the patient replied by {by(inbound.channel)}, and answer it",
        "for": {"reference": f"Patient/{record.patient_id}"},
        "authoredOn": iso(now),
        "reasonCode": {"text": why},
        "reasonReference": {"type": "Communication", "identifier": _reply_id(inbound)},
        "restriction": {"period": {"end": iso(Instant(now + _DUE[priority]))}},
        "input": [{"type": {"text": "Reply"}, "valueString": inbound.text.strip() or "(no words)"}],
    }
    if focus:
        body["focus"] = {"reference": focus}
    return _written("Task", task_id, body)


def received_communication(
    record: PatientRecord, inbound: InboundReceived, policy: Policy, now: Instant
) -> WriteResource:
    """Return the Communication of a reply: by whoever's contact point it is, which itself is left out."""
    said_id = identify(record.key, inbound.inbound_id, "received")
    patient = {"reference": f"Patient/{record.patient_id}"}
    address = normalise(inbound.channel, inbound.sender, policy.region) or inbound.sender
    party = speaker(record, inbound.channel, address, now, policy.region)
    body: _Json = {
        "resourceType": "Communication",
        "id": said_id,
        "meta": OWN_META,
        "identifier": [_reply_id(inbound)],
        "status": "completed",
        "medium": [medium(inbound.channel)],
        "subject": patient,
        "sent": iso(inbound.at),
        "received": iso(max(inbound.at, now)),
        "sender": {"reference": party} if party else patient,
    }
    if inbound.text.strip():
        body["payload"] = [{"contentString": inbound.text.strip()}]
    return _written("Communication", said_id, body)


def _reply_id(inbound: InboundReceived) -> _Json:
    return {"system": REPLIES, "value": inbound.inbound_id}


def _written(kind: str, write_id: str, body: _Json) -> WriteResource:
    """Hang it on no enrolment: a refusal holds up no journey."""
    return WriteResource(write_id, kind, _encode(body), "", "")
