"""Strata: asked of the record, a member falls under the very words that SQL over columns finds."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from datetime import UTC
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.adapters.columns_duckdb import ParquetColumns
from shared.adapters.columns_writer import ParquetWriter
from shared.fhir.choice import Choice
from shared.fhir.fact import Address, ContactPoint, Person
from shared.fhir.instants import Instant
from shared.patient.record import PatientRecord, patient_key
from shared.segment.sql.preview import BREAKDOWNS
from shared.segment.strata import Strata
from shared.segment.wall import wall_of
from shared.usecases.preview import Asked, preview
from tests.unit.segment.making import NO_VALUESETS, at, definition

NOW = at("2026-03-01")
_PEOPLE = st.builds(
    Person,
    resource_id=st.uuids().map(str),
    birth_date=st.sampled_from(["", "2008-03-01", "2008-03-02", "1961-03", "1946", "2027-01-01", "no date"]),
    gender=st.sampled_from(["", "female", "male", "other"]),
    languages=st.sampled_from([(), ("es-MX", "en"), ("EN",), ("zh-Hant",)]),
    addresses=st.sampled_from([(), (Address("home", ("1 Way",)),), (Address("old", ("1 Way",)),)]),
    telecom=st.lists(
        st.builds(
            ContactPoint,
            system=st.sampled_from(["phone", "sms", "email", "fax"]),
            value=st.just("1"),
            end=st.sampled_from([None, Instant(NOW - 1), Instant(NOW + 1)]),
        ),
        max_size=3,
    ).map(tuple),
)
_SILENT = st.sets(st.sampled_from(["sms", "email"]))


@given(people=st.lists(st.tuples(_PEOPLE, _SILENT), min_size=1, max_size=12))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_member_falls_under_the_words_that_sql_finds(people: list[tuple[Person, set[str]]]) -> None:
    records = [_record(person, silent) for person, silent in people]
    strata, counts = Strata(wall_of(UTC), NOW), {name: Counter[str]() for name in BREAKDOWNS}
    for record in records:
        for name, word in strata.of(record).items():
            counts[name][word] += 1
    with TemporaryDirectory() as folder:
        writer = ParquetWriter(Path(folder) / "columns", shard=5)
        for record in records:
            writer.add(record)
        writer.finish(NOW)
        with closing(ParquetColumns(Path(folder) / "columns")) as columns:
            found = preview(columns, Asked(definition({"active": True}), NO_VALUESETS, UTC, NOW))
    assert {name: dict(getattr(found, name)) for name in BREAKDOWNS} == counts


def test_of_somebody_who_is_not_known_there_is_nothing_to_say() -> None:
    assert Strata(wall_of(UTC), NOW).of(PatientRecord("0" * 32, "nobody")) == {}


def _record(person: Person, silent: set[str]) -> PatientRecord:
    choices = tuple(Choice(channel, "1", Instant(0)) for channel in sorted(silent))
    name = person.resource_id
    return PatientRecord(patient_key(name), name, person, opt_outs=choices)
