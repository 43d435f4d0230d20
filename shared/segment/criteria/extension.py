"""Criteria on what US Core and other extensions of the Patient say: race, ethnicity, birth sex, any url.

https://hl7.org/fhir/us/core/StructureDefinition-us-core-patient.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StrictBool, model_validator

from shared.authoring import Authored
from shared.fhir.fact import Person
from shared.fhir.kept import ELEMENTS
from shared.fhir.lens import Lens
from shared.segment.codes import Words, matcher
from shared.segment.criterion import Compiled, Context, Criterion, of_person
from shared.segment.element import AnyElement, element_name

PATIENT_ELEMENTS = ELEMENTS["Patient"]


class RaceCriterion(Criterion):
    """One of the patient's races (US Core, broad and detailed) is one of these codes or texts."""

    race: Words

    def compile(self, context: Context) -> Compiled:
        """Compile to a look at the codes, and at the text."""
        return _of_attribute("race", "race", self.race)


class EthnicityCriterion(Criterion):
    """One of the patient's ethnicities (US Core, broad and detailed) is one of these codes or texts."""

    ethnicity: Words

    def compile(self, context: Context) -> Compiled:
        """Compile to a look at the codes, and at the text."""
        return _of_attribute("ethnicity", "ethnicity", self.ethnicity)


class BirthSexCriterion(Criterion):
    """The patient's birth sex (US Core) is one of these codes: F, M, UNK, OTH, ASKU."""

    birth_sex: Words

    def compile(self, context: Context) -> Compiled:
        """Compile to a look at the code."""
        return _of_attribute("birth_sex", "birth-sex", self.birth_sex)


class PatientCriterion(Criterion):
    """Other elements of the Patient that are kept, by name: sex, gender-identity, marital-status."""

    patient: Annotated[dict[str, AnyElement], Field(min_length=1)]

    def __hash__(self) -> int:
        return hash(repr(self))

    def compile(self, context: Context) -> Compiled:
        """Compile to a look at each element; all must be as they say."""
        tests = []
        for word, wanted in self.patient.items():
            name, inside = element_name(word), context.inside(f".patient.{word}")
            if name not in PATIENT_ELEMENTS:
                inside.fault("is no element of Patient that is kept", ", ".join(sorted(PATIENT_ELEMENTS)))
            tests.append((name, wanted.judge(inside)))
        words = " and ".join(name.replace("-", " ") for name, _ in tests)
        says = {True: f"{words} as asked", False: f"{words} not as asked"}
        return of_person(
            "patient",
            "attributes",
            lambda person: all(judge(person.attributes.get(name, ())) for name, judge in tests),
            lambda _, holds: says[holds],
        )


def _of_attribute(word: str, name: str, wanted: Words) -> Compiled:
    matches, texts = matcher(wanted), frozenset(one.lower() for one in wanted)

    def holds(person: Person) -> bool:
        written = person.attributes.get(f"{name}-text", ())
        return matches(person.attributes.get(name, ())) or any(text.lower() in texts for text in written)

    def why(person: Person, _: bool) -> str:
        said = person.attributes.get(f"{name}-text") or person.attributes.get(name, ())
        return f"{word.replace('_', ' ')} is {', '.join(s.rpartition('|')[2] for s in said) or 'not known'}"

    return of_person(word, "attributes", holds, why)


def _https(url: str) -> str:
    if ":" not in url:
        raise ValueError("is no extension url")
    return url


class ExtensionPattern(Authored):
    """A Patient extension: its url, and what its value must be."""

    url: Annotated[str, Field(min_length=1), AfterValidator(_https)]
    """Of an extension inside another: "url#inner url"."""
    value: Words | None = None
    """One of these: a code in any system, a token "system|code", a text, "true" or "false"."""
    exists: StrictBool | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.value is None) == (self.exists is None):
            raise ValueError("needs a value, or exists: true or false")
        return self


class ExtensionCriterion(Criterion):
    """An extension of the Patient; its values are kept from the moment a published segment asks for it."""

    extension: ExtensionPattern

    def compile(self, context: Context) -> Compiled:
        """Compile to a look at what was kept; the reason never quotes it."""
        name = f"extension:{self.extension.url}"
        judge = _judge(self.extension)
        said = self.extension.url.rpartition("/")[2]
        says = {True: f"{said} is as asked", False: f"{said} is not as asked"}
        made = of_person(
            "extension",
            "attributes",
            lambda person: judge(person.attributes.get(name, ())),
            lambda _, holds: says[holds],
        )
        asks = Lens(extensions=frozenset({self.extension.url}))
        return Compiled(made.test, made.explain, made.touches, lens=asks)


def _judge(pattern: ExtensionPattern) -> Callable[[tuple[str, ...]], bool]:
    if pattern.value is None:
        there = pattern.exists
        return lambda found: bool(found) is there
    return matcher(pattern.value)
