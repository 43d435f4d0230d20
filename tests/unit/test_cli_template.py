"""`hearthline template check | lint | preview | schema` on files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from cli.main import app
from shared.message.template import template_schema

ROOT = Path(__file__).parents[2]
GOOD = {
    "url": "https://x.example/templates/t",
    "version": "1",
    "title": "T <b>",
    "channels": {
        "sms": {
            "text": {
                "en": "{{ organisation.name }}: hello {{ recipient.given | default: 'you' }}",
                "es": "{{ organisation.name }}: hola {{ recipient.given | default: 'usted' }}",
            }
        },
        "email": {
            "subject": {"en": "On {{ appointment.day }}", "es": "El {{ appointment.day }}"},
            "html": {
                "en": "<p>{{ organisation.name }}: dear {{ patient.given }}</p>",
                "es": "<p>{{ organisation.name }}: hola {{ patient.given }}</p>",
            },
            "attach": ["calendar"],
        },
    },
}
PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "name": [{"given": ["Ana<i>"], "family": "Lopez"}],
    "communication": [{"language": {"coding": [{"code": "es-MX"}]}, "preferred": True}],
}


def run(*words: str | Path, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["template", *map(str, words)], env={"COLUMNS": "200"})
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "templates").mkdir()
    (tmp_path / "journeys").mkdir()
    (tmp_path / "data.ndjson").write_text(json.dumps(PATIENT))
    return tmp_path


def write(here: Path, name: str = "t", **changes: Any) -> Path:
    path = here / "templates" / f"{name}.yaml"
    path.write_text(yaml.safe_dump(GOOD | changes))
    return path


def test_sound_templates_are_counted(here: Path) -> None:
    write(here)
    assert run("check", here) == "1 template: no errors, no warnings.\n"
    assert run("lint", here) == "1 template: no errors, no warnings.\n"


def test_what_cannot_be_compiled_is_told_by_both(here: Path) -> None:
    path = write(here, channels={"sms": {"text": {"en": "{{ nobody }}"}}})
    for command in ("check", "lint"):
        assert f"{path}: channels.sms.text.en: there is no object nobody" in run(command, path, code=1)


def test_lint_tells_errors_and_warnings(here: Path) -> None:
    write(here, channels={"sms": {"text": {"en": "your diabetes"}}})
    told = run("lint", here, code=1)
    assert 'channels.sms.text.en: says "diabetes", which is clinical detail' in told
    assert told.endswith("1 template: 2 errors, no warnings.\n")
    assert run("check", here) == "1 template: no errors, no warnings.\n"


def test_a_journey_beside_them_says_which_come_first(here: Path) -> None:
    write(here)
    steps = [{"id": "a", "kind": "send", "template": GOOD["url"], "channels": ["sms"]}]
    (here / "journeys" / "j.yaml").write_text(yaml.safe_dump({"steps": steps}))
    (here / "journeys" / "broken.yaml").write_text("[")
    assert "does not say how to opt out" in run("lint", here, code=1)


def test_json(here: Path) -> None:
    write(here)
    told = json.loads(run("lint", here, "--json"))
    assert (told["sound"], told["files"][0]["template"]) == (True, "https://x.example/templates/t|1")


def test_what_ships_is_sound() -> None:
    assert re.search(r"\d+ templates: no errors, \d+ warnings", run("lint", "--shipped"))


def test_nothing_named_and_nothing_there(here: Path) -> None:
    assert "--shipped" in run("lint", code=2)
    assert "there is no template in it" in run("check", here / "journeys", code=1)


def test_the_schema_is_the_one_that_ships() -> None:
    assert json.loads(run("schema")) == template_schema()
    shipped = json.loads((ROOT / "definitions/schemas/template.json").read_text())
    assert shipped == template_schema(), "hearthline template schema > the file"


class TestPreview:
    """For one patient, in channels and languages."""

    def test_the_patients_own_language(self, here: Path) -> None:
        told = run("preview", write(here), "--data", here / "data.ndjson", "--as-of", "2026-03-01")
        assert "== sms, es: 1 part, 29 units of GSM-7" in told
        assert "Riverside Clinic: hola Ana<i>" in told
        assert "[subject: El domingo, 8 de marzo]" in told
        assert "[the appointment is made up]" in told
        assert "[header List-Unsubscribe-Post: List-Unsubscribe=One-Click]" in told
        assert "[attached: appointment.ics, text/calendar" in told
        assert "en" not in re.findall(r"^== \w+, (\w+)", told, re.MULTILINE)

    def test_every_language_and_one_channel(self, here: Path) -> None:
        told = run("preview", write(here), "--ndjson", here, "--language", "all", "--channel", "sms")
        assert re.findall(r"^== (\w+, \w+)", told, re.MULTILINE) == ["sms, en", "sms, es"]

    def test_what_cannot_be_rendered_is_shown(self, here: Path) -> None:
        path = write(here, channels={"sms": {"text": {"en": "{{ location.name }}"}}})
        assert "cannot be sent: " in run("preview", path, "--data", here)

    def test_the_page_escapes_everything(self, here: Path) -> None:
        page = here / "page.html"
        run("preview", write(here), "--data", here, "--language", "all", "--html", page)
        html = page.read_text()
        assert "<h1>T &lt;b&gt;</h1>" in html
        assert "Ana&lt;i&gt;" in html
        assert "<i>" not in html
        assert html.count("<iframe sandbox") == 2

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (("--patient", "p2"), "there is no patient p2"),
            (("--language", "fr"), "is not written for that channel or language"),
            (("--to", "RelatedPerson/1"), "the record knows no RelatedPerson/1"),
            (("--focus", "Appointment/1"), "the record knows no Appointment/1"),
        ],
    )
    def test_what_is_not_there(self, here: Path, words: tuple[str, ...], told: str) -> None:
        assert told in run("preview", write(here), "--data", here / "data.ndjson", *words, code=1)

    def test_a_patient_or_files(self, here: Path) -> None:
        assert "name the patient" in run("preview", write(here), code=1)
