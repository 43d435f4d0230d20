"""`hearthline template submit | show | approve` and `publish`, against real storage, as documented."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest
import yaml
from typer.testing import CliRunner

from cli.definitions import SHIPPED
from cli.main import app
from shared.bootstrap import build
from shared.config import settings
from shared.fhir.fact import Name, Person
from shared.patient.record import Decision, PatientRecord, patient_key


@pytest.fixture
def offer(tmp_path: Path) -> Path:
    """Write a marketing template whose url is this test's own: storage is shared."""
    text = "{{ organisation.name }}: new opening hours. Reply STOP to opt out."
    body = {
        "url": f"https://{tmp_path.name.replace('_', '-')}.example/templates/offer",
        "version": "1",
        "title": "Offer",
        "purpose": "marketing",
        "topic": "offers",
        "channels": {"sms": {"text": {"en": text}}},
    }
    path = tmp_path / "mine" / "templates" / "offer.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(yaml.safe_dump(body))
    return path


def test_from_the_draft_to_the_publication(deployment: Path, offer: Path) -> None:
    def run(*words: str, fails: bool = False) -> str:
        result = CliRunner().invoke(app, [*words, "--settings", str(deployment)], env={"COLUMNS": "300"})
        assert result.exit_code == (1 if fails else 0), result.output
        return result.output

    url = yaml.safe_load(offer.read_text())["url"]
    folder = str(offer.parent.parent)
    assert "is not approved: it is draft" in run("publish", folder, fails=True)
    assert "nobody has submitted" in run("template", "show", f"{url}|1", fails=True)
    ana = ("--by", "ana", "--role", "author")
    assert f"{url}|1 is submitted." in run("template", "submit", str(offer), *ana)
    told = run("template", "show", f"{url}|1")
    assert "submit by ana (author)" in told
    assert "new opening hours" in told
    assert "nobody approves" in run("template", "approve", f"{url}|1", *ana, fails=True)
    ben = ("--by", "ben", "--role", "lead", "--file", str(offer))
    assert f"{url}|1 is approved." in run("template", "approve", f"{url}|1", *ben)
    assert f"published template {url}|1" in run("publish", folder, "--approved-only", "--lint").replace(
        "\n", " "
    )
    no = ("--by", "ben", "--reason", "outdated")
    assert f"{url}|1 is draft." in run("template", "reject", f"{url}|1", *no)
    assert "0 of 1 were new" in run("publish", folder, "--approved-only")


async def keep(values: dict[str, str], patient: str) -> None:
    """Put a patient into the store."""
    async with aiohttp.ClientSession() as session:
        services = await build(settings(values), session)
        person = Person(patient, "1", 1, names=(Name("official", "Lopez", ("Ana",)),), languages=("es-MX",))
        record = PatientRecord(patient_key(patient), patient, person)
        await services.patients.commit(await services.patients.load(record.key, patient), Decision(record))


def test_a_preview_for_a_patient_of_the_running_store(deployment: Path, tmp_path: Path) -> None:
    patient = tmp_path.name.replace("_", "-")
    asyncio.run(keep(json.loads(deployment.read_text())["Values"], patient))
    words = [
        "template",
        "preview",
        str(SHIPPED / "templates" / "call-back.yaml"),
        "--settings",
        str(deployment),
    ]
    result = CliRunner().invoke(app, [*words, "--patient", patient, "--channel", "sms"])
    assert result.exit_code == 0, result.output
    assert "== sms, es" in result.output
    assert "Gracias, Ana. " in result.output
