"""`hearthline segment group`, `take-list` and `audit` against real storage and a real FHIR server."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest
from typer.testing import CliRunner

from cli.main import app

URL = "https://cli-groups.example/segments/women"


@pytest.fixture
def run(azurite: str, sekmet: str, tmp_path: Path) -> object:
    """Run a command on the deployment, and return its exit code and output."""
    path = tmp_path / "local.settings.json"
    path.write_text(json.dumps({"Values": {"AzureWebJobsStorage": azurite, "HEARTHLINE_FHIR_URL": sekmet}}))

    def command(*arguments: str) -> tuple[int, str]:
        outcome = CliRunner().invoke(app, [*arguments, "--settings", str(path)])
        return outcome.exit_code, outcome.output

    return command


async def write(base: str, *resources: dict[str, object]) -> None:
    async with aiohttp.ClientSession() as session:
        for each in resources:
            async with session.put(f"{base}/{each['resourceType']}/{each['id']}", json=each) as answer:
                assert answer.status < 300


def person(name: str, gender: str) -> dict[str, object]:
    return {"resourceType": "Patient", "id": name, "gender": gender}


def test_a_segment_goes_to_the_server_and_comes_back_as_a_list(run, sekmet, tmp_path):
    """Published, taken in, shown as a Group, written, and read again as a list of the same people."""
    people = [person("groups-1", "female"), person("groups-2", "male"), person("groups-3", "female")]
    asyncio.run(write(sekmet, *people))
    (tmp_path / "segments").mkdir()
    definition = {"url": URL, "version": "1", "title": "Women", "criteria": {"gender": "female"}}
    (tmp_path / "segments" / "women.json").write_text(json.dumps(definition))
    assert run("publish", str(tmp_path))[0] == 0
    assert run("take-in")[0] == 0
    file = str(tmp_path / "segments" / "women.json")
    code, output = run("segment", "preview", file, "--stored", "--json")
    assert code == 0, output
    assert json.loads(output)["members"] >= 2
    assert "patients" in run("segment", "preview", file, "--stored", "--at-most", "100")[1]
    code, output = run("segment", "group", URL)
    assert code == 0, output
    group = json.loads(output)
    named = {member["entity"]["reference"] for member in group["member"]}
    assert {"Patient/groups-1", "Patient/groups-3"} <= named
    assert "Patient/groups-2" not in named
    code, output = run("segment", "group", URL, "--write")
    assert (code, output) == (0, f"Group/{group['id']} written, version 1\n")
    assert run("segment", "group", URL, "--write")[1] == f"Group/{group['id']} stays, version 1\n"
    listed = f"{len(named)} people"
    code, output = run("segment", "take-list", f"Group/{group['id']}", "https://cli-groups.example/lists/w")
    assert code == 0, output
    assert output.startswith(f"{listed}; published list https://cli-groups.example/lists/w|")
    assert run("segment", "take-list", f"Group/{group['id']}", "https://cli-groups.example/lists/w")[1] == (
        f"{listed}, as before.\n"
    )


def test_what_is_not_published_or_not_there_is_told(run):
    code, output = run("segment", "group", "urn:none")
    assert (code, output) == (1, "no such segment is published\n")
    code, output = run("segment", "take-list", "Group/none", "urn:list")
    assert (code, output) == (1, "the FHIR server has no such Group\n")


def test_an_audit_shows_what_differs_and_the_latest_runs(run):
    """The storage is shared with other tests, whose patients this server does not know: that is told."""
    code, output = run("audit")
    assert "patients looked at" in output
    assert "0 repaired" in output
    assert code == (0 if " 0 differences" in output else 1)
    code, output = run("audit", "--runs")
    assert code == 0
    assert "differences" in output
