"""`hearthline audit list|verify|export`, by the admin API over real storage and a FHIR server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from stub_fhir import StubFhir
from typer.testing import CliRunner, Result

from cli.main import app
from shared.adapters.storage_rest import StorageRest, connection_account
from shared.adapters.table_rest import Tables
from shared.adapters.tables import Write
from shared.bootstrap import build
from shared.config import settings
from shared.patient.record import patient_key
from shared.ports.trail import AuditEntry


@pytest.fixture
def fhir() -> Iterator[StubFhir]:
    server = StubFhir()
    yield server
    server.close()


@pytest.fixture
def patient(tmp_path: Path) -> str:
    """Name somebody who is this test's own: storage is shared."""
    return tmp_path.name.replace("_", "-")


@pytest.fixture
def deployment(azurite: str, tmp_path: Path, fhir: StubFhir, patient: str) -> Path:
    """Leave three entries about a patient."""
    values = {"AzureWebJobsStorage": azurite, "HEARTHLINE_FHIR_URL": f"{fhir.url}/fhir"}
    path = tmp_path / "local.settings.json"
    path.write_text(json.dumps({"Values": values}))

    async def leave() -> None:
        async with aiohttp.ClientSession() as session:
            services = await build(settings(values), session)
            for number in range(3):
                entry = AuditEntry(
                    at=services.clock.now(),
                    request=patient,
                    operation="getPatient",
                    kind="read",
                    outcome="done",
                    by=f"u{number}",
                    patient=patient_key(patient),
                    glass=number == 2,
                    why="somebody called",
                )
                await services.trail.append(entry)

    asyncio.run(leave())
    return path


def run(deployment: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["audit", *arguments, "--settings", str(deployment)])


def listed(deployment: Path, *arguments: str) -> list[dict[str, object]]:
    result = run(deployment, "list", "--json", "--by", "auditor", *arguments)
    assert result.exit_code == 0, result.output
    found: list[dict[str, object]] = json.loads(result.stdout)
    return found


def test_who_read_what_is_listed(deployment: Path, patient: str) -> None:
    asked = ("--patient", patient, "--operation", "getPatient")
    assert [each["by"] for each in listed(deployment, *asked)] == ["u2", "u1", "u0"]
    assert [each["by"] for each in listed(deployment, *asked, "--glass")] == ["u2"]
    assert [each["by"] for each in listed(deployment, *asked, "--caller", "u1")] == ["u1"]
    assert [each["by"] for each in listed(deployment, *asked, "--limit", "1")] == ["u2"]
    shown = run(deployment, "list", *asked).output.splitlines()
    assert shown[0].endswith(f"getPatient by u2 of {patient_key(patient)} (somebody called) GLASS")
    noted = listed(deployment, "--patient", patient, "--operation", "listAudit", "--caller", "auditor")
    assert len(noted) >= 4


def test_what_is_no_instant_is_said(deployment: Path) -> None:
    result = run(deployment, "list", "--since", "yesterday")
    assert (result.exit_code, "must be an instant" in result.output) == (1, True)


def test_it_is_proven_until_somebody_edits_a_row(deployment: Path, patient: str, azurite: str) -> None:
    sound = run(deployment, "verify")
    assert (sound.exit_code, "Sound:" in sound.output, "without a key" in sound.output) == (0, True, True)
    row = asyncio.run(_edit(azurite, patient, b"u1", b"u0"))
    try:
        found = run(deployment, "verify", "--json")
        assert (found.exit_code, json.loads(found.stdout)["fault"]["what"]) == (
            1,
            "an entry was edited or moved",
        )
        shown = run(deployment, "verify")
        assert (shown.exit_code, "NOT SOUND: lane" in shown.output) == (1, True)
        (edited,) = (
            each for each in listed(deployment, "--patient", patient, "--caller", "u0") if not each["genuine"]
        )
        assert edited
    finally:
        assert asyncio.run(_edit(azurite, patient, b"u0", b"u1", row)) == row
    assert run(deployment, "verify").exit_code == 0


async def _edit(azurite: str, request: str, old: bytes, new: bytes, only: str = "") -> str:
    """Write another caller into the rows of the second entry, as somebody with access to storage could."""
    async with aiohttp.ClientSession() as session:
        tables = Tables(StorageRest(connection_account(azurite, "table"), session))
        found = [row async for row, _ in tables.query("audit", "PartitionKey ge ''")]
        mine = [row for row in found if request.encode() in row.get("body", b"")]
        stamp = only or sorted(str(row["RowKey"]) for row in mine if str(row["RowKey"])[0] == "e")[1]
        for row in mine:
            partition, name = str(row.pop("PartitionKey")), str(row.pop("RowKey"))
            if name.rpartition("-")[2] == stamp.rpartition("-")[2]:
                body = bytes(row["body"]).replace(b'"by":"' + old, b'"by":"' + new)
                await tables.write("audit", Write("upsert", partition, name, {**row, "body": body}))
        return stamp


def test_it_is_written_to_the_fhir_server(deployment: Path, fhir: StubFhir) -> None:
    first = json.loads(run(deployment, "export", "--json").stdout)
    assert first["written"] >= 3
    again = run(deployment, "export")
    assert again.output in [f"{number} entries written.\n" for number in (1, 2, 3)]
    assert "What the FHIR server was told: agrees" in run(deployment, "verify").output


def test_the_audit_of_records_is_still_there(deployment: Path) -> None:
    result = run(deployment, "--runs")
    assert (result.exit_code, "differences" in result.output) == (0, True)


def test_options_in_front_of_a_subcommand_are_not_passed_over(deployment: Path) -> None:
    result = CliRunner().invoke(app, ["audit", "--settings", str(deployment), "verify"])
    assert (result.exit_code, "options go behind verify" in result.output) == (2, True)
