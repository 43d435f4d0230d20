"""How surveys are answered in a dry run: evenly among the answers of each question, by chance.

Called by shared.usecases.simulation.reactions. Nobody knows what people would say: `answered` says how many
say anything, and an assumption about a step's answers (docs/simulation.md) what they say by text.
"""

from __future__ import annotations

from shared.events import SurveyAnswered
from shared.fhir.instants import Instant
from shared.journey.survey.answering import numbered
from shared.journey.survey.questionnaire import NUMBERS, Item, Questionnaire, next_item
from shared.patient.record import identify
from shared.patient.state import Enrolment, Message
from shared.usecases.simulation.chance import share
from shared.usecases.simulation.stage import Stage

_WORDS = "in my own words"


def replies(questionnaire: Questionnaire, enrolment: Enrolment) -> tuple[str, ...]:
    """Return one reply by text for each answer to the question that is open."""
    item = questionnaire.find(enrolment.results.get(f"{enrolment.step}.asked", ""))
    if item is None:
        return ()
    if item.kind in ("choice", "boolean"):
        return tuple(number for number, _ in numbered(item))
    return _written(item)


def filled_in(
    questionnaire: Questionnaire,
    enrolment: Enrolment,
    message: Message,
    chance: float,
    now: Instant,
    stage: Stage,
) -> SurveyAnswered | None:
    """Return a page that is filled in whole; None for the part of people who say nothing."""
    assumed = stage.plan.assumptions
    if chance >= assumed.share("answered", ""):
        return None
    answers: dict[str, str] = {}
    while (item := next_item(questionnaire, answers)) is not None:
        known = _codes(item)
        drawn = share(assumed.seed, enrolment.enrolment_id, f"{enrolment.step} {item.link_id}")
        answers[item.link_id] = known[int(drawn * len(known))]
    answered_id = identify(message.message_id, "filled in")
    return SurveyAnswered(answered_id, enrolment.enrolment_id, enrolment.step, answers, now)


def _codes(item: Item) -> tuple[str, ...]:
    if item.kind in ("choice", "boolean"):
        return tuple(code for _, code in numbered(item))
    return _written(item)


def _written(item: Item) -> tuple[str, ...]:
    """Return numbers between the bounds, or words."""
    if item.kind not in NUMBERS:
        return (_WORDS,)
    low = item.lowest if item.lowest is not None else min(0.0, item.highest or 0.0)
    high = item.highest if item.highest is not None else low + 10
    first, last = -int(-low // 1), int(high // 1)
    whole = range(first, min(last, first + 10) + 1)
    return tuple(str(number) for number in whole) or (f"{low:f}",)
