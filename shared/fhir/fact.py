"""Facts: the part of a FHIR resource that decisions need, small enough to keep thousands per patient.

Made by shared.fhir.project from a resource, kept by shared.patient, read by segments and journeys.
"""

from __future__ import annotations

from msgspec import Struct

from shared.fhir.instants import Instant

MEDICATION_KINDS = frozenset(
    ["MedicationAdministration", "MedicationDispense", "MedicationRequest", "MedicationStatement"]
)
"""Types that may name their medication by reference: its codes and title are those of another fact."""


class Value(Struct, frozen=True, array_like=True, gc=False):
    """A value[x]: a number with its unit, or codes, or text (booleans are "true" and "false")."""

    number: float | None = None
    unit: str = ""
    """UCUM code where given, else the unit as written."""
    codes: tuple[str, ...] = ()
    """Tokens "system|code"."""
    text: str = ""


class Component(Struct, frozen=True, array_like=True, gc=False):
    """One Observation.component, for example the systolic part of a blood pressure."""

    codes: tuple[str, ...]
    value: Value


class Fact(Struct, frozen=True, array_like=True, gc=False):
    """One resource of a patient, projected. Codes are tokens "system|code"."""

    resource_type: str
    resource_id: str
    version: str = ""
    """meta.versionId; with `updated` it orders versions that arrive out of order."""
    updated: Instant = Instant(0)
    """meta.lastUpdated."""
    gone: bool = False
    """Deleted on the server: kept as a tombstone, so that an older version does not come back."""
    status: str = ""
    """The type's own status; for Condition and AllergyIntolerance the clinical status."""
    codes: tuple[str, ...] = ()
    start: Instant | None = None
    """Since when it was so: onset, effective, performed, period, appointment start, authored…"""
    end: Instant | None = None
    """Until when, the last instant that belongs to it; None is open-ended or unknown."""
    value: Value | None = None
    components: tuple[Component, ...] = ()
    attributes: dict[str, tuple[str, ...]] = {}
    """What only some types have, by the element's kebab-case name: category, class, verification-status,
    intent, priority, encounter, reason, location, practitioner, relationship, phone, email, name…
    Which a type may carry stands in shared.fhir.kept.ELEMENTS."""
    title: str = ""
    """What a person would call it: code.text, description, a location's name."""

    @property
    def reference(self) -> str:
        """Return "Type/id"."""
        return f"{self.resource_type}/{self.resource_id}"


class ContactPoint(Struct, frozen=True, array_like=True, gc=False):
    """FHIR ContactPoint; `value` as the server has it, normalised only when it is used."""

    system: str
    value: str
    use: str = ""
    rank: int = 0
    """1 is the most preferred; 0 is unranked."""
    start: Instant | None = None
    end: Instant | None = None


class Name(Struct, frozen=True, array_like=True, gc=False):
    """FHIR HumanName, the parts that a greeting needs."""

    use: str = ""
    family: str = ""
    given: tuple[str, ...] = ()
    prefix: tuple[str, ...] = ()
    text: str = ""


class Address(Struct, frozen=True, array_like=True, gc=False):
    """FHIR Address."""

    use: str = ""
    line: tuple[str, ...] = ()
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""


class Person(Struct, frozen=True, array_like=True, gc=False):
    """The Patient resource, projected."""

    resource_id: str
    version: str = ""
    updated: Instant = Instant(0)
    gone: bool = False
    active: bool = True
    deceased: bool = False
    deceased_at: Instant | None = None
    birth_date: str = ""
    """As FHIR has it: "1970-01-31", or partial "1970-01", "1970"."""
    gender: str = ""
    names: tuple[Name, ...] = ()
    telecom: tuple[ContactPoint, ...] = ()
    languages: tuple[str, ...] = ()
    """BCP 47, preferred first."""
    addresses: tuple[Address, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    """Patient.link as (type, "Patient/id"); type "replaced-by" means that this record was merged away."""
    identifiers: tuple[str, ...] = ()
    managing_organization: str = ""
    general_practitioners: tuple[str, ...] = ()
    attributes: dict[str, tuple[str, ...]] = {}
    """By name, tokens where coded, else text: race, race-text, ethnicity, ethnicity-text, birth-sex, sex,
    gender-identity, marital-status, multiple-birth, interpreter-required; those that definitions ask for
    by URL as "extension:URL"."""

    @property
    def reference(self) -> str:
        """Return "Patient/id"."""
        return f"Patient/{self.resource_id}"

    @property
    def replaced_by(self) -> str:
        """Return the reference of the record that this one was merged into, or ""."""
        return next((other for kind, other in self.links if kind == "replaced-by"), "")
