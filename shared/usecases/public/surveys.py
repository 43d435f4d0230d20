"""Fill in a survey by its link: show what it asks, take what comes back once it is whole.

Whether the survey still waits for answers its enrolment says; the answers go onto the queue, and from there
into the record, where they count once.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from shared.events import SurveyAnswered
from shared.fhir.wording import worded
from shared.journey.survey.answering import accepted, missing, taken
from shared.journey.survey.questionnaire import NUMBERS, Answers, Item, Questionnaire, Shown, shown
from shared.pages.survey import ANSWER, ASKED, Question, Survey
from shared.patient.record import identify
from shared.queues import PAGES
from shared.usecases.jobs import Surveyed
from shared.usecases.posting import post
from shared.usecases.public.opening import Opened
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services

type Form = Mapping[str, tuple[str, ...]]


class Open(Struct, frozen=True):
    """A survey that waits for its answers."""

    enrolment_id: str
    step: str
    questionnaire: Questionnaire


async def waiting(services: Services, opened: Opened) -> Open | None:
    """Return the survey behind a link; None where it is answered, or over. Raises Unavailable."""
    enrolment_id, _, step_id = opened.link.target.partition("|")
    enrolment = opened.record.enrolments.get(enrolment_id)
    if enrolment is None or enrolment.step != step_id or enrolment.arrived is None:
        return None
    if _answered_id(opened) in opened.record.replies:
        return None
    catalogue = await services.definitions.current(opened.record.catalogue)
    journey = catalogue.journeys.get(enrolment.journey)
    step = journey.steps.get(step_id) if journey is not None else None
    if step is None or step.questionnaire is None:
        return None
    return Open(enrolment_id, step_id, step.questionnaire)


def first(survey: Open, language: str) -> Survey:
    """Return the page before anything is answered."""
    return _page(survey.questionnaire, [*shown(survey.questionnaire, {})], language, {}, {})


async def fill_in(
    services: Services, opened: Opened, survey: Open, form: Form, language: str
) -> Survey | None:
    """Take a form: None once its answers are on the queue, else the page to go on with. Raises Unavailable.

    Fields that are not known are passed over. The same link sent twice counts once, whatever it says.
    """
    asks = survey.questionnaire
    given = {item.link_id: _given(form, item) for item in asks.questions}
    answers = taken(asks, given)
    questions = [*shown(asks, answers)]
    asked = form.get(ASKED, ())
    faults = {
        each.item.link_id: fault
        for each in questions
        if each.item.link_id in asked and (fault := _fault(each.item, given[each.item.link_id]))
    }
    more = any(each.item.link_id not in asked for each in questions)
    if faults or more or missing(asks, answers):
        page = _page(asks, questions, language, given, faults)
        return replace(page, begun=True, more=more)
    now = services.clock.now()
    job = Surveyed(
        _answered_id(opened), opened.key, survey.enrolment_id, survey.step, answers, now, opened.link.party
    )
    await post(services.queue, PAGES, job)
    return None


async def take_surveyed(services: Services, job: Surveyed, trigger: Trigger) -> None:
    """Let a survey that was filled in happen to the patient it is about. Raises Unavailable."""
    event = SurveyAnswered(job.answered_id, job.enrolment_id, job.step, job.answers, job.at, job.party)
    await react(services, job.key, [event], trigger)


def _page(
    questionnaire: Questionnaire,
    questions: list[Shown],
    language: str,
    given: Answers,
    faults: Mapping[str, str],
) -> Survey:
    """Put the questions into the words of a reader, or into their own where they are not translated."""
    translated = language in {tag.partition("-")[0] for tag in questionnaire.languages}
    return Survey(
        title=worded(questionnaire.title, language),
        questions=tuple(_question(each, language, given, faults) for each in questions),
        language="" if translated else questionnaire.language,
    )


def _question(each: Shown, language: str, given: Answers, faults: Mapping[str, str]) -> Question:
    item = each.item
    return Question(
        link_id=item.link_id,
        kind=item.kind,  # type: ignore[arg-type] # neither a group nor a text: it is asked
        label=worded(item.wording, language),
        required=item.required,
        options=tuple((option.code, worded(option.wording, language)) for option in item.options),
        lowest=item.lowest,
        highest=item.highest,
        most=item.most,
        heading=worded(each.group.wording, language) if each.opens and each.group is not None else "",
        notes=tuple(worded(note.wording, language) for note in each.before),
        given=given.get(item.link_id, ""),
        fault=faults.get(item.link_id, ""),
    )


def _answered_id(opened: Opened) -> str:
    """Name what was answered by the message that asked: so it counts once."""
    return identify("surveyed", opened.link.message_id, opened.link.target)


def _given(form: Form, item: Item) -> str:
    return next(iter(form.get(f"{ANSWER}{item.link_id}", ())), "").strip()


def _fault(item: Item, given: str) -> str:
    """Name what is wrong with an answer, or ""."""
    chosen = item.kind in ("choice", "boolean")
    if not given:
        return ("missing-choice" if chosen else "missing-text") if item.required else ""
    if accepted(item, given) is not None:
        return ""
    if item.kind in NUMBERS:
        return "wrong-number" if item.lowest is None or item.highest is None else "wrong-range"
    return "wrong-choice" if chosen else "missing-text"
