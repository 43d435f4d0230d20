"""The patients and the five-clause cohort by which our evaluation and engines of others are compared.

The synthetic population of the test data where it is at hand, else one that the sandbox makes up.
"""

from __future__ import annotations

import gzip
import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import islice
from pathlib import Path

import orjson
import yaml

from sandbox.plan import ROOT
from sandbox.population.clinical import BLOOD_PRESSURE
from sandbox.population.generate import TODAY, generate
from shared.errors import Rejected
from shared.fhir.fact import Fact, Person
from shared.fhir.instants import Instant, from_datetime
from shared.fhir.project import KEPT_TYPES, project
from shared.patient.facts import Facts
from shared.patient.packing import pack
from shared.patient.record import PatientRecord, patient_key
from shared.segment.compile import compile_segment
from shared.segment.compiled import CompiledSegment
from shared.segment.definition import SegmentDefinition, parse_segment
from shared.segment.valuesets import ValueSets

type Resource = dict[str, object]

DEFINITION = ROOT / "tests" / "differential" / "segments" / "five-clauses.yaml"
READ = ("Patient", "Condition", "Observation", "Procedure")
"""The types that the cohort reads: more is not given to the other engines."""
CQL_TYPES = (*READ, "Encounter", "Immunization", "MedicationRequest")
"""Those whose files tests/differential/engine.js opens."""
_SYNTHEA_DAY = datetime(2021, 4, 1, tzinfo=UTC)
_PANEL = "55284-4"
"""The code that the cohort asks for, and that Synthea gives to blood pressures."""


@dataclass(frozen=True)
class Population:
    """Patients as resources, and as what we make of them."""

    origin: str
    as_of: datetime
    resources: Mapping[str, list[Resource]]
    """By patient id, the Patient first."""

    @property
    def now(self) -> Instant:
        """Return the instant at which everybody is looked at."""
        return from_datetime(self.as_of)

    @cached_property
    def records(self) -> dict[str, PatientRecord]:
        """Return records with all facts decoded, by patient id."""
        return {patient: _record(patient, found) for patient, found in self.resources.items()}

    @cached_property
    def packed(self) -> dict[str, dict[str, bytes]]:
        """Return what is stored of them, by key."""
        return {record.key: pack(record) for record in self.records.values()}

    def read_by_the_cohort(self) -> dict[str, list[Resource]]:
        """Return only the resources of types that the cohort reads."""
        return {
            patient: [one for one in found if one["resourceType"] in READ]
            for patient, found in self.resources.items()
        }

    def write(self, folder: Path) -> None:
        """Write NDJSON files as the CQL engine reads them."""
        lines: dict[str, list[bytes]] = {kind: [] for kind in CQL_TYPES}
        for found in self.read_by_the_cohort().values():
            for one in found:
                lines[str(one["resourceType"])].append(orjson.dumps(one))
        for kind, written in lines.items():
            (folder / f"{kind}.ndjson.gz").write_bytes(gzip.compress(b"\n".join(written), 1))


def population(patients: int) -> Population:
    """Read at most so many patients of the test data, or make up as many."""
    folder = Path(os.environ.get("HEARTHLINE_DATA") or ROOT.parent / "shared" / "data") / "synthea"
    if not folder.is_dir():
        return generated(patients)
    return Population("Synthea's patients of the test data", _SYNTHEA_DAY, _grouped(_read(folder), patients))


def generated(patients: int) -> Population:
    """Make up patients, whose blood pressures carry the code that the cohort asks for."""
    day = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC)
    made = (_recoded(resource) for resource in generate(patients))
    return Population("made up: no test data is at hand", day, _grouped(made, patients))


def _recoded(resource: Resource) -> Resource:
    if resource["resourceType"] != "Observation":
        return resource
    told: Resource = json.loads(json.dumps(resource).replace(BLOOD_PRESSURE[1], _PANEL))
    return told


def _read(folder: Path) -> Iterator[Resource]:
    files = sorted(folder.glob("*.ndjson.gz"), key=lambda path: path.name != "Patient.ndjson.gz")
    for path in files:
        if path.name.partition(".")[0] in KEPT_TYPES:
            with gzip.open(path, "rb") as lines:
                yield from map(orjson.loads, lines)


def _grouped(resources: Iterable[Resource], patients: int) -> dict[str, list[Resource]]:
    """Group what projects to one patient or more by patient."""
    found: dict[str, list[Resource]] = defaultdict(list)
    for resource in resources:
        try:
            owners = project(resource).patients
        except Rejected:
            continue
        for owner in owners:
            found[owner].append(resource)
    known = ((owner, held) for owner, held in found.items() if held[0]["resourceType"] == "Patient")
    return dict(islice(known, patients))


def _record(patient: str, resources: Iterable[Resource]) -> PatientRecord:
    contents = [project(resource).content for resource in resources]
    person = next(one for one in contents if isinstance(one, Person))
    facts = (one for one in contents if isinstance(one, Fact))
    return PatientRecord(patient_key(patient), patient, person, Facts.of_facts(*facts))


def definition() -> SegmentDefinition:
    """Return the cohort: five clauses, all of which must hold."""
    return parse_segment(yaml.safe_load(DEFINITION.read_text()), DEFINITION.name)


def compiled(chosen: SegmentDefinition) -> CompiledSegment:
    """Compile it, days in UTC."""
    return compile_segment(chosen, ValueSets.of([]), UTC)
