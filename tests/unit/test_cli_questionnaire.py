"""`hearthline questionnaire check`: what an author hears of sound and unsound questionnaires."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from cli.main import app
from tests.unit.journey.test_survey_reading import SOUND


def check(*words: str) -> Result:
    return CliRunner().invoke(app, ["questionnaire", "check", *words])


def test_what_ships_is_sound() -> None:
    result = check()
    assert result.exit_code == 0
    assert result.output.count("is sound") == 3
    assert "comes to detractor, passive, promoter, answered" in result.output
    assert "a warning" not in result.output


def test_every_mistake_is_told_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "q.json"
    file.write_text(json.dumps({**SOUND, "item": [{"linkId": "a", "text": "When?", "type": "date"}]}))
    result = check(str(file))
    assert result.exit_code == 1
    assert f"{file}: item[0].type: date cannot be asked" in result.output


def test_what_is_not_translated_is_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "q.json"
    extension = {
        "url": "http://hl7.org/fhir/StructureDefinition/translation",
        "extension": [{"url": "lang", "valueCode": "es"}, {"url": "content", "valueString": "Preguntas"}],
    }
    file.write_text(json.dumps({**SOUND, "_title": {"extension": [extension]}}))
    result = check(str(file))
    assert result.exit_code == 0
    assert "is sound" in result.output
    assert "of its texts are not in es - a warning" in result.output


def test_questions_are_shown_as_they_go_out(tmp_path: Path) -> None:
    file = tmp_path / "q.json"
    file.write_text(json.dumps(SOUND))
    result = check(str(file), "--show")
    assert "A?\n    1 Yes\n    2 No\n    Reply with the number of your answer." in result.output


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "q.json").write_text("[]")
    assert check(str(tmp_path / "q.json")).exit_code == 1
    assert check(str(tmp_path / "none.json")).exit_code == 1
