"""Strategies for anything a patient's record can hold, made from the types themselves."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.fhir.fact import Fact, Person
from shared.fhir.instants import Instant
from shared.patient.facts import Facts
from shared.patient.record import PatientRecord

steady = settings(deadline=None, derandomize=True)
"""Of every property here: the same examples each time, however busy the machine."""

TYPES = ("Observation", "Condition", "MedicationRequest")
CODES = ("s|1", "s|2", "t|1")

texts = st.text(max_size=6)
instants = st.integers(-(2**62), 2**62).map(Instant)
st.register_type_strategy(str, texts)
st.register_type_strategy(int, st.integers(-(2**63), 2**63))
st.register_type_strategy(float, st.floats(allow_nan=False))
st.register_type_strategy(Instant, instants)

contents = st.builds(Fact)
persons = st.builds(Person)


@st.composite
def facts(draw: st.DrawFn, kinds: tuple[str, ...] = TYPES, ids: int = 12) -> Fact:
    """Draw a fact of a few types and ids, so that they meet."""
    kind, number = draw(st.sampled_from(kinds)), draw(st.integers(0, ids - 1))
    codes = draw(st.lists(st.sampled_from(CODES), max_size=3))
    return replace(draw(contents), resource_type=kind, resource_id=f"id-{number}", codes=tuple(codes))


collections = st.lists(facts(), max_size=12).map(lambda found: Facts.of_facts(*found))
records = st.builds(PatientRecord, person=st.none() | persons, facts=collections)


def small_fact(number: int, kind: str = "Observation", version: str = "1") -> Fact:
    """Make one of many plain facts."""
    return Fact(kind, f"id-{number}", version, Instant(number), codes=(f"s|{number % 7}", "s|all"))
