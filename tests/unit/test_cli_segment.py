"""`hearthline segment`: what authors see of sound and unsound files, and of the patients in a folder."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app

SEGMENT = """
url: https://example.org/segments/high
version: "1"
title: High
parameters:
  limit: {type: number, default: 9}
  period: {type: period, default: 2026}
criteria:
  all:
    - age: {at_least: 18, at: $period.end}
    - has:
        type: MedicationRequest
        valueset: https://example.org/valuesets/drugs
        label: drug
    - has:
        type: Observation
        code: loinc|4548-4
        label: HbA1c
        which: latest
        when: {starts: {in: $period}}
        value: {above: $limit, unit: "%"}
"""
DRUGS = {
    "resourceType": "ValueSet",
    "url": "https://example.org/valuesets/drugs",
    "compose": {"include": [{"system": "urn:drugs", "concept": [{"code": "a"}]}]},
}


def patient(name: str, value: float, drug: str = "a") -> list[dict[str, Any]]:
    """Return the resources of a patient; all patients call their Medication and results by the same ids."""
    subject = {"reference": f"Patient/{name}"}
    return [
        {"resourceType": "Patient", "id": name, "birthDate": "1980-05-17"},
        {
            "resourceType": "Observation",
            "id": f"{name}-result",
            "status": "final",
            "subject": subject,
            "code": {"coding": [{"system": "http://loinc.org", "code": "4548-4"}]},
            "effectiveDateTime": "2026-03-01T09:00:00Z",
            "valueQuantity": {"value": value, "code": "%"},
        },
        {
            "resourceType": "MedicationRequest",
            "id": f"{name}-order",
            "status": "active",
            "intent": "order",
            "subject": subject,
            "medicationReference": {"reference": "Medication/m"},
        },
        {
            "resourceType": "Medication",
            "id": "m",
            "code": {"coding": [{"system": "urn:drugs", "code": drug}]},
        },
    ]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "segments").mkdir()
    (tmp_path / "segments" / "high.yaml").write_text(SEGMENT)
    (tmp_path / "drugs.json").write_text(json.dumps(DRUGS))
    bundles = [patient("ada", 9.5), patient("ben", 8.5), patient("cem", 9.5, drug="b")]
    lines = [
        {"resourceType": "Bundle", "id": resources[0]["id"], "entry": [{"resource": r} for r in resources]}
        for resources in bundles
    ]
    with gzip.open(tmp_path / "patients.ndjson.gz", "wt") as file:
        file.write("".join(json.dumps(line) + "\n" for line in lines) + "rubbish\n")
    return tmp_path


def run(place: Path, *options: str) -> Result:
    files = [str(place / "segments" / "high.yaml"), "--data", str(place / "patients.ndjson.gz")]
    codes = ["--valuesets", str(place / "drugs.json"), "--as-of", "2026-06-01"]
    return CliRunner().invoke(app, ["segment", "evaluate", *files, *codes, *options])


def answers(result: Result) -> dict[str, dict[str, Any]]:
    assert result.exit_code == 0, result.output
    found = [json.loads(line) for line in result.stdout.splitlines()]
    return {answer["patient"]: answer for answer in found}


def test_one_json_line_a_patient_each_bundle_a_world_of_its_own(place: Path):
    result = run(place, "--json")
    found = answers(result)
    assert {name: answer["member"] for name, answer in found.items()} == {
        "ada": True,
        "ben": False,
        "cem": False,
    }
    assert found["ada"] == {
        "patient": "ada",
        "member": True,
        "next_flip": None,
        "reasons": ["aged 46 years on 2026-12-31", "drug", "HbA1c 9.5 % > 9 % on 2026-03-01"],
    }
    assert found["ben"]["reasons"] == ["HbA1c 8.5 % is not > 9 % on 2026-03-01"]
    assert found["cem"]["reasons"] == ["no drug"]
    assert "patients.ndjson.gz:4: not JSON" in result.stderr
    assert "1 of 3 patients are in https://example.org/segments/high|1" in result.stderr


def test_parameters(place: Path):
    assert answers(run(place, "--json", "--param", "limit=8"))["ben"]["member"]
    assert not answers(run(place, "--json", "--param", "period=2025"))["ada"]["member"]


def test_explanations_name_the_facts(place: Path):
    found = answers(run(place, "--json", "--explain"))["ada"]["explanation"]
    assert [part["criterion"] for part in found["parts"]] == ["age", "has", "has"]
    assert found["parts"][2]["facts"] == [{"reference": "Observation/ada-result", "version": ""}]
    text = run(place, "--explain").stdout
    assert "in  ada: aged 46 years on 2026-12-31; drug; HbA1c 9.5 % > 9 % on 2026-03-01" in text
    assert "  + has: HbA1c 9.5 % > 9 % on 2026-03-01 [Observation/ada-result]" in text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--param", "limit"], "is not name=value"),
        (["--param", "limt=8"], "there is no parameter limt"),
        (["--param", "limit=high"], "high is no number"),
        (["--as-of", "soon"], "is no instant"),
        (["--zone", "Mars"], "is no time zone"),
    ],
)
def test_slips_are_told(place: Path, options: list[str], said: str):
    result = run(place, *options)
    assert result.exit_code != 0
    assert said in " ".join(result.output.replace("│", " ").split())


def test_check_tells_every_mistake_with_its_place(place: Path):
    wrong = place / "segments" / "wrong.yaml"
    wrong.write_text(
        SEGMENT.replace("which: latest", "wich: latest").replace("at_least: 18", "at_least: old")
    )
    result = CliRunner().invoke(
        app, ["segment", "check", str(wrong), "--valuesets", str(place / "drugs.json")]
    )
    assert result.exit_code == 1
    assert f"{wrong}: criteria.all[0].age.at_least: is not a whole number" in result.output
    assert f"{wrong}: criteria.all[2].has.wich: is not known here" in result.output


def test_check_says_what_is_sound_and_finds_what_lies_beside(place: Path):
    (place / "valuesets").mkdir()
    (place / "valuesets" / "drugs.json").write_text(json.dumps(DRUGS))
    other = place / "segments" / "other.yaml"
    other.write_text(
        'url: https://example.org/segments/other\nversion: "1"\ntitle: Other\n'
        "criteria: {not: {member_of: https://example.org/segments/high}}\n"
    )
    result = CliRunner().invoke(app, ["segment", "check", str(other), str(place / "segments" / "high.yaml")])
    assert result.exit_code == 0, result.output
    assert result.output.count("is sound") == 2


def test_a_value_set_that_is_not_there(place: Path):
    result = CliRunner().invoke(app, ["segment", "check", str(place / "segments" / "high.yaml")])
    assert result.exit_code == 1
    assert "value set https://example.org/valuesets/drugs is not defined" in result.output


def test_the_schema_is_printed():
    assert json.loads(CliRunner().invoke(app, ["segment", "schema"]).stdout)["title"] == "SegmentDefinition"
