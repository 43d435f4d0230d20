"""A patient who is asked to fill in a survey, in memory: the link's page can be opened."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from msgspec.structs import replace
from pages_kit import FORM, KEY, PERSON, POLICY, Mail, Site, run

from functions import pages
from functions.public_surveys import survey
from shared.catalogue import Document, build_catalogue
from shared.decide import decide
from shared.events import EnrolAsked
from shared.journey.survey.questionnaire import Questionnaire
from shared.journey.survey.reading import parse_questionnaire
from shared.patient.record import PatientRecord

ROOT = Path(__file__).resolve().parents[2]
BASE = "https://hearthline.example"
JOURNEY: dict[str, Any] = {
    "url": f"{BASE}/journeys/asks",
    "version": "1",
    "title": "Asks",
    "trigger": {"manual": True},
    "steps": [
        {
            "id": "ask",
            "kind": "survey",
            "questionnaire": f"{BASE}/questionnaires/asked",
            "by": "link",
            "template": f"{BASE}/templates/page",
            "channels": ["email"],
            "timeout": "P7D",
            "next": "done",
            "timed_out": "silent",
        },
        {"id": "done", "kind": "exit", "reason": "answered"},
        {"id": "silent", "kind": "exit", "reason": "not answered"},
    ],
}
TEMPLATE = {
    "url": f"{BASE}/templates/page",
    "version": "1",
    "title": "Page",
    "channels": {"email": {"subject": {"en": "Page"}, "text": {"en": "A page."}}},
}


def shipped(name: str) -> dict[str, Any]:
    """Read a questionnaire that ships."""
    found = json.loads((ROOT / f"definitions/questionnaires/{name}.json").read_text("utf-8"))
    assert isinstance(found, dict)
    return found


class Published:
    """Definitions that are always the same."""

    def __init__(self, catalogue: Any) -> None:
        self.catalogue = catalogue

    async def current(self, seen: str = "") -> Any:
        return self.catalogue


class Asked(Site):
    """A site where one patient is in the middle of a survey by link."""

    def __init__(self, questionnaire: dict[str, Any]) -> None:
        asked = {**questionnaire, "url": f"{BASE}/questionnaires/asked"}
        self.questionnaire: Questionnaire = parse_questionnaire(asked, "asked.json")
        documents = (
            Document("journey", "asks.yaml", JOURNEY),
            Document("template", "page.yaml", TEMPLATE),
            Document("questionnaire", "asked.json", asked),
        )
        catalogue = build_catalogue(documents, "1-x", POLICY)
        super().__init__()
        self.services = replace(self.services, definitions=Published(catalogue))
        self.catalogue = catalogue
        asking = EnrolAsked(JOURNEY["url"], "test", "asked")
        record = PatientRecord(KEY, "p1", person=PERSON)
        run(self.keep(decide(record, asking, catalogue, self.clock.now()).record))
        self.enrolment = next(iter(self.record.enrolments.values()))

    def ask(
        self, handler: Any, path: str, method: str = "GET", body: bytes = b"", headers: Any = None
    ) -> Any:
        """Call the page with these services for those of the process."""

        async def found() -> Any:
            return self.services

        before, pages.services = pages.services, found
        try:
            return super().ask(handler, path, method, body, headers)
        finally:
            pages.services = before

    @property
    def path(self) -> str:
        """Return the path of the page."""
        return self.link("survey", f"{self.enrolment.enrolment_id}|ask", Mail("m-survey", language="en"))

    def get(self, language: str = "en") -> str:
        """Open the page."""
        answer = self.ask(survey, f"{self.path}?lang={language}")
        assert answer.status_code == 200
        return answer.get_body().decode()

    def post(self, asked: list[str], language: str = "en", **answers: str) -> str:
        """Send the form: what it asked, and answers by linkId with "_" for "-"."""
        given = [(f"answer-{link_id.replace('_', '-')}", answer) for link_id, answer in answers.items()]
        body = urlencode([*(("asked", link_id) for link_id in asked), *given]).encode()
        answer = self.ask(survey, f"{self.path}?lang={language}", "POST", body, FORM)
        assert answer.status_code == 200
        return answer.get_body().decode()
