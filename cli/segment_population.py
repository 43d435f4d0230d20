"""Patients read from files, one record each, for evaluating a segment without any store.

What is kept in memory is the projection of each resource, packed: some hundred bytes each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import tzinfo
from pathlib import Path

import msgspec

from cli.ndjson_files import Unit, read_units
from shared.errors import Rejected
from shared.fhir.fact import Fact, Person
from shared.fhir.lens import Lens
from shared.fhir.ndjson import Resource
from shared.fhir.project import SHARED_TYPES, Projection, project
from shared.patient.apply import apply_content
from shared.patient.record import PatientRecord, patient_key

_encode = msgspec.msgpack.Encoder().encode
_fact, _person = msgspec.msgpack.Decoder(Fact).decode, msgspec.msgpack.Decoder(Person).decode


class Population:
    """Patients by id, in the order in which they were first heard of."""

    def __init__(self, zone: tzinfo, lens: Lens) -> None:
        self._zone, self._lens = zone, lens
        self._own: dict[str, list[bytes]] = {}
        self._people: dict[str, list[bytes]] = {}
        self._shared: dict[str, bytes] = {}
        self.left_out = 0
        """Resources of types that are not kept, or of no use."""
        self.claimed = 0
        """Resources about nobody in their Bundle, taken as those of the one patient who is in it."""

    def read(self, path: Path, report: Callable[[str], object]) -> None:
        """Read a file or folder. Raises FileNotFoundError."""
        for unit in read_units(path, report):
            self.add(unit)
        if self.claimed:
            report(
                f"{path}: {self.claimed} resources of Bundles refer to nobody in the Bundle; "
                "they count as those of its one patient"
            )

    def add(self, unit: Unit) -> None:
        """Take in a resource, or a Bundle: what it holds that is nobody's belongs to its one patient."""
        patients = {str(r.get("id")) for r in unit if r.get("resourceType") == "Patient"}
        only = next(iter(patients)) if len(patients) == 1 and len(unit) > 1 else ""
        for resource in unit:
            found = self._projected(resource, only)
            if found is None:
                self.left_out += 1
                continue
            content = found.content
            packed = _encode(content)
            if isinstance(content, Person):
                self._people.setdefault(content.resource_id, []).append(packed)
            elif content.resource_type not in SHARED_TYPES:
                for patient in self._whose(found.patients, only):
                    self._own.setdefault(patient, []).append(packed)
            elif only:
                self._own.setdefault(only, []).append(packed)
            else:
                self._shared[content.reference] = packed

    def _projected(self, resource: Resource, only: str) -> Projection | None:
        """Project a resource; one that does not say legibly whose it is, as that of the one patient."""
        try:
            return project(resource, self._zone, self._lens)
        except Rejected:
            if not only:
                return None
        whose = {"reference": f"Patient/{only}"}
        try:
            found = project({**resource, "subject": whose, "patient": whose}, self._zone, self._lens)
        except Rejected:
            return None
        self.claimed += 1
        return found

    def _whose(self, named: tuple[str, ...], only: str) -> tuple[str, ...]:
        """Return whose a resource is: a Bundle of one patient is about that one, as for CQL engines."""
        if not only or only in named:
            return named
        self.claimed += 1
        return (only,)

    def __len__(self) -> int:
        return len(self._people)

    def records(self) -> Iterator[PatientRecord]:
        """Walk the records of all patients of whom there is a Patient resource."""
        for patient, people in self._people.items():
            record = PatientRecord(patient_key(patient), patient)
            for packed in people:
                record = apply_content(record, _person(packed))[0]
            facts = [_fact(packed) for packed in self._own.get(patient, ())]
            for fact in (*facts, *self._embedded(facts)):
                record = apply_content(record, fact)[0]
            yield record

    def _embedded(self, facts: list[Fact]) -> Iterator[Fact]:
        """Walk the shared resources that the facts refer to."""
        if not self._shared:
            return
        named = {word for fact in facts for words in fact.attributes.values() for word in words}
        for reference in sorted(named & self._shared.keys()):
            yield _fact(self._shared[reference])
