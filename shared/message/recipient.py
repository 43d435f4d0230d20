"""Recipient: who gets a message about a patient: the patient, a minor's guardian, or a carer with a yes.

Between a journey's intent and the channel: shared.message.plan asks for whom, in order of preference; the
guard asks again right before the send, as a child may have come of age meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from msgspec import Struct

from shared.fhir.calendar import Duration, add
from shared.fhir.fact import Address, ContactPoint, Fact, Name
from shared.fhir.instants import Instant, parse_range
from shared.fhir.spelled import read_spelled
from shared.message.policy import Policy
from shared.patient.permission.consents import in_force, parties
from shared.patient.record import PatientRecord

GUARDIANS = frozenset(
    {
        *("PRN", "FTH", "MTH", "NFTH", "NMTH", "ADOPTF", "ADOPTM", "ADOPTP", "STPPRN", "STPFTH", "STPMTH"),
        *("PRNFOST", "FTHFOST", "MTHFOST", "GRPRN", "GRFTH", "GRMTH", "GUARD", "GUADLTM", "SPOWATT"),
    }
)
"""Relationships that may be told of a minor (https://terminology.hl7.org/CodeSystem-v3-RoleCode.html)."""

NOBODY = "nobody is known who cares for the patient and has agreed to be written to"


class Recipient(Struct, frozen=True):
    """Somebody to write to, with all that it takes."""

    party: str
    """ "RelatedPerson/1", or "" for the patient."""
    names: tuple[Name, ...]
    languages: tuple[str, ...]
    telecom: tuple[ContactPoint, ...]
    addresses: tuple[Address, ...]
    relationship: str = ""
    """Code of it, "MTH"."""
    reference: str = ""
    """For the recipient's place in FHIR: "Patient/1", "RelatedPerson/1"."""


def recipients(record: PatientRecord, to: str, policy: Policy, now: Instant) -> tuple[Recipient, ...]:
    """Return whom a message may go to, the preferred first.

    `to` "patient" is the patient, of a minor their guardians first, and the patient's own contact points
    last, which are the family's then; "carer" is whoever cares for the patient and has agreed to be told.
    """
    if to == "carer":
        return tuple(r for r in _related(record, now) if _agreed(record, r.party, now))
    guardians = tuple(r for r in _related(record, now) if r.relationship in GUARDIANS)
    own = _patient(record)
    return (*(guardians if is_minor(record, policy, now) else ()), *own)


def recipient(record: PatientRecord, party: str) -> Recipient | None:
    """Return somebody by reference, "" being the patient; None for one who is not known (any more)."""
    if not party:
        return next(iter(_patient(record)), None)
    fact = record.facts.get(party)
    return None if fact is None or fact.gone else _of_fact(fact)


def languages(record: PatientRecord, person: Recipient | None) -> tuple[str, ...]:
    """Return what somebody reads, best first: what the patient does where that is not known of a relative."""
    own = record.person.languages if record.person is not None else ()
    return person.languages or own if person is not None else own


def why_not_them(record: PatientRecord, party: str, policy: Policy, now: Instant) -> str:
    """Return why a party must not be written to about this patient any more, or ""."""
    if not party:
        return ""
    found = next((r for r in _related(record, now) if r.party == party), None)
    if found is None:
        return f"{party} is no longer the patient's"
    if found.relationship in GUARDIANS and is_minor(record, policy, now):
        return ""
    if _agreed(record, party, now):
        return ""
    grown = found.relationship in GUARDIANS
    return "the patient is of age now" if grown else f"{party} has not agreed to be written to"


def is_minor(record: PatientRecord, policy: Policy, now: Instant) -> bool:
    """Say whether the patient is under age; one whose birth date is not known is not.

    Of a date that is known in part it is the latest day that it may be: guardians are told too long rather
    than a child too early. Born on 29 February is of age on 28 February.
    """
    born = record.person.birth_date if record.person is not None else ""
    if not born:
        return False
    zone = ZoneInfo(policy.zone)
    first, last = parse_range(born, zone)
    whole = len(born) == len("2000-01-31")
    return now < add(first if whole else last, Duration(months=12 * policy.majority), zone)


def _agreed(record: PatientRecord, party: str, now: Instant) -> bool:
    """Say whether somebody has agreed to be told, or the patient that they are: by us, or by a Consent."""
    if any(choice.party == party and choice.source != "pending" for choice in record.opt_ins):
        return True
    return any(
        party in parties(consent)
        and "permit" in consent.attributes.get("provision-type", ())
        and in_force(consent, now)
        for consent in record.facts.of("Consent").values()
    )


def _patient(record: PatientRecord) -> Iterator[Recipient]:
    person = record.person
    if person is not None:
        yield Recipient(
            "",
            person.names,
            person.languages,
            person.telecom,
            person.addresses,
            reference=person.reference,
        )


def _related(record: PatientRecord, now: Instant) -> list[Recipient]:
    """Return those whose relation holds now, in the order of their ids."""
    facts = sorted(record.facts.of("RelatedPerson").values(), key=lambda fact: fact.resource_id)
    return [_of_fact(fact) for fact in facts if _holds(fact, now)]


def _holds(fact: Fact, now: Instant) -> bool:
    if fact.gone or fact.status == "inactive":
        return False
    return (fact.start is None or fact.start <= now) and (fact.end is None or now <= fact.end)


def _of_fact(fact: Fact) -> Recipient:
    kept = fact.attributes
    codes = [code.rpartition("|")[2] for code in kept.get("relationship", ())]
    guardian = next((code for code in codes if code in GUARDIANS), "")
    return Recipient(
        fact.reference,
        read_spelled(Name, kept.get("spelled-name", ())),
        kept.get("language", ()),
        read_spelled(ContactPoint, kept.get("spelled-telecom", ())),
        read_spelled(Address, kept.get("spelled-address", ())),
        guardian or next(iter(codes), ""),
        fact.reference,
    )
