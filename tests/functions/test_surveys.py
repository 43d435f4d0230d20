"""Surveys through the whole product: by text and by a link's page, from the trigger to the FHIR server."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from ward import Ward

from sandbox.play import resources as make
from shared.catalogue import Document
from shared.usecases.publish import publish

ROOT = Path(__file__).parents[2]
BASE = "https://surveys.example"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def documents(name: str, **more: Any) -> tuple[Document, ...]:
    """Return a journey that asks the symptom check, with what it needs."""
    questionnaire = json.loads((ROOT / "definitions/questionnaires/symptom-check.json").read_text("utf-8"))
    questionnaire["url"] = f"{BASE}/questionnaires/symptoms"
    words = "{{ question.text }}\n{{ question.choices }}"
    page = "Please answer: {{ links.survey }}"
    template = {
        "url": f"{BASE}/templates/{name}",
        "version": "1",
        "title": name,
        "channels": {"sms": {"text": {"en": words if more["by"] == "text" else page}}},
    }
    step = {
        "id": "ask",
        "kind": "survey",
        "questionnaire": questionnaire["url"],
        "template": template["url"],
        "channels": ["sms"],
        "timeout": "P3D",
        "next": "how",
        "timed_out": "silent",
        **more,
    }
    urgent = {"when": {"result": {"step": "ask", "is": ["urgent"]}}, "next": "call"}
    steps = [
        step,
        {"id": "how", "kind": "branch", "cases": [urgent], "otherwise": "fine"},
        {"id": "call", "kind": "task", "title": "Call now", "priority": "stat", "due": "PT2H"},
        {"id": "fine", "kind": "exit", "reason": "asked"},
        {"id": "silent", "kind": "exit", "reason": "not answered"},
    ]
    body = {"url": f"{BASE}/journeys/{name}", "version": "1", "title": name, "trigger": {"event": name}}
    return (
        Document("questionnaire", "symptoms.json", questionnaire),
        Document("template", f"{name}.yaml", template),
        Document("journey", f"{name}.yaml", {**body, "steps": steps}),
    )


async def begun(ward: Ward, name: str, patient_id: str, number: str, **more: Any) -> None:
    """Publish the journey, and let a patient begin it."""
    async with ward.product.opened() as services:
        await publish(services, documents(name, **more))
    await ward.write(make.patient(patient_id, "Ana", "Rivera", number))
    event = {"id": name, "patient": {"reference": f"Patient/{patient_id}"}}
    assert ward.product.call("POST", f"/api/events/{name}", event).status == 202
    assert (await ward.product.idle()).poisoned == {}


def written(ward: Ward, kind: str, patient_id: str) -> list[dict[str, Any]]:
    """Return the resources of a kind that stand on the server for a patient."""
    latest = [versions[-1][2] for name, versions in ward.fhir.versions.items() if name.startswith(f"{kind}/")]
    subject = {"reference": f"Patient/{patient_id}"}
    return [each for each in latest if each and subject in (each.get("subject"), each.get("for"))]


async def test_by_text_one_message_asks_one_question(ward: Ward) -> None:
    number = "+12065550191"
    await begun(ward, "by-text", "survey-1", number, by="text")
    for text in ("better", "hm?", "no", "2", "10/10", "yes"):
        await ward.reply(number, text)
    asked = [text.splitlines()[0] for text in ward.sent(number)]
    assert asked[:3] == [
        "How do you feel since you left the hospital?",
        "Some questions about today",
        "Sorry, we did not understand your answer.",
    ]
    assert len(asked) == 6
    (response,) = written(ward, "QuestionnaireResponse", "survey-1")
    assert response["status"] == "completed"
    (score,) = written(ward, "Observation", "survey-1")
    assert (score["valueInteger"], score["interpretation"]) == (15, [{"text": "urgent"}])
    (task,) = written(ward, "Task", "survey-1")
    assert task["priority"] == "stat"
    assert (await ward.record("survey-1")).outbox == {}


async def test_by_link_the_page_takes_the_answers_once(ward: Ward) -> None:
    number = "+12065550192"
    await begun(ward, "by-link", "survey-2", number, by="link")
    (text,) = ward.sent(number)
    found = re.search(r"https?://\S+", text)
    assert found is not None, text
    path = urlsplit(found[0]).path
    assert "survey-2" not in path
    page = ward.product.call("GET", path, key=None)
    assert page.status == 200
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["cache-control"] == "no-store"
    assert b"How do you feel since you left the hospital?" in page.body
    assert b"Rivera" not in page.body
    asked = [("asked", name) for name in ("feels", "breath", "fever", "pain", "medicines")]
    answers = {"feels": "worse", "breath": "none", "fever": "no-fever", "pain": "3", "medicines": "all-there"}
    given = [(f"answer-{name}", value) for name, value in answers.items()]
    wrong = ward.product.call("POST", path, urlencode([*asked, *given[1:]]).encode(), FORM, key=None)
    assert b"Choose an answer" in wrong.body
    for _ in range(2):
        sent = ward.product.call("POST", path, urlencode([*asked, *given]).encode(), FORM, key=None)
        assert sent.status == 200
    assert (await ward.product.idle()).poisoned == {}
    (response,) = written(ward, "QuestionnaireResponse", "survey-2")
    assert response["item"][0]["answer"][0]["valueCoding"]["code"] == "worse"
    assert len(written(ward, "Observation", "survey-2")) == len(written(ward, "Task", "survey-2")) == 1
    assert b"This survey is closed" in ward.product.call("GET", path, key=None).body
    assert (await ward.record("survey-2")).enrolments == {}


@pytest.mark.parametrize("path", ["/api/s/none", "/api/s/AAAAAAAAAAAAAAAAAAAAAA"])
async def test_a_guessed_link_leads_nowhere(ward: Ward, path: str) -> None:
    assert ward.product.call("GET", path, key=None).status == 404
    assert ward.product.call("POST", path, b"asked=feels", FORM, key=None).status == 404
