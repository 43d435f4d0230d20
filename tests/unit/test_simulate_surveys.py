"""Surveys in a dry run: answered by chance, by text and on a page, or timed out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from shared.catalogue import Document
from shared.usecases.simulation.stage import Plan
from tests.unit.simulation_kit import BASE, CERTAIN, journey, patient, people, plan, reported

ROOT = Path(__file__).parents[2]
WORDS = "{{ question.text }} {{ question.choices }}"
TEMPLATE = {
    "url": f"{BASE}/templates/question",
    "version": "1",
    "title": "Question",
    "channels": {
        "sms": {"text": {"en": WORDS}},
        "email": {"subject": {"en": "Survey"}, "text": {"en": "A page waits."}},
    },
}
EXITS = [
    {"id": "done", "kind": "exit", "reason": "answered"},
    {"id": "silent", "kind": "exit", "reason": "not answered"},
]


def asking(name: str, by: str, assume: dict[str, str], channels: tuple[str, ...] = ("sms",)) -> Plan:
    """Return the plan of a dry run of a survey that ships."""
    body = json.loads((ROOT / f"definitions/questionnaires/{name}.json").read_text("utf-8"))
    step: dict[str, Any] = {
        "id": "ask",
        "kind": "survey",
        "questionnaire": body["url"],
        "by": by,
        "template": TEMPLATE["url"],
        "channels": list(channels),
        "timeout": "P7D",
        "next": "done",
        "timed_out": "silent",
    }
    made = plan(journey([step, *EXITS]), assume=assume)
    more = (Document("questionnaire", f"{name}.json", body), Document("template", "q.yaml", TEMPLATE))
    return replace(made, documents=(*made.documents, *more))


@pytest.mark.parametrize("name", ["csat", "nps", "symptom-check"])
@pytest.mark.parametrize(("by", "channel"), [("text", "sms"), ("link", "sms"), ("link", "email")])
def test_whoever_answers_answers_to_the_end(name: str, by: str, channel: str) -> None:
    telecom = {"telecom": [{"system": "email", "value": "ana@example.org"}]} if channel == "email" else {}
    resources = [patient(n, **telecom) for n in range(12)]
    found = reported(asking(name, by, CERTAIN, (channel,)), resources)
    assert found.journeys[0].completed == {"answered": 12}
    assert found.written == {"Observation": 12, "QuestionnaireResponse": 12}
    assert sum(found.journeys[0].results["ask"].values()) == 12


def test_who_says_nothing_times_out() -> None:
    for by in ("text", "link"):
        found = reported(asking("csat", by, {"delivered": "1", "answered": "0"}), people(5))
        assert found.journeys[0].completed == {"not answered": 5}
        assert found.written == {}


def test_what_is_supposed_to_be_said_is_said() -> None:
    assumed = {"delivered": "1", "answered:ask/5": "1"}
    found = reported(asking("csat", "text", assumed), people(5))
    assert found.journeys[0].results == {"ask": {"satisfied": 5}}
