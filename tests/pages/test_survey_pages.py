"""The page of a survey: what it asks, what it takes, and that it changes nothing until all is answered."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pages_kit import KEY, Mail, run
from survey_kit import JOURNEY, Asked, shipped

from functions.public_surveys import survey
from shared.decide import decide
from shared.events import SurveyAnswered
from shared.pages.survey_words import SURVEY_WORDS
from shared.pages.words import LANGUAGES
from shared.patient.record import PatientRecord
from shared.usecases.jobs import Surveyed
from shared.usecases.public.surveys import take_surveyed
from shared.usecases.react import Trigger


@pytest.fixture
def visit() -> Asked:
    return Asked(shipped("csat"))


@pytest.fixture
def symptoms() -> Asked:
    return Asked(shipped("symptom-check"))


SIGNS = ["feels", "breath", "fever", "pain", "medicines"]
WELL = {"feels": "better", "breath": "none", "fever": "no-fever", "pain": "0", "medicines": "all-there"}


async def _all(visit: Asked, resource_type: str) -> list[Any]:
    return [each async for each in visit.services.fhir.search(resource_type, {})]


class TestAsking:
    """What the page shows."""

    def test_it_asks_in_the_language_that_is_wanted(self, visit: Asked) -> None:
        assert "How was your visit with us?" in visit.get("en")
        assert "¿Qué tal fue su visita?" in visit.get("es")
        assert "Wie war Ihr Besuch bei uns?" in visit.get("de")

    def test_it_asks_nothing_that_hangs_on_an_answer_before_it_is_given(self, visit: Asked) -> None:
        assert "What should we do better?" not in visit.get()

    def test_what_is_not_translated_says_its_language(self) -> None:
        english = shipped("csat")
        english["_title"] = {}
        for item in english["item"]:
            item.pop("_text")
            for option in item.get("answerOption", ()):
                option["valueCoding"].pop("_display")
        page = Asked(english).get("de")
        assert '<div lang="en">' in page
        assert 'lang="de"' in page

    def test_what_an_author_wrote_is_escaped(self) -> None:
        sly = shipped("csat")
        sly["item"][0]["text"] = "<script>alert(1)</script>"
        sly["item"][0]["linkId"] = '"><b>'
        sly["item"] = sly["item"][:1]
        page = Asked(sly).get("en")
        assert "<script" not in page
        assert "<b>" not in page.partition("</form>")[0]

    def test_looking_changes_nothing(self, visit: Asked) -> None:
        before = run(visit.services.patients.load(KEY))
        visit.get()
        assert visit.jobs() == []
        assert run(visit.services.patients.load(KEY)) == before

    def test_a_link_that_is_none_leads_nowhere(self, visit: Asked) -> None:
        wrong = visit.path[:-2] + ("AA" if not visit.path.endswith("AA") else "BB")
        assert visit.ask(survey, wrong).status_code == 404
        assert visit.ask(survey, visit.link("preferences")).status_code == 404

    def test_every_language_of_the_pages_has_the_same_words(self) -> None:
        assert SURVEY_WORDS.keys() == LANGUAGES.keys()
        blanks = [
            {name: re.findall(r"{\w+}", text) for name, text in words.items()}
            for words in SURVEY_WORDS.values()
        ]
        assert all(each == blanks[0] for each in blanks)


class TestAnswering:
    """What is done with a form."""

    def test_what_is_missing_is_named_beside_its_field(self, symptoms: Asked) -> None:
        page = symptoms.post(SIGNS, feels="better", pain="11")
        assert '<a href="#q2-0">Do you have trouble breathing?: Choose an answer</a>' in page
        assert '<a href="#q4">' in page
        assert 'id="q4-fault">Enter a number from 0 to 10' in page
        assert re.search(r'id="q4"[^>]*aria-describedby="q4-hint q4-fault"[^>]*aria-invalid="true"', page)
        assert 'value="11"' in page
        assert re.search(r'value="better" checked', page)
        assert symptoms.jobs() == []

    def test_the_title_of_a_page_with_faults_says_so(self, symptoms: Asked) -> None:
        assert "<title>Error: " in symptoms.post(SIGNS)

    def test_questions_that_an_answer_leads_to_are_asked_next(self, visit: Asked) -> None:
        page = visit.post(["rating"], rating="2")
        assert "Your answers lead to a few more questions." in page
        assert "What should we do better?" in page
        assert visit.jobs() == []
        assert "Your answers have been sent." in visit.post(
            ["rating", "comment"], rating="2", comment=" Cold. "
        )
        (job,) = visit.jobs()
        assert isinstance(job, Surveyed)
        assert job.answers == {"rating": "2", "comment": "Cold."}

    def test_answers_to_what_is_not_asked_are_left_out(self, visit: Asked) -> None:
        visit.post(["rating"], rating="5", comment="never asked", other="?")
        (job,) = visit.jobs()
        assert isinstance(job, Surveyed)
        assert job.answers == {"rating": "5"}

    def test_a_form_that_is_sent_twice_counts_once(self, visit: Asked) -> None:
        for _ in range(2):
            visit.post(["rating"], rating="5")
        first, second = visit.jobs()
        assert isinstance(first, Surveyed)
        assert isinstance(second, Surveyed)
        for n, job in enumerate((first, second, first)):
            run(take_surveyed(visit.services, job, Trigger(f"t{n}")))
        record = run(visit.services.patients.load(KEY)).record
        assert record.enrolments == {}
        written = run(_all(visit, "QuestionnaireResponse"))
        assert [each["status"] for each in written] == ["completed"]

    def test_a_survey_that_is_answered_or_over_says_so(self, visit: Asked) -> None:
        visit.post(["rating"], rating="5")
        (job,) = visit.jobs()
        assert isinstance(job, Surveyed)
        run(take_surveyed(visit.services, job, Trigger("t")))
        assert "This survey is closed" in visit.get()
        assert "This survey is closed" in visit.post(["rating"], rating="1")
        assert visit.jobs() == []

    def test_a_guardian_is_named_as_the_source(self, visit: Asked) -> None:
        path = visit.link(
            "survey", f"{visit.enrolment.enrolment_id}|ask", Mail("m-2", party="RelatedPerson/r1")
        )
        visit.ask(
            survey,
            path,
            "POST",
            b"asked=rating&answer-rating=4",
            {"Content-Type": "application/x-www-form-urlencoded"},
        )
        (job,) = visit.jobs()
        assert isinstance(job, Surveyed)
        assert job.party == "RelatedPerson/r1"

    def test_a_form_that_is_too_large_is_refused(self, visit: Asked) -> None:
        body = b"answer-rating=" + b"5" * 20_000
        answer = visit.ask(
            survey, visit.path, "POST", body, {"Content-Type": "application/x-www-form-urlencoded"}
        )
        assert answer.status_code == 413


class TestTaking:
    """What the core makes of answers."""

    def event(self, visit: Asked, **answers: str) -> SurveyAnswered:
        now = visit.clock.now()
        return SurveyAnswered("a-1", visit.enrolment.enrolment_id, "ask", answers, now)

    def decided(self, visit: Asked, event: SurveyAnswered) -> PatientRecord:
        return decide(visit.record, event, visit.catalogue, visit.clock.now()).record

    def test_answers_that_are_not_whole_move_nobody(self, symptoms: Asked) -> None:
        after = self.decided(symptoms, self.event(symptoms, feels="better"))
        assert after.enrolments.keys() == symptoms.record.enrolments.keys()

    def test_whole_ones_end_the_step(self, symptoms: Asked) -> None:
        assert self.decided(symptoms, self.event(symptoms, **WELL)).enrolments == {}

    def test_those_of_another_step_move_nobody(self, symptoms: Asked) -> None:
        now = symptoms.clock.now()
        event = SurveyAnswered("a-2", symptoms.enrolment.enrolment_id, "other", WELL, now)
        assert self.decided(symptoms, event).enrolments.keys() == symptoms.record.enrolments.keys()

    def test_the_journey_is_the_one_of_the_kit(self, symptoms: Asked) -> None:
        assert symptoms.enrolment.journey_url == JOURNEY["url"]
