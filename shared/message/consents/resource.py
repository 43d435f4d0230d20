"""The FHIR Consent by which we write down what somebody said (https://hl7.org/fhir/R4/consent.html).

One resource for each thing that can be said, under an id of our own: who changes their mind changes it.
The record stays the truth; whoever works on the FHIR server reads it there, and can take it back there.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

from shared.effects import WriteResource
from shared.fhir.choice import ANY, Choice
from shared.fhir.instants import Instant, iso
from shared.fhir.own import OWN_META
from shared.patient.permission.ask import PENDING, STRANGER, about, is_point
from shared.patient.permission.consents import CHANNEL_SYSTEM, REASON_SYSTEM, TOPIC_SYSTEM
from shared.patient.permission.verdict import consent_id
from shared.patient.record import PatientRecord

type Verdict = Literal["permit", "deny"]
type _Json = dict[str, object]

_CODE_OF: Mapping[str, str] = MappingProxyType(
    {"care": "TREAT", "operations": "HOPERAT", "marketing": "HMARKT", "research": "HRESCH"}
)
"""v3 PurposeOfUse by purpose (https://terminology.hl7.org/ValueSet-v3-PurposeOfUse.html)."""

_SCOPE = "http://terminology.hl7.org/CodeSystem/consentscope"
_ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_POINT = "https://hearthline.example/fhir/sid/contact-point"
_URI = "urn:ietf:rfc:3986"

_encode = msgspec.json.Encoder().encode


def consent_resource(
    record: PatientRecord, choice: Choice, verdict: Verdict, now: Instant, *, taken_back: bool = False
) -> WriteResource:
    """Return the effect that writes a choice down; `taken_back` writes that it no longer holds.

    The contact point that it was said of, if any, is an identifier: FHIR R4 has no other place for it, and
    the server that it goes to holds the patient's contact points anyhow. The wording is the source.
    """
    write_id = consent_id(record.key, choice.pattern)
    body: _Json = {
        "resourceType": "Consent",
        "id": write_id,
        "meta": OWN_META,
        "identifier": list(_identifiers(write_id, choice)),
        "status": "inactive" if taken_back else "active",
        "scope": {"coding": [{"system": _SCOPE, "code": "patient-privacy"}]},
        "category": [
            {
                "coding": [{"system": "http://loinc.org", "code": "59284-0"}],
                "text": f"Messages: {about(choice)}",
            }
        ],
        "patient": {"reference": f"Patient/{record.patient_id}"},
        "dateTime": iso(choice.since),
        "performer": [{"reference": choice.party or f"Patient/{record.patient_id}"}],
        "policyRule": {"coding": [{"system": _ACT, "code": "OPTOUT" if verdict == "deny" else "OPTIN"}]},
        **_source(choice),
        **_verification(record, choice, now),
        "provision": {"type": verdict, **_narrowed(choice)},
    }
    return WriteResource(write_id, "Consent", _encode(body), "", "", overwrite=True)


def consents_of(before: PatientRecord, after: PatientRecord, now: Instant) -> Iterator[WriteResource]:
    """Yield what is to be written where what was said has changed; what is only pending is not written."""
    then, today = _stated(before), _stated(after)
    for pattern, (choice, verdict) in today.items():
        said = then.get(pattern)
        if said is None or said[1] != verdict:
            yield consent_resource(after, choice, verdict, now)
    for pattern, (choice, verdict) in then.items():
        if pattern not in today:
            yield consent_resource(after, choice, verdict, now, taken_back=True)


def _stated(record: PatientRecord) -> dict[tuple[str, ...], tuple[Choice, Verdict]]:
    """Return by pattern what holds. What a stranger says of a number is no consent of the patient's."""
    ins = {c.pattern: (c, "permit") for c in record.opt_ins if c.source != PENDING}
    outs = {c.pattern: (c, "deny") for c in record.opt_outs if c.party != STRANGER}
    return {**ins, **outs}  # type: ignore[dict-item] # the two words are verdicts


def _identifiers(write_id: str, choice: Choice) -> Iterator[_Json]:
    yield {"system": _URI, "value": f"urn:uuid:{write_id}"}
    if is_point(choice.address):
        yield {"system": _POINT, "value": choice.address}


def _narrowed(choice: Choice) -> _Json:
    codes = []
    if choice.channel != ANY:
        codes.append({"coding": [{"system": CHANNEL_SYSTEM, "code": choice.channel}]})
    if choice.topic != ANY:
        codes.append({"coding": [{"system": TOPIC_SYSTEM, "code": choice.topic}]})
    purposes = [{"system": REASON_SYSTEM, "code": _CODE_OF[choice.purpose]}] if choice.purpose != ANY else []
    found: _Json = {"purpose": purposes, "code": codes}
    return {name: value for name, value in found.items() if value}


def _source(choice: Choice) -> _Json:
    """Keep the words, and where they can be seen, as an attachment: it needs no extension."""
    if not choice.wording:
        return {}
    attached = {
        "contentType": "text/plain; charset=utf-8",
        "data": b64encode(choice.wording.encode()).decode(),
        "title": " ".join(filter(None, (choice.source, choice.evidence))),
        "creation": iso(choice.since),
    }
    return {"sourceAttachment": {name: value for name, value in attached.items() if value}}


def _verification(record: PatientRecord, choice: Choice, now: Instant) -> _Json:
    if choice.source != "confirmed":
        return {}
    who = {"reference": choice.party or f"Patient/{record.patient_id}"}
    return {
        "verification": [
            {"verified": True, "verifiedWith": who, "verificationDate": iso(min(choice.since, now))}
        ]
    }
