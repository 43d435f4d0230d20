"""The dialogue of one survey step: what it asks next, what it has heard, and when it is over.

Between the step (shared.journey.steps.survey) and the questionnaire. What has been answered stands in the
results of the enrolment while it is at the step, under the id of the step with a dot behind it: so a crash
loses nothing, and a reply that is repeated finds another question, or none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo

from msgspec import Struct
from msgspec.structs import replace

from shared.events import SurveyAnswered
from shared.fhir.calendar import Duration
from shared.fhir.instants import Instant
from shared.journey.due import added, local
from shared.journey.happened import Happened, Reply
from shared.journey.happening import lost
from shared.journey.steps.base import Asks, Goes, Outcome, Standing, Waits
from shared.journey.steps.wait_for import TIMED_OUT
from shared.journey.survey.answering import declines, missing, parse_answer, taken
from shared.journey.survey.questionnaire import Answers, Item, Questionnaire, relevant, shown
from shared.journey.survey.response import results
from shared.journey.survey.scoring import score
from shared.journey.survey.wording import Turn, question_values

DECLINED = "declined"
UNCLEAR = "unclear"
UNREACHED = "unreached"
ENDS = (TIMED_OUT, DECLINED, UNCLEAR, UNREACHED)
"""What may come of a survey that is not answered to its end."""

MOST_KEPT = 8000
"""Characters of answers that are kept in an enrolment between two messages; words beyond it are cut off."""


_VERBS: Mapping[Turn, str] = {"": "asks", "again": "asks again", "reminder": "asks once more"}


class Ways(Struct, frozen=True):
    """Where a step leads."""

    answered: str
    timed_out: str
    declined: str = ""
    """"": with those who time out."""
    unreached: str = ""
    """"": nobody asks whether they were reached."""


class Dialogue(Struct, frozen=True):
    """A survey step made ready."""

    step: str
    questionnaire: Questionnaire
    by_text: bool
    ways: Ways
    timeout: Duration
    remind: Duration | None
    zone: Callable[[Standing], tzinfo]
    """Whose days and clock count."""

    def begin(self, standing: Standing) -> Outcome:
        """Ask the first question that has no answer yet, or send the link."""
        return self._ask(standing, self.answers(standing), "")

    def stay(self, standing: Standing) -> Outcome:
        """Go on waiting, for who stands here already; who has not been asked anything is asked."""
        if not self._knows(standing, "asked"):
            return self.begin(standing)
        due = standing.enrolment.due
        due = self._end(standing) if due is None else due
        return Waits(due, self._until(standing, due))

    def wake(self, standing: Standing) -> Outcome:
        """Remind once, and then give up."""
        end = self._end(standing)
        if standing.now < end and self.remind is not None and not self._knows(standing, "reminded"):
            return self._ask(standing, self.answers(standing), "reminder")
        if standing.now < end:
            return Waits(end, self._until(standing, end))
        return self._over(standing, self.ways.timed_out, TIMED_OUT, "timed out without all answers")

    def hear(self, standing: Standing, happened: Happened) -> Outcome | None:
        """Take an answer, by text or from the page; or hear that the question cannot arrive."""
        enrolment = standing.enrolment
        match happened:
            case Reply(enrolment_id=meant, text=text) if meant == enrolment.enrolment_id and self.by_text:
                outcome = self._replied(standing, text) if text.strip() else None
                if isinstance(outcome, Asks):
                    return replace(outcome, answers=happened.inbound_id)
                return outcome
            case SurveyAnswered() if (happened.enrolment_id, happened.step) == (
                enrolment.enrolment_id,
                self.step,
            ):
                return self._filled_in(standing, happened)
            case _:
                unreached = self.ways.unreached and lost(standing, enrolment.sequence)
                why = "the question did not arrive"
                return self._over(standing, self.ways.unreached, UNREACHED, why) if unreached else None

    def answers(self, standing: Standing) -> dict[str, str]:
        """Return what has been answered so far, in this pass through the step."""
        prefix = f"{self.step}.q."
        kept = standing.enrolment.results.items()
        return {name.removeprefix(prefix): said for name, said in kept if name.startswith(prefix)}

    def open_item(self, standing: Standing) -> Item | None:
        """Return the question that waits for an answer by text."""
        return self.questionnaire.find(standing.enrolment.results.get(f"{self.step}.asked", ""))

    def _replied(self, standing: Standing, text: str) -> Outcome | None:
        item, answers = self.open_item(standing), self.answers(standing)
        person = standing.record.person
        answer = parse_answer(item, text, *(person.languages if person else ())) if item else None
        if item is not None and answer is not None:
            room = MOST_KEPT - sum(map(len, answers.values()))
            return self._ask(standing, {**answers, item.link_id: answer[: max(room, 1)]}, "")
        if declines(text):
            return self._over(standing, self.ways.declined or self.ways.timed_out, DECLINED, "declined")
        if self._knows(standing, "again"):
            why = "the answer was not understood for the second time"
            return self._over(standing, self.ways.timed_out, UNCLEAR, why)
        return self._ask(standing, answers, "again")

    def _filled_in(self, standing: Standing, event: SurveyAnswered) -> Outcome | None:
        answers = taken(self.questionnaire, event.answers)
        if missing(self.questionnaire, answers):
            return None
        return self._done(standing, answers, event.party)

    def _ask(self, standing: Standing, answers: Answers, turn: Turn) -> Outcome:
        """Ask what comes next; where nothing does, all is answered."""
        if not self.by_text:
            return self._link(standing, turn)
        asked = next((s for s in shown(self.questionnaire, answers) if s.item.link_id not in answers), None)
        if asked is None:
            return self._done(standing, answers, _party(standing))
        person = standing.record.person
        values = question_values(self.questionnaire, asked, person.languages if person else (), turn)
        number = str(len(answers) + 1)
        values["number"] = number
        return self._asks(standing, answers, asked.item.link_id, turn, values, f"question {number}")

    def _link(self, standing: Standing, turn: Turn) -> Outcome:
        title = {"": self.questionnaire.title.get("", "")}
        values = {"survey": f"{standing.enrolment.enrolment_id}|{self.step}", "title": title[""]}
        values |= {f"title@{tag}": text for tag, text in self.questionnaire.title.items() if tag}
        return self._asks(standing, {}, "@link", turn, values, "for the survey on its page")

    def _asks(
        self, standing: Standing, answers: Answers, asked: str, turn: Turn, values: dict[str, str], what: str
    ) -> Asks:
        state = {f"{self.step}.q.{link_id}": answer for link_id, answer in answers.items()}
        reminded = turn == "reminder" or self._knows(standing, "reminded")
        again = turn == "again" or (turn == "reminder" and self._knows(standing, "again"))
        state[f"{self.step}.asked"] = asked
        state |= {f"{self.step}.{name}": "1" for name, so in (("again", again), ("reminded", reminded)) if so}
        due = self._end(standing) if reminded else self._next(standing)
        return Asks(due, f"{_VERBS[turn]} {what}, {self._until(standing, due)}", values, state)

    def _done(self, standing: Standing, answers: Answers, party: str) -> Goes:
        found = score(self.questionnaire, answers)
        said = f"the survey was answered: {found.category}"
        counted = f"{said} (score {found.total:g})" if found.total is not None else said
        effects = results(standing, self.questionnaire, answers, "completed", party)
        return Goes(self.ways.answered, counted, effects=effects, result=found.category)

    def _over(self, standing: Standing, to: str, result: str, why: str) -> Goes:
        """Go on without all answers; those that there are are kept."""
        answers = relevant(self.questionnaire, self.answers(standing))
        effects = (
            results(standing, self.questionnaire, answers, "stopped", _party(standing)) if answers else ()
        )
        return Goes(to, why, effects=effects, result=result)

    def _end(self, standing: Standing) -> Instant:
        """Return when the step is over: so long after it was come to, however often something was asked."""
        since = standing.enrolment.arrived
        return added(standing.now if since is None else since, self.timeout, self.zone(standing))

    def _next(self, standing: Standing) -> Instant:
        end = self._end(standing)
        if self.remind is None:
            return end
        return min(end, added(standing.now, self.remind, self.zone(standing)))

    def _until(self, standing: Standing, due: Instant) -> str:
        return f"waiting until {local(due, self.zone(standing))} for an answer"

    def _knows(self, standing: Standing, what: str) -> bool:
        return f"{self.step}.{what}" in standing.enrolment.results


def _party(standing: Standing) -> str:
    """Return who was asked last, where it was not the patient."""
    enrolment = standing.enrolment
    mine = (enrolment.enrolment_id, enrolment.sequence)
    asked = (m for m in standing.record.messages.values() if (m.enrolment_id, m.sequence) == mine)
    return next((message.party for message in asked if message.party), "")
