"""What the patient store's contract tests share: a record with everything in it, and short ways to commit."""

from __future__ import annotations

from storage_kit import a_fact, a_message, deciding, line, with_facts

from shared.effects import IndexContact, IndexMember, IndexMessage, IndexReference
from shared.fhir.choice import Choice
from shared.fhir.fact import Address, ContactPoint, Name, Person
from shared.patient.facts import Facts
from shared.patient.record import PatientRecord, patient_key
from shared.patient.state import Enrolment, JourneyHistory, Membership, Unusable

KEY = patient_key("p1")
OUTBOX = (
    IndexMember("https://s.example|1", True, 5, 1),
    IndexReference("Location/1"),
    IndexContact("sms", "+15550100"),
    IndexMessage("message-0001"),
)


def everything() -> PatientRecord:
    """Return a record with no field left as it is by default."""
    person = Person(
        "p1", "7", 11, False, True, True, 12, "1970-01", "female",
        (Name("official", "Núñez", ("Ana", "María")),),
        (ContactPoint("phone", "+1 555 0100", "mobile", 1, 1, 2),), ("es-MX", "en"),
        (Address("home", ("1 Main St", "Apt 'B'"), "Zürich", "ZH", "8000", "CH"),),
        (("replaced-by", "Patient/p2"),), ("urn:mrn|1",), "Organization/1", ("Practitioner/1",),
        {"race": ("x",)},
    )  # fmt: skip
    return PatientRecord(
        key=KEY,
        patient_id="p1",
        person=person,
        facts=Facts.of_facts(
            *(a_fact(n) for n in range(3)),
            a_fact(1, "Condition", gone=True, codes=(), value=None),
            a_fact(1, "Appointment", start=None),
        ),
        memberships={
            "https://s.example": Membership("https://s.example|1", True, 5, 9_000, "HbA1c 9.1 % > 9 %")
        },
        enrolments={
            "e1": Enrolment("e1", "https://j.example|1", "active", "wait", 2, 6, 8_000, "Appointment/1", "r")
        },
        messages={"message-0001": a_message()},
        opt_outs=(Choice("sms", "+15550100", 4, "reply"),),
        opt_ins=(Choice("email", "", 5, "page", "marketing", "news", "RelatedPerson/1", "Yes", "page-1"),),
        unusable=(Unusable("email", "ana@example.org", "hard-bounce", 6),),
        erased=7,
        history={"https://j.example": JourneyHistory(2, 6, "Appointment/1", "cause", ("Appointment/1",))},
        outbox={effect.effect_id: effect for effect in OUTBOX},
        contacts=("sms|+15550100",),
        replies=("reply-1",),
        lens="lens-1",
        catalogue="catalogue-1",
        sequence=0,
    )


async def begun(patients, *facts, key: str = KEY):
    """Commit a first record."""
    stored = await patients.load(key, "p1")
    return await patients.commit(stored, deciding(with_facts(stored.record, *facts), line("first")))


async def keys_of(patients) -> list[str]:
    """Walk all keys."""
    walk = patients.keys()
    return [key async for key in walk]


async def texts(patients, key: str = KEY) -> list[str]:
    """Return what the timeline says."""
    return [found.text for found in await patients.timeline(key)]
