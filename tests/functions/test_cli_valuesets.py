"""`hearthline publish` and `segment take-valueset` with value sets from a real FHIR server."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from cli.main import app

type Command = Callable[..., tuple[int, str]]


@pytest.fixture
def run(azurite: str, sekmet: str, tmp_path: Path) -> Command:
    path = tmp_path / "local.settings.json"
    path.write_text(json.dumps({"Values": {"AzureWebJobsStorage": azurite, "HEARTHLINE_FHIR_URL": sekmet}}))

    def command(*arguments: str) -> tuple[int, str]:
        outcome = CliRunner().invoke(app, [*arguments, "--settings", str(path)])
        return outcome.exit_code, outcome.output.replace("\n", "")

    return command


def keep(base: str, url: str, version: str, *codes: str) -> None:
    include = [{"system": "urn:x", "concept": [{"code": code} for code in codes]}]
    body = {"resourceType": "ValueSet", "id": uuid4().hex, "url": url, "version": version, "status": "active"}
    content = json.dumps({**body, "compose": {"include": include}}).encode()
    headers = {"Content-Type": "application/fhir+json"}
    place = f"{base}/ValueSet/{body['id']}"
    request = urllib.request.Request(place, content, headers, method="PUT")
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 201


def test_a_value_set_is_read_with_the_publication_and_taken_again(run: Command, sekmet: str, tmp_path: Path):
    """Missing: nothing is published. Then read, left alone by the next publication, and taken when newer."""
    url = f"https://cli-valuesets.example/{tmp_path.name}"
    criteria = {"has": {"type": "Condition", "valueset": url}}
    (tmp_path / "segments").mkdir()
    definition = {"url": f"{url}/segment", "version": "1", "title": "Ill", "criteria": criteria}
    (tmp_path / "segments" / "ill.json").write_text(json.dumps(definition))
    code, output = run("publish", str(tmp_path))
    assert code == 1
    assert f"value set {url} is not defined, and the FHIR server does not know it" in output
    code, output = run("segment", "take-valueset", url)
    assert (code, output) == (1, f"{url}: the FHIR server does not know it")
    keep(sekmet, url, "1.0", "a", "b")
    code, output = run("publish", str(tmp_path))
    assert code == 0, output
    assert output.startswith(f"read from the FHIR server: valueset {url}|1.0published ")
    assert "2 of 2 were new; every patient is looked at" in output
    keep(sekmet, url, "1.1", "a")
    assert run("publish", str(tmp_path))[1].startswith("0 of 1 were new; nobody")
    assert run("segment", "take-valueset", f"{url}|1.0") == (0, "2 codes, as in version 1.0.")
    assert run("segment", "take-valueset", url) == (0, f"1 codes; published valueset {url}|1.1.")
    told = "2 codes, as in version 1.0. Segments that name no version go by 1.1."
    assert run("segment", "take-valueset", f"{url}|1.0") == (0, told)
