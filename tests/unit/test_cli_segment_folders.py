"""`hearthline segment`: segments of other folders, parameters that reach them, Bundles of one patient."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app

HEAD = 'version: "1"\ntitle: Test\nparameters:\n  period: {type: period, default: 2026}\n'
SEEN = f"""url: urn:seen
{HEAD}criteria:
  has: {{type: Encounter, when: {{during: $period}}}}
"""
ADULTS = f"""url: urn:adults
{HEAD}criteria:
  all:
    - age: {{at_least: 18, at: $period.end}}
    - member_of: urn:seen
"""


def bundle(subject: object, patient: str = "ada") -> dict[str, Any]:
    visit = {"resourceType": "Encounter", "id": f"{patient}-visit", "status": "finished"}
    visit |= {"period": {"start": "2025-03-01", "end": "2025-03-02"}}
    entries = [{"resourceType": "Patient", "id": patient, "birthDate": "1980-05-17"}, visit]
    entries[1] |= {} if subject is None else {"subject": {"reference": subject}}
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": entry} for entry in entries],
    }


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "seen.yaml").write_text(SEEN)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "adults.yaml").write_text(ADULTS)
    return tmp_path


def evaluate(place: Path, *more: str, data: dict[str, Any] | None = None) -> Result:
    (place / "data.ndjson").write_text(json.dumps(data or bundle("Patient/ada")) + "\n")
    words = ["segment", "evaluate", str(place / "own" / "adults.yaml"), "--data", str(place / "data.ndjson")]
    return CliRunner().invoke(app, [*words, "--as-of", "2027-01-01", "--json", *more])


def member(result: Result) -> bool:
    assert result.exit_code == 0, result.output
    return bool(json.loads(result.stdout.splitlines()[0])["member"])


def test_a_segment_of_another_folder_is_found_when_told(place: Path):
    missing = evaluate(place)
    assert missing.exit_code == 1
    assert "urn:seen" in missing.output
    parts = str(place / "parts")
    assert not member(evaluate(place, "--segments", parts))
    words = ["segment", "check", str(place / "own" / "adults.yaml"), "--segments", parts]
    assert CliRunner().invoke(app, words).exit_code == 0


def test_a_parameter_reaches_what_is_referred_to(place: Path):
    assert member(evaluate(place, "--segments", str(place / "parts"), "--param", "period=2025"))
    assert not member(evaluate(place, "--segments", str(place / "parts"), "--param", "period=2024"))


@pytest.mark.parametrize("subject", ["Patient/somebody-else", "Patient/no id", None])
def test_a_bundle_of_one_patient_is_about_that_patient(place: Path, subject: object):
    told = ("--segments", str(place / "parts"), "--param", "period=2025")
    result = evaluate(place, *told, data=bundle(subject))
    assert member(result)
    assert "1 resources of Bundles refer to nobody in the Bundle" in result.stderr


def test_in_a_bundle_of_two_patients_each_resource_says_whose_it_is(place: Path):
    both, other = bundle("Patient/bob"), bundle("Patient/bob", "bob")["entry"][0]
    both["entry"].append(other)
    result = evaluate(place, "--segments", str(place / "parts"), "--param", "period=2025", data=both)
    found = {line["patient"]: line["member"] for line in map(json.loads, result.stdout.splitlines())}
    assert found == {"ada": False, "bob": True}
