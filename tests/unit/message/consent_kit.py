"""Records, choices and replies for the tests of consent."""

from __future__ import annotations

from typing import Any

import orjson
from msgspec.structs import replace

from shared.effects import WriteResource
from shared.events import InboundReceived
from shared.fhir.choice import ANY, Choice
from shared.fhir.fact import ContactPoint, Fact
from shared.fhir.instants import Instant
from shared.fhir.project import project
from shared.fhir.spelled import spelled
from shared.message.consent import why_forbidden
from shared.message.handled import Handled
from shared.message.policy import Policy
from shared.patient.record import PatientRecord
from tests.unit.message.kit import NOW, PHONE, POLICY, record

MOTHER, MOTHERS_PHONE = "RelatedPerson/mum", "+12125550143"
RESTRICTIVE = replace(POLICY, restrictive=frozenset({"marketing", "research"}))
WRITING = replace(RESTRICTIVE, write_consents=True)
BASE = record()
CHANNELS = ("sms", "email", "whatsapp", "letter", "push")


def said(channel: str = "sms", purpose: Any = ANY, *, ago: int = 0, **more: Any) -> Choice:
    """Return a choice that was made on a page `ago` microseconds before NOW."""
    return Choice(
        channel, more.pop("address", ""), Instant(NOW - ago), purpose=purpose, **{"source": "page"} | more
    )


def holding(*outs: Choice, ins: tuple[Choice, ...] = (), facts: tuple[Fact, ...] = ()) -> PatientRecord:
    """Return the patient's record with opt-outs, opt-ins and facts."""
    return replace(record(BASE.person, *facts), opt_outs=outs, opt_ins=ins)


def consent(identity: str = "c1", **attributes: tuple[str, ...]) -> Fact:
    """Return an active FHIR Consent with these attributes."""
    kept = {name.replace("_", "-"): value for name, value in attributes.items()}
    return Fact("Consent", identity, "1", Instant(NOW), status="active", attributes=kept)


def mother() -> Fact:
    """Return the patient's mother, who has a phone of her own."""
    phone = ContactPoint("phone", MOTHERS_PHONE, "mobile")
    return Fact("RelatedPerson", "mum", status="active", attributes={"spelled-telecom": spelled((phone,))})


def reply(text: str, at: int = NOW, sender: str = PHONE, **more: Any) -> InboundReceived:
    """Return an SMS of the patient."""
    return InboundReceived(f"in-{text}-{at}", "sms", sender, text, Instant(at), **more)


def open_channels(held: PatientRecord, now: int = NOW, policy: Policy = POLICY, **ask: Any) -> set[str]:
    """Return the channels that nothing forbids."""
    return {c for c in CHANNELS if not why_forbidden(held, c, Instant(now), policy=policy, **ask)}


def written(handled: Handled) -> list[dict[str, Any]]:
    """Return the resources that are to be written."""
    return [orjson.loads(e.body) for e in handled.effects if isinstance(e, WriteResource)]


def heard_back(resource: dict[str, Any], at: int, **changes: Any) -> Fact:
    """Return a resource as it comes back from the FHIR server, perhaps changed there."""
    from shared.fhir.instants import iso

    meta = {"versionId": str(at), "lastUpdated": iso(Instant(at))}
    found = project({**resource, "meta": {**resource["meta"], **meta}, **changes})
    assert isinstance(found.content, Fact)
    return found.content
