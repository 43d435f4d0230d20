"""`hearthline sources` and `operations` over real storage: what they do and say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app

BY = ("--by", "u17")


class Command:
    """The command line, on one deployment."""

    def __init__(self, deployment: Path) -> None:
        self._deployment = deployment

    def __call__(self, *words: str, code: int = 0) -> str:
        all_words = [*words, "--settings", str(self._deployment)]
        result = CliRunner().invoke(app, all_words, env={"COLUMNS": "250"})
        assert result.exit_code == code, result.output
        return result.output


@pytest.fixture
def run(deployment: Path) -> Iterator[Command]:
    """Give the command line on a deployment that can seal secrets; no source is left there."""
    values = json.loads(deployment.read_text())["Values"]
    values["HEARTHLINE_SEAL_SECRETS"] = json.dumps(["a secret of thirty-two bytes or more"])
    deployment.write_text(json.dumps({"Values": values}))
    command = Command(deployment)
    yield command
    for each in json.loads(command("sources", "list", "--json")):
        if each["origin"] == "api":
            command("sources", "delete", each["name"], *BY)


def test_a_source_is_put_rotated_shown_and_deleted(run: Command, tmp_path: Path) -> None:
    file = tmp_path / "medplum.json"
    file.write_text(json.dumps({"formats": ["medplum"], "proofs": [{"kind": "hmac"}]}))
    assert json.loads(run("sources", "put", "cli-medplum", str(file), *BY))["origin"] == "api"
    first = run("sources", "rotate", "cli-medplum", *BY).split()[0]
    told = run("sources", "rotate", "cli-medplum", "--former-hours", "2", *BY)
    assert first not in told
    assert "The former one is accepted until 20" in told
    shown = run("sources", "show", "cli-medplum")
    assert first not in shown
    assert json.loads(shown)["proofs"][0]["secret"]["former"] is True
    assert "fhir" in run("sources", "list")
    file.write_text(json.dumps({"formats": ["medplum", "rest-hook"], "proofs": [{"kind": "hmac"}]}))
    changed = json.loads(run("sources", "put", "cli-medplum", str(file), *BY))
    assert changed["formats"] == ["medplum", "rest-hook"]
    assert "cli-medplum is gone" in run("sources", "delete", "cli-medplum", *BY)
    assert "there is no such source" in run("sources", "show", "cli-medplum", code=1)


def test_what_it_cannot_use_is_said(run: Command, tmp_path: Path) -> None:
    file = tmp_path / "source.json"
    file.write_text('{"formats": ["letters"]}')
    assert "body.formats" in run("sources", "put", "cli-wrong", str(file), *BY, code=1)
    file.write_text("[")
    assert "no JSON object" in run("sources", "put", "cli-wrong", str(file), *BY, code=2)
    assert "HEARTHLINE_SOURCES" in run("sources", "delete", "fhir", *BY, code=1)
    assert "hyphens alone" in run("sources", "show", "../me", code=2)
    assert "no id of long work" in run("operations", "show", "a/b", code=2)
    assert "there is no such operation" in run("operations", "show", "0-0", code=1)


def test_long_work_is_listed_shown_and_cancelled_in_vain_once_it_has_ended(run: Command) -> None:
    run("poison", "replay", "audits", "--all", "--json")
    latest = json.loads(run("operations", "list", "--limit", "1", "--json"))[0]
    assert (latest["kind"], latest["status"]) == ("replay-poison", "succeeded")
    assert "replay-poison" in run("operations", "list")
    shown = json.loads(run("operations", "show", latest["operation"], "--json"))
    assert shown == {**latest, "result": {"done": 0, "missing": []}}
    cancelled = json.loads(run("operations", "cancel", latest["operation"], "--json", *BY))
    assert (cancelled["status"], cancelled["cancelling"]) == ("succeeded", False)
