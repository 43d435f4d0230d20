"""Previews: counts by age, sex, language and channel, and a sample that stays the same."""

from __future__ import annotations

import json
from datetime import UTC
from pathlib import Path

import pytest
import typer
from msgspec.structs import replace
from typer.testing import CliRunner

from cli.columns import columns as columns_command
from cli.segment_preview import segment_preview
from shared.adapters.columns_duckdb import ParquetColumns
from shared.adapters.columns_writer import ParquetWriter
from shared.errors import Invalid
from shared.fhir.choice import Choice
from shared.fhir.fact import Address, ContactPoint, Person
from shared.fhir.instants import Instant
from shared.patient.record import Decision, PatientRecord, patient_key
from shared.ports import Stored
from shared.usecases.columns import write_columns
from shared.usecases.preview import Asked, Preview, preview
from tests.unit.memory_kit import Time, in_memory
from tests.unit.segment.making import NO_VALUESETS, at, definition

NOW, OLD = at("2026-03-01"), at("2026-02-28")
PHONE, MAIL = ContactPoint("phone", "1"), ContactPoint("email", "a@example.org")
HOME = Address("home", ("1 Way",))
PEOPLE = (
    Person("child", birth_date="2008-03-02", gender="female", telecom=(PHONE,), languages=("es-MX",)),
    Person("adult", birth_date="2008-03-01", gender="male", telecom=(PHONE, MAIL), languages=("es",)),
    Person("stopped", birth_date="1946", telecom=(PHONE, MAIL)),
    Person("letter", birth_date="1961-03-01", addresses=(HOME,), languages=("EN",)),
    Person("unknown", telecom=(replace(PHONE, end=Instant(NOW - 1)),)),
    Person("dead", birth_date="1930-01-01", deceased=True),
)


def records() -> list[PatientRecord]:
    made = [PatientRecord(patient_key(p.resource_id), p.resource_id, p) for p in PEOPLE]
    return [
        replace(r, opt_outs=(Choice("sms", "1", Instant(0)),)) if r.patient_id == "stopped" else r
        for r in made
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    writer = ParquetWriter(tmp_path / "columns", shard=2)
    for record in records():
        writer.add(record)
    writer.finish(OLD)
    return tmp_path / "columns"


def previewed(folder: Path, criteria: dict[str, object], size: int = 10) -> Preview:
    columns = ParquetColumns(folder)
    found = preview(columns, Asked(definition(criteria), NO_VALUESETS, UTC, NOW, size=size))
    columns.close()
    return found


def test_members_are_counted_in_every_way(folder: Path) -> None:
    found = previewed(folder, {"active": True})
    assert (found.members, found.population, found.as_of, found.snapshot) == (5, 6, NOW, OLD)
    assert found.age == {"0-17": 1, "18-39": 1, "65-79": 1, "80+": 1, "unknown": 1}
    assert found.sex == {"unknown": 3, "female": 1, "male": 1}
    assert found.language == {"es": 2, "unknown": 2, "en": 1}
    assert found.channel == {"sms": 2, "email": 1, "letter": 1, "none": 1}


def test_a_sample_stays_the_same_and_names_nobody_but_by_id(folder: Path) -> None:
    first, again = (previewed(folder, {"active": True}, size=3).sample for _ in range(2))
    assert first == again
    assert len(first) == 3
    assert all(one.key == patient_key(one.patient) for one in first)


def test_nobody_is_an_answer_too(folder: Path) -> None:
    found = previewed(folder, {"gender": "other"})
    assert (found.members, found.age, found.sample) == (0, {}, ())


def test_a_definition_that_does_not_compile_is_refused(folder: Path) -> None:
    with pytest.raises(Invalid, match="is not defined"):
        previewed(folder, {"has": {"type": "Condition", "valueset": "urn:nowhere"}})


async def test_the_store_is_written_into_columns(tmp_path: Path) -> None:
    services = in_memory(Time())
    for record in records():
        await services.patients.commit(Stored(PatientRecord(record.key, record.patient_id)), Decision(record))
    heard: list[int] = []
    writer = ParquetWriter(tmp_path)
    made = await write_columns(services, writer, heard.append)
    writer.close()
    assert (made.patients, made.as_of, heard) == (6, services.clock.now(), [6])
    assert previewed(tmp_path, {"active": True}).members == 5


def run(*words: str) -> tuple[int, str]:
    app = typer.Typer()
    app.command("preview")(segment_preview)
    app.add_typer(columns_command, name="columns")
    answer = CliRunner().invoke(app, list(words))
    return answer.exit_code, answer.stdout


def test_the_command_line_builds_columns_and_previews(tmp_path: Path) -> None:
    lines = [
        {"resourceType": "Patient", "id": "a", "birthDate": "1990-01-01", "gender": "female"},
        {"resourceType": "Patient", "id": "b", "gender": "male"},
    ]
    (tmp_path / "data.ndjson").write_text("\n".join(map(json.dumps, lines)))
    (tmp_path / "s.json").write_text(
        json.dumps({"url": "urn:s", "version": "1", "title": "S", "criteria": {"gender": "female"}})
    )
    data, to, segment = (str(tmp_path / name) for name in ("data.ndjson", "columns", "s.json"))
    assert run("columns", "build", "--data", data, "--to", to, "--as-of", "2026-01-01")[0] == 0
    status, answer = run("preview", segment, "--columns", to, "--as-of", "2026-03-01", "--json")
    assert status == 0
    found = json.loads(answer)
    assert (found["members"], found["population"], found["age"]) == (1, 2, {"18-39": 1})
    assert (found["as_of"][:10], found["snapshot"][:10]) == ("2026-03-01", "2026-01-01")
    assert [one["patient"] for one in found["sample"]] == ["a"]
    status, shown = run("preview", segment, "--data", data, "--as-of", "2026-03-01")
    assert (status, "1 of 2 patients" in shown) == (0, True)
    assert run("preview", segment)[0] != 0
    assert run("preview", segment, "--columns", str(tmp_path))[0] == 1
