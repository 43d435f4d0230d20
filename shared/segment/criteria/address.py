"""The criterion on where a patient lives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from pydantic import model_validator

from shared.authoring import Authored
from shared.fhir.fact import Address, Person
from shared.segment.codes import Words
from shared.segment.criterion import Compiled, Context, Criterion, of_person


class AddressPattern(Authored):
    """What one and the same address must be; upper and lower case are the same."""

    postal_code: Words | None = None
    """One of these, or "021*" for those that begin so."""
    city: Words | None = None
    state: Words | None = None
    country: Words | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not any((self.postal_code, self.city, self.state, self.country)):
            raise ValueError("says nothing: give postal_code, city, state or country")
        return self


class AddressCriterion(Criterion):
    """One of Patient.address that is not old matches the pattern."""

    address: AddressPattern

    def compile(self, context: Context) -> Compiled:
        """Compile to one test for each element given."""
        parts = {name: words for name, words in self.address if words}
        tests = [_element(name, words) for name, words in parts.items()]

        def lives_there(person: Person) -> bool:
            return any(a.use != "old" and all(t(a) for t in tests) for a in person.addresses)

        wanted = ", ".join(f"{name.replace('_', ' ')} {' or '.join(words)}" for name, words in parts.items())
        says = {True: f"lives in {wanted}", False: f"does not live in {wanted}"}
        return of_person("address", "addresses", lives_there, lambda _, holds: says[holds])


def _element(name: str, words: tuple[str, ...]) -> Callable[[Address], bool]:
    exact = frozenset(word.lower() for word in words)
    prefixes = tuple(word[:-1].lower() for word in words if word.endswith("*"))

    def matches(address: Address) -> bool:
        found = str(getattr(address, name)).lower()
        return bool(found) and (found in exact or found.startswith(prefixes))

    return matches
