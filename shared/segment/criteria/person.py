"""Criteria on what a patient simply is: gender, language, status, organisation, doctor, identifier."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictBool

from shared.fhir.fact import Person
from shared.segment.codes import Words, listed
from shared.segment.criterion import Compiled, Context, Criterion, of_person

type Gender = Literal["female", "male", "other", "unknown"]


def _is(name: str, found: str) -> str:
    return f"{name} is {found or 'not known'}"


class GenderCriterion(Criterion):
    """Patient.gender is one of these."""

    gender: Annotated[tuple[Gender, ...], listed(Gender | list[Gender]), Field(min_length=1)]

    def compile(self, context: Context) -> Compiled:
        """Compile to a set test."""
        wanted = frozenset(self.gender)
        return of_person(
            "gender", "gender", lambda p: p.gender in wanted, lambda p, _: _is("gender", p.gender)
        )


class LanguageCriterion(Criterion):
    """The patient's preferred language is one of these; "es" includes "es-MX" (BCP 47), "*" is any."""

    language: Words

    def compile(self, context: Context) -> Compiled:
        """Compile to a prefix test by subtags."""
        wanted = tuple("" if tag == "*" else f"{tag.lower()}-" for tag in self.language)

        def speaks(person: Person) -> bool:
            return bool(person.languages) and f"{person.languages[0].lower()}-".startswith(wanted)

        return of_person(
            "language", "languages", speaks, lambda p, _: _is("language", "".join(p.languages[:1]))
        )


class ActiveCriterion(Criterion):
    """Patient.active is this; absent counts as active. Say `include_inactive` to find those who are not."""

    active: StrictBool

    def compile(self, context: Context) -> Compiled:
        """Compile to a comparison."""
        return of_person(
            "active",
            "active",
            lambda p: p.active is self.active,
            lambda p, _: f"the patient's record is {'active' if p.active else 'inactive'}",
        )


class DeceasedCriterion(Criterion):
    """The patient has died, or not. Say `include_deceased` to find those who have."""

    deceased: StrictBool

    def compile(self, context: Context) -> Compiled:
        """Compile to a comparison."""
        return of_person(
            "deceased",
            "deceased",
            lambda p: p.deceased is self.deceased,
            lambda p, _: "the patient has died" if p.deceased else "the patient is alive",
        )


class OrganizationCriterion(Criterion):
    """Patient.managingOrganization is one of these references ("Organization/1")."""

    managing_organization: Words

    def compile(self, context: Context) -> Compiled:
        """Compile to a set test."""
        wanted = frozenset(self.managing_organization)
        return of_person(
            "managing_organization",
            "managing_organization",
            lambda p: p.managing_organization in wanted,
            lambda p, _: _is("managing organisation", p.managing_organization),
        )


class PractitionerCriterion(Criterion):
    """One of Patient.generalPractitioner is one of these references ("Practitioner/1")."""

    general_practitioner: Words

    def compile(self, context: Context) -> Compiled:
        """Compile to a set test."""
        wanted = frozenset(self.general_practitioner)
        return of_person(
            "general_practitioner",
            "general_practitioners",
            lambda p: not wanted.isdisjoint(p.general_practitioners),
            lambda p, _: _is("general practitioner", ", ".join(p.general_practitioners)),
        )


class IdentifierCriterion(Criterion):
    """One of Patient.identifier is one of these: "system|value", or "system|" for any value in it."""

    identifier: Words

    def compile(self, context: Context) -> Compiled:
        """Compile to a set test and a prefix test; the reason never quotes an identifier."""
        exact = frozenset(self.identifier)
        systems = tuple(found for found in self.identifier if found.endswith("|"))

        def known(person: Person) -> bool:
            return any(found in exact or found.startswith(systems) for found in person.identifiers)

        says = {True: "has such an identifier", False: "has no such identifier"}
        return of_person("identifier", "identifiers", known, lambda _, holds: says[holds])
