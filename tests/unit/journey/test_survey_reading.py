"""Reading questionnaires: what can be asked is read whole, what cannot is named with its path."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from shared.catalogue import Document, build_catalogue
from shared.errors import Invalid
from shared.fhir.wording import settled, spread, worded
from shared.journey.survey.questionnaire import next_item, shown
from shared.journey.survey.reading import parse_questionnaire
from shared.message.policy import Policy

ROOT = Path(__file__).parents[3]
SHIPPED = sorted((ROOT / "definitions/questionnaires").glob("*.json"))
CORE = "http://hl7.org/fhir/StructureDefinition"

SOUND: dict[str, Any] = {
    "resourceType": "Questionnaire",
    "url": "https://x.example/questionnaires/q",
    "version": "1",
    "title": "Q",
    "status": "active",
    "item": [
        {"linkId": "a", "text": "A?", "type": "boolean", "required": True},
        {
            "linkId": "g",
            "text": "More",
            "type": "group",
            "item": [
                {"linkId": "d", "text": "Read this.", "type": "display"},
                {
                    "linkId": "b",
                    "text": "B?",
                    "type": "choice",
                    "answerOption": [{"valueString": "one"}, {"valueString": "two"}],
                    "enableWhen": [{"question": "a", "operator": "=", "answerBoolean": True}],
                },
            ],
        },
        {"linkId": "c", "text": "C?", "type": "integer"},
    ],
}


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    body = deepcopy(SOUND)
    change(body)
    return body


def items(body: dict[str, Any]) -> list[dict[str, Any]]:
    found = body["item"]
    assert isinstance(found, list)
    return found


def when(**more: Any) -> Callable[[dict[str, Any]], object]:
    return lambda body: items(body)[2].update(enableWhen=[{"question": "a", "operator": "=", **more}])


WRONG: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "no questionnaire": (lambda b: b.update(resourceType="Patient"), "resourceType: is no Questionnaire"),
    "no url": (lambda b: b.pop("url"), "url: is missing"),
    "no version": (lambda b: b.pop("version"), "version: is missing"),
    "retired": (lambda b: b.update(status="retired"), "status: is not one that is asked"),
    "about practitioners": (lambda b: b.update(subjectType=["Practitioner"]), "subjectType: is not about"),
    "no items": (lambda b: b.update(item=[]), "item: asks nothing"),
    "a date": (lambda b: items(b)[2].update(type="date"), "item[2].type: date cannot be asked"),
    "open choice": (lambda b: items(b)[2].update(type="open-choice"), "item[2].type: open-choice cannot"),
    "no text": (lambda b: items(b)[0].pop("text"), "item[0].text: is missing"),
    "no linkId": (lambda b: items(b)[0].pop("linkId"), "item[0].linkId: is missing"),
    "a linkId twice": (lambda b: items(b)[2].update(linkId="b"), "item[2].linkId: b stands twice"),
    "repeats": (lambda b: items(b)[0].update(repeats=True), "item[0].repeats: several answers"),
    "initial": (lambda b: items(b)[0].update(initial=[]), "item[0].initial: cannot be heeded"),
    "options by value set": (
        lambda b: items(b)[1]["item"][1].update(answerValueSet="urn:x"),
        "item[1].item[1].answerValueSet: cannot be heeded",
    ),
    "one option": (
        lambda b: items(b)[1]["item"][1].update(answerOption=[{"valueString": "one"}]),
        "item[1].item[1].answerOption: leaves no choice",
    ),
    "an option twice": (
        lambda b: items(b)[1]["item"][1].update(answerOption=[{"valueString": "one"}] * 2),
        "item[1].item[1].answerOption[1]: one stands twice",
    ),
    "an option that is a date": (
        lambda b: items(b)[1]["item"][1]["answerOption"].append({"valueDate": "2026-01-01"}),
        "item[1].item[1].answerOption[2]: is no answer to choose",
    ),
    "options of a number": (
        lambda b: items(b)[2].update(answerOption=[{"valueInteger": 1}]),
        "item[2].answerOption: cannot be heeded",
    ),
    "a group in a group": (
        lambda b: items(b)[1]["item"].append({"linkId": "h", "type": "group", "item": []}),
        "item[1].item[2].type: stands in another group",
    ),
    "an empty group": (lambda b: items(b)[1].update(item=[]), "item[1].item: is an empty group"),
    "items in a question": (
        lambda b: items(b)[0].update(item=[{"linkId": "x", "text": "X", "type": "string"}]),
        "item[0].item: only groups",
    ),
    "bounds that no number fits": (
        lambda b: items(b)[2].update(
            extension=[
                {"url": f"{CORE}/minValue", "valueInteger": 5},
                {"url": f"{CORE}/maxValue", "valueInteger": 1},
            ]
        ),
        "item[2].extension: minValue is more than maxValue",
    ),
    "a length of a number": (lambda b: items(b)[2].update(maxLength=5), "item[2].maxLength: bounds nothing"),
    "a condition on what comes later": (
        lambda b: items(b)[0].update(enableWhen=[{"question": "c", "operator": "=", "answerInteger": 1}]),
        "item[0].enableWhen[0].question: c is no question before",
    ),
    "a condition on itself": (
        lambda b: items(b)[2].update(
            enableWhen=[{"question": "c", "operator": "exists", "answerBoolean": True}]
        ),
        "item[2].enableWhen[0].question: c is no question before",
    ),
    "no such operator": (when(operator="~"), "item[2].enableWhen[0].operator: is none"),
    "a truth compared with a number": (when(answerInteger=1), "item[2].enableWhen[0]: compares a with what"),
    "more than a truth": (when(operator=">", answerBoolean=True), "item[2].enableWhen[0]: compares a with"),
    "an option that is not there": (
        when(question="b", answerCoding={"code": "three"}),
        "item[2].enableWhen[0]: compares b with what it is never answered",
    ),
    "several conditions without a word": (
        lambda b: items(b)[2].update(
            enableWhen=[{"question": "a", "operator": "exists", "answerBoolean": True}] * 2
        ),
        "item[2].enableBehavior: is missing",
    ),
    "nothing that is always asked": (
        lambda b: b.update(item=[items(b)[1], *[]]),
        "item[0].item[1].enableWhen[0].question: a is no question before",
    ),
    "too many": (
        lambda b: b.update(item=[{"linkId": str(n), "text": "?", "type": "boolean"} for n in range(61)]),
        "item: has 61 questions",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_asked_is_named_with_its_path(name: str) -> None:
    change, told = WRONG[name]
    with pytest.raises(Invalid) as caught:
        parse_questionnaire(changed(change), "q.json")
    assert f"q.json: {told}" in str(caught.value)


def test_every_problem_is_told_at_once() -> None:
    body = {"resourceType": "Questionnaire", "item": [{"type": "date"}]}
    with pytest.raises(Invalid) as caught:
        parse_questionnaire(body, "q.json")
    assert len(caught.value.problems) >= 5


def test_what_is_sound_is_read_whole() -> None:
    found = parse_questionnaire(SOUND, "q.json")
    assert [item.link_id for item in found.questions] == ["a", "b", "c"]
    asked = [*shown(found, {"a": "true"})]
    assert [(each.item.link_id, each.opens) for each in asked] == [("a", False), ("b", True), ("c", False)]
    assert [note.link_id for note in asked[1].before] == ["d"]
    assert [each.item.link_id for each in shown(found, {"a": "false"})] == ["a", "c"]
    following = next_item(found, {"a": "false"})
    assert following is not None
    assert following.link_id == "c"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
class TestShipped:
    """What holds for each that ships."""

    def test_it_is_fhir_and_can_be_asked(self, path: Path) -> None:
        body = json.loads(path.read_text("utf-8"))
        get_fhir_model_class("Questionnaire").model_validate(body)
        found = parse_questionnaire(body, path.name)
        assert found.url.endswith(f"/{path.stem}")
        assert found.languages == ("de", "en", "es")

    def test_every_text_is_in_every_language(self, path: Path) -> None:
        found = parse_questionnaire(json.loads(path.read_text("utf-8")), path.name)
        for item in (*found.items, *found.questions):
            for wording in (item.wording, *(option.wording for option in item.options)):
                assert {"en", "es", "de"} <= wording.keys()


class TestOneCatalogue:
    """Journeys and questionnaires that are checked together."""

    def journey(self, **more: Any) -> Document:
        step = {
            "id": "ask",
            "kind": "survey",
            "questionnaire": SOUND["url"],
            "template": "https://x.example/templates/t",
            "channels": ["sms"],
            "timeout": "P1D",
            "next": "which",
            "timed_out": "which",
            **more,
        }
        result = {"step": "ask", "is": ["answered", "timed-out", "promoter"]}
        branch = {"id": "which", "kind": "branch", "cases": [{"when": {"result": result}, "next": "done"}]}
        body = {
            "url": "https://x.example/journeys/j",
            "version": "1",
            "title": "J",
            "trigger": {"manual": True},
            "steps": [step, branch, {"id": "done", "kind": "exit", "reason": "done"}],
        }
        return Document("journey", "j.yaml", body)

    def problems(self, *documents: Document) -> str:
        template = {
            "url": "https://x.example/templates/t",
            "version": "1",
            "title": "T",
            "channels": {"sms": {"text": {"en": "T"}}},
        }
        with pytest.raises(Invalid) as caught:
            build_catalogue((*documents, Document("template", "t.yaml", template)), "1-x", Policy())
        return str(caught.value)

    def test_a_questionnaire_that_nobody_published_is_named(self) -> None:
        told = self.problems(self.journey())
        assert f"j.yaml: steps[0].questionnaire: there is no questionnaire {SOUND['url']}" in told

    def test_what_a_survey_never_comes_to_is_named(self) -> None:
        told = self.problems(self.journey(), Document("questionnaire", "q.json", SOUND))
        assert "steps[1].cases[0].when.result.is: ask never comes to promoter" in told
        assert "answered, timed-out" in told

    def test_a_pinned_version_is_looked_for(self) -> None:
        pinned = self.journey(questionnaire=f"{SOUND['url']}|2")
        told = self.problems(pinned, Document("questionnaire", "q.json", SOUND))
        assert f"there is no questionnaire {SOUND['url']}|2" in told

    def test_a_questionnaire_that_cannot_be_asked_is_a_mistake_of_the_catalogue(self) -> None:
        body = changed(lambda b: items(b)[2].update(type="date"))
        assert "q.json: item[2].type" in self.problems(Document("questionnaire", "q.json", body))


class TestWording:
    """Which of several languages somebody is shown."""

    def test_the_nearest_language_is_taken(self) -> None:
        wording = {"": "own", "es": "español", "de-AT": "wienerisch"}
        assert worded(wording, "es-MX") == "español"
        assert worded(wording, "de") == "wienerisch"
        assert worded(wording, "fr", "es") == "español"
        assert worded(wording, "fr") == "own"

    def test_values_are_settled_in_the_language_of_the_message(self) -> None:
        values = {**spread("text", {"": "Hi", "en": "Hi", "es": "Hola"}), "number": "1"}
        assert settled(values, "es-MX") == {"text": "Hola", "number": "1"}
        assert settled(values, "fr") == {"text": "Hi", "number": "1"}
