"""Samples: made-up patients that a template is rendered for before anybody real gets it.

One of whom all is known, one of whom nothing is, one whose mother reads it, and three at one phone.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from shared.fhir.fact import Fact, Name, Person
from shared.fhir.instants import DAY, HOUR, Instant, parse_instant
from shared.message.links import LinkKind
from shared.message.policy import Policy
from shared.message.recipient import Recipient
from shared.message.scene import Scene
from shared.patient.facts import Facts
from shared.patient.record import PatientRecord

_NOW = parse_instant("2026-09-23T15:00:00Z")
_START = Instant(_NOW + 7 * DAY)
_PERSON = Person("sample", names=(Name("official", "Fernández-Whitmore", ("Alexandria", "Rose"), ("Ms.",)),))
_APPOINTMENT = Fact(
    "Appointment",
    "sample",
    "1",
    status="booked",
    start=_START,
    end=Instant(_START + HOUR),
    attributes={
        "location": ("Location/sample",),
        "practitioner": ("Practitioner/sample",),
        "patient-instruction": ("Please bring your card.",),
    },
    title="Visit",
)
_PLACES = (
    Fact(
        "Location",
        "sample",
        title="Wellington Street Health Center",
        attributes={"address": ("12 Wellington Street, Springfield",), "phone": ("+1 212 555 0111",)},
    ),
    Fact("Practitioner", "sample", title="Dr. Evelyn Carter"),
)
_MOTHER = Recipient("RelatedPerson/sample", (Name("usual", "Whitmore", ("Josephine",)),), (), (), (), "MTH")
_VALUES = {
    "text": "How was your visit?",
    "choices": "1 Alexandria: Wednesday, 2 Benjamin: Thursday",
    "title": "your visit",
    "number": "1",
    "count": "2",
    "wording": "text messages about offers",
    "survey": "sample|ask",
}


class Sample(Struct, frozen=True):
    """Somebody to render for; the scene's language is still to be set."""

    name: str
    """Who it is, as findings say."""
    scene: Scene
    bundle: bool = False
    """Only for templates with words for several patients."""


class SampleLinks:
    """Links as long as real ones, which lead nowhere."""

    def __init__(self, policy: Policy) -> None:
        self._base = policy.public_url

    def url(self, kind: LinkKind, target: str = "") -> str:
        """Return an address of the usual length."""
        return f"{self._base}/{kind[0]}/{'x' * 22}"


def whole(policy: Policy) -> Policy:
    """Return a policy in which nothing is missing."""
    return replace(
        policy,
        organisation=policy.organisation or "Riverside Clinic",
        phone=policy.phone or "+1 212 555 0100",
        website=policy.website or "https://riverside.example",
        address=policy.address or "1 Riverside Drive, Springfield, NY 10001",
        public_url=policy.public_url or "https://links.riverside.example/api",
    )


def samples(policy: Policy) -> tuple[Sample, ...]:
    """Return the samples for an organisation."""
    full = whole(policy)
    known = PatientRecord("sample", "sample", person=_PERSON, facts=Facts.of_facts(_APPOINTMENT, *_PLACES))
    scene = Scene(known, _APPOINTMENT, "https://sample.example|1", "en", full, None, _VALUES)
    everything = replace(scene, linker=SampleLinks(full))
    unknown = replace(known, person=Person("sample"))
    bare = replace(full, phone="", website="", address="", public_url="")
    nothing = replace(
        scene, record=unknown, focus=replace(_APPOINTMENT, attributes={}, title=""), policy=bare
    )
    return (
        Sample("a patient of whom all is known", everything),
        Sample("a patient of whom little is known", nothing),
        Sample("a patient whose mother reads it", replace(everything, recipient=_MOTHER)),
        Sample(
            "three at one phone", replace(everything, bundle=("Alexandria", "Benjamin", "Maximilian")), True
        ),
    )
