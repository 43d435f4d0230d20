"""The audit trail as FHIR AuditEvents: one for each entry, and one that says how the trail stands.

https://hl7.org/fhir/R4/auditevent.html. Ids are opaque; the patient is referred to as the FHIR server knows
them, which is the system of record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from shared.fhir.instants import Instant, iso
from shared.fhir.own import OWN_META, SYSTEMS

type _Json = dict[str, object]
type Action = Literal["C", "R", "U", "D", "E"]
"""https://hl7.org/fhir/R4/valueset-audit-event-action.html."""

CALLERS = f"{SYSTEMS}caller"
"""System of the opaque ids of who called."""
KEYS = f"{SYSTEMS}patient-key"
"""System of our own keys of patients, for those whose FHIR id is not known any more."""
OPERATIONS = f"{SYSTEMS}CodeSystem/operation"
ROLES = f"{SYSTEMS}CodeSystem/role"
_TERMS = "http://terminology.hl7.org/CodeSystem"
_INTERACTION: Mapping[Action, str] = {
    "C": "create",
    "R": "read",
    "U": "update",
    "D": "delete",
    "E": "operation",
}
"""https://hl7.org/fhir/R4/codesystem-restful-interaction.html."""
_OUTCOME = {"done": "0", "refused": "4", "failed": "8"}
"""https://hl7.org/fhir/R4/codesystem-audit-event-outcome.html; what was begun has none yet."""


class Entry(Protocol):
    """What is told of an entry: shared.ports.trail has it."""

    @property
    def at(self) -> Instant: ...  # noqa: D102 - as in AuditEntry
    @property
    def request(self) -> str: ...  # noqa: D102
    @property
    def operation(self) -> str: ...  # noqa: D102
    @property
    def outcome(self) -> str: ...  # noqa: D102
    @property
    def by(self) -> str: ...  # noqa: D102
    @property
    def roles(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def patient(self) -> str: ...  # noqa: D102
    @property
    def about(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def why(self) -> str: ...  # noqa: D102
    @property
    def glass(self) -> bool: ...  # noqa: D102
    @property
    def before(self) -> str: ...  # noqa: D102
    @property
    def after(self) -> str: ...  # noqa: D102
    @property
    def address(self) -> str: ...  # noqa: D102


def audit_event(
    event_id: str, entry: Entry, action: Action, patient_id: str, chain: Mapping[str, str]
) -> _Json:
    """Return the AuditEvent of an entry; `chain` is what binds it to the one before, by name."""
    event: _Json = {
        **_begun(event_id, entry.at, action, entry.operation),
        "outcomeDesc": entry.outcome,
        "agent": [_agent(entry)],
        "entity": [*_whom(entry, patient_id), *map(_thing, entry.about), _itself(entry, chain)],
    }
    if entry.outcome in _OUTCOME:
        event["outcome"] = _OUTCOME[entry.outcome]
    if entry.glass:
        reason = {"system": f"{_TERMS}/v3-ActReason", "code": "BTG", "display": "break the glass"}
        event["purposeOfEvent"] = [{"coding": [reason]}]
    return event


def anchor_event(event_id: str, now: Instant, texts: Sequence[str]) -> _Json:
    """Return the AuditEvent that says how the lanes of the trail stand, each in a text."""
    details = [{"type": "lane", "valueString": text} for text in texts]
    entity: _Json = {**_KIND["trail"], "name": "how the audit trail stands"}
    return {
        **_begun(event_id, now, "E", "checkpoint"),
        "outcome": "0",
        "agent": [{"who": {"display": "Hearthline"}, "requestor": True}],
        "entity": [{**entity, "detail": details} if details else entity],
    }


def texts_of(event: Mapping[str, object]) -> tuple[str, ...]:
    """Return the texts of such an AuditEvent."""
    details = (detail for entity in _each(event.get("entity")) for detail in _each(entity.get("detail")))
    return tuple(str(detail.get("valueString")) for detail in details if detail.get("type") == "lane")


def _each(value: object) -> list[Mapping[str, object]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _begun(event_id: str, at: Instant, action: Action, operation: str) -> _Json:
    interaction = {"system": "http://hl7.org/fhir/restful-interaction", "code": _INTERACTION[action]}
    return {
        "resourceType": "AuditEvent",
        "id": event_id,
        "meta": OWN_META,
        "type": {"system": f"{_TERMS}/audit-event-type", "code": "rest", "display": "RESTful Operation"},
        "subtype": [interaction, {"system": OPERATIONS, "code": operation}],
        "action": action,
        "recorded": iso(at),
        "source": {
            "observer": {"display": "Hearthline"},
            "type": [
                {"system": f"{_TERMS}/security-source-type", "code": "4", "display": "Application Server"}
            ],
        },
    }


def _agent(entry: Entry) -> _Json:
    agent: _Json = {
        "who": {"identifier": {"system": CALLERS, "value": entry.by.strip() or "nobody"}},
        "requestor": True,
    }
    if entry.roles:
        agent["role"] = [{"coding": [{"system": ROLES, "code": role}]} for role in entry.roles]
    if entry.address:
        agent["network"] = {"address": entry.address, "type": "2"}
    return agent


def _coding(system: str, code: str, display: str) -> _Json:
    return {"system": f"{_TERMS}/{system}", "code": code, "display": display}


_KIND: Mapping[str, _Json] = {
    "patient": {
        "type": _coding("audit-entity-type", "1", "Person"),
        "role": _coding("object-role", "1", "Patient"),
    },
    "thing": {
        "type": _coding("audit-entity-type", "2", "System Object"),
        "role": _coding("object-role", "4", "Domain Resource"),
    },
    "trail": {
        "type": _coding("audit-entity-type", "2", "System Object"),
        "role": _coding("object-role", "13", "Security Resource"),
    },
}


def _whom(entry: Entry, patient_id: str) -> list[_Json]:
    if not entry.patient:
        return []
    if patient_id:
        return [{"what": {"reference": f"Patient/{patient_id}"}, **_KIND["patient"]}]
    return [{"what": {"identifier": {"system": KEYS, "value": entry.patient}}, **_KIND["patient"]}]


def _thing(about: str) -> _Json:
    return {**_KIND["thing"], "name": about.strip() or "something"}


def _itself(entry: Entry, chain: Mapping[str, str]) -> _Json:
    told = {
        "request": entry.request,
        **chain,
        "why": entry.why,
        "before": entry.before,
        "after": entry.after,
    }
    details = [{"type": name, "valueString": text} for name, text in told.items() if text.strip()]
    return {**_KIND["trail"], "name": "entry of the audit trail", "detail": details}
