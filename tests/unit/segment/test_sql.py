"""SQL over columns says the same as evaluation does: random definitions, people, instants and zones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import tzinfo
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.adapters.columns_duckdb import ParquetColumns
from shared.adapters.columns_writer import ParquetWriter
from shared.fhir.instants import DAY, Instant
from shared.patient.record import PatientRecord, patient_key
from shared.segment.compile import compile_segments
from shared.segment.definition import SegmentDefinition, parse_segment
from shared.segment.sql.translate import to_sql
from tests.unit.segment import composed, leaning
from tests.unit.segment.making import NO_VALUESETS
from tests.unit.segment.strategies import EXAMPLES, instants, zones

OTHER = {
    "url": "https://example.org/other",
    "version": "1",
    "title": "Other",
    "time_zone": "Pacific/Auckland",
    "criteria": {"has": {"type": "Condition", "when": {"starts": {"last": "P1Y"}}}},
}
ASKED = "SELECT id FROM patients SEMI JOIN members USING (patient)"
thorough = settings(
    max_examples=EXAMPLES // 6,  # each has six people and four definitions
    deadline=None,
    derandomize=EXAMPLES <= 120,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


class Population:
    """Records and the same in columns."""

    def __init__(self, records: Iterable[PatientRecord], folder: Path) -> None:
        self.records = tuple(records)
        writer = ParquetWriter(folder, shard=4)
        for record in self.records:
            writer.add(record)
        writer.finish(Instant(0))
        self.columns = ParquetColumns(folder)

    def members(
        self,
        definition: SegmentDefinition,
        zone: tzinfo,
        now: Instant,
        others: Mapping[str, SegmentDefinition],
    ) -> set[str]:
        query = to_sql(definition, NO_VALUESETS, zone, now, self.columns.snapshot, others)
        (rows,) = self.columns.ask(query, [ASKED])
        assert len(rows) == len({found for (found,) in rows})
        return {found for (found,) in rows}


@given(st.data())
@thorough
def test_sql_finds_whom_evaluation_finds(data: st.DataObject):
    base = data.draw(instants)
    records = data.draw(composed.populations(base))
    documents = data.draw(st.lists(composed.documents(), min_size=4, max_size=4))
    zone = data.draw(zones)
    by = data.draw(st.sampled_from([-40, -3, -1, 0, 0, 1, 3, 40, 200]))
    now = Instant(base + by * DAY + data.draw(st.integers(-1, 1)))
    with TemporaryDirectory() as folder:
        population = Population(records, Path(folder))
        for document in documents:
            compare(population, document, zone, now)
        population.columns.close()


def compare(population: Population, document: dict[str, object], zone: tzinfo, now: Instant) -> None:
    definitions = [parse_segment(found, "test.yaml") for found in (OTHER, document)]
    others = {definition.url: definition for definition in definitions}
    *_, segment = compile_segments(definitions, NO_VALUESETS, zone)
    segment = next(s for s in compile_segments(definitions, NO_VALUESETS, zone) if s.url == document["url"])
    expected = {r.patient_id for r in population.records if segment.evaluate(r, now).member}
    assert population.members(definitions[1], zone, now, others) == expected


@given(st.data())
@thorough
def test_sql_reads_patterns_that_lean_on_others_as_evaluation_does(data: st.DataObject):
    """Other definitions than above: drawn for what hangs and links, with little else in them."""
    scenes = data.draw(st.lists(leaning.scenes(), min_size=4, max_size=4))
    zone, season = data.draw(zones), data.draw(st.sampled_from(["02-29", "03-14", "12-31"]))
    records = [replace(record, patient_id=f"p{n}") for n, (record, _, _) in enumerate(scenes)]
    with TemporaryDirectory() as folder:
        population = Population([_called(record) for record in records], Path(folder))
        for number, (_, body, now) in enumerate(scenes):
            part = {"any": [body["criteria"], {"all": [{"season": {"from": "02-28", "until": season}}]}]}
            document = {"url": f"urn:{number}", "version": "1", "title": "T", **body}
            compare(population, document, zone, now)
            compare(population, {**document, "criteria": part}, zone, now)
        population.columns.close()


def _called(record: PatientRecord) -> PatientRecord:
    """Give everybody an id of their own: all that are drawn are Ada."""
    assert record.person is not None
    key = patient_key(record.patient_id)
    return replace(record, key=key, person=replace(record.person, resource_id=record.patient_id))
