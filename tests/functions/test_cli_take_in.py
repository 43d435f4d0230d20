"""`hearthline take-in` against real storage: from files, and from an export of a real FHIR server."""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path

import aiohttp
import orjson
import pytest
from typer.testing import CliRunner

from cli.main import app
from shared.adapters.clock import SystemClock
from shared.bootstrap import build
from shared.config import settings
from shared.fhir.instants import SECOND
from shared.fhir.project import KEPT_TYPES
from shared.patient.record import PatientRecord, patient_key
from shared.usecases.recover import watermark
from shared.usecases.services import Services


def person(name: str) -> dict[str, object]:
    return {"resourceType": "Patient", "id": name, "gender": "female"}


def result(name: str, patient: str) -> dict[str, object]:
    subject = {"reference": f"Patient/{patient}"}
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "subject": subject,
        "code": {"text": "x"},
    }


@pytest.fixture
def values(azurite: str) -> dict[str, str]:
    return {"AzureWebJobsStorage": azurite, "HEARTHLINE_FHIR_URL": "http://127.0.0.1:9/fhir"}


def take_in(values: dict[str, str], folder: Path, *arguments: str) -> tuple[int, str]:
    path = folder / "local.settings.json"
    path.write_text(json.dumps({"Values": values}))
    outcome = CliRunner().invoke(app, ["take-in", "--settings", str(path), *arguments])
    return outcome.exit_code, outcome.output.replace("\n", " ")


async def known(values: dict[str, str], *ids: str) -> list[PatientRecord]:
    async with aiohttp.ClientSession() as session:
        services = await build(settings(values), session)
        return [(await services.patients.load(patient_key(each))).record for each in ids]


async def marked(values: dict[str, str]) -> dict[str, int]:
    async with aiohttp.ClientSession() as session:
        services: Services = await build(settings(values), session)
        return {kind: (await watermark(services, kind))[0].latest for kind in KEPT_TYPES}


def test_from_files_without_a_server(values, tmp_path):
    """Files by type, gzipped, and Bundles; twice is once; rubbish is named and stops nothing."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "Patient.ndjson").write_bytes(orjson.dumps(person("files-1")) + b"\n{rubbish\n")
    results = b"\n".join(orjson.dumps(result(f"r{n}", f"files-{1 + n % 2}")) for n in range(6))
    (data / "Observation.ndjson.gz").write_bytes(gzip.compress(results))
    entries = [{"resource": person("files-2")}, {"resource": {"resourceType": "Claim", "id": "c"}}]
    (data / "bundle.json").write_bytes(orjson.dumps({"resourceType": "Bundle", "entry": entries}))
    commits = set()  # how many it takes is up to what other tests have published in this storage
    for _ in range(2):
        code, output = take_in(values, tmp_path, "--from", str(data))
        assert code == 0, output
        assert "2 patients taken in." in output
        assert "8 resources kept" in output
        assert "1 of a type that is not kept: Claim 1" in output
        assert "Patient.ndjson:2: not JSON" in output
        first, second = asyncio.run(known(values, "files-1", "files-2"))
        commits.add((first.sequence, second.sequence))
    assert len(commits) == 1
    assert sorted(fact.resource_id for fact in first.facts) == ["r0", "r2", "r4"]
    assert sorted(fact.resource_id for fact in second.facts) == ["r1", "r3", "r5"]
    assert first.person is not None


async def written(base: str, *resources: dict[str, object]) -> None:
    async with aiohttp.ClientSession() as session:
        for each in resources:
            async with session.put(f"{base}/{each['resourceType']}/{each['id']}", json=each) as answer:
                assert answer.status == 201


def test_from_an_export_of_the_server(values, tmp_path, sekmet):
    """Everybody, with the server's versions, and reconciliation goes on from the instant of the export."""
    resources = [person("export-1"), person("export-2"), result("e1", "export-1"), result("e2", "export-2")]
    asyncio.run(written(sekmet, *resources))
    values["HEARTHLINE_FHIR_URL"], began = sekmet, SystemClock().now() // SECOND * SECOND
    code, output = take_in(values, tmp_path, "--export")
    assert code == 0, output
    assert "2 patients taken in." in output
    first, second = asyncio.run(known(values, "export-1", "export-2"))
    assert [(fact.resource_id, fact.version) for fact in (*first.facts, *second.facts)] == [
        ("e1", "1"),
        ("e2", "1"),
    ]
    assert min(asyncio.run(marked(values)).values()) >= began


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--export", "--from", "."], "two different ways"),
        (["--as-of", "2026-01-01"], "--from"),
        (["--group", "1"], "--export"),
        (["--export", "--since", "soon"], "no instant"),
    ],
)
def test_what_does_not_go_together_is_told(values, tmp_path, arguments, told):
    code, output = take_in(values, tmp_path, *arguments)
    assert code == 2
    assert told in output


def test_a_server_without_exports_is_told_in_a_line(values, tmp_path):
    code, output = take_in(values, tmp_path, "--export")
    assert code == 1
    assert output.count("no answer from the FHIR server") == 1
