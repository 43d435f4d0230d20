"""The criterion on what became of our messages to the patient: sent, delivered, opened, clicked, answered."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from shared.authoring import Authored
from shared.fhir.instants import Instant
from shared.patient.engagement import ENGAGEMENT, SYSTEM
from shared.patient.record import PatientRecord
from shared.segment.codes import Words, listed
from shared.segment.criteria.resource import HasCriterion
from shared.segment.criterion import Compiled, Context, Criterion
from shared.segment.explanation import Explanation
from shared.segment.pattern import ResourcePattern
from shared.segment.reach_words import ChannelWord
from shared.segment.when import When
from shared.segment.window import AnyWindow

type EngagementWord = Literal["sent", "delivered", "opened", "clicked", "answered", "failed"]


class EngagementPattern(Authored):
    """What happened, to which messages, when, how often."""

    was: Annotated[
        tuple[EngagementWord, ...], listed(EngagementWord | list[EngagementWord]), Field(min_length=1)
    ]
    """Any of these; an answer is a reply on the channel."""
    channel: Annotated[tuple[ChannelWord, ...], listed(ChannelWord | list[ChannelWord])] | None = None
    journey: Words | None = None
    """Urls of journeys, any version, or "url|version"."""
    template: Words | None = None
    when: AnyWindow | None = None
    """When it happened; any time without it."""
    at_least: Annotated[StrictInt, Field(ge=1, le=1000)] | None = None


class EngagementCriterion(Criterion):
    """A message was sent, delivered, opened, clicked or answered."""

    engagement: EngagementPattern

    def compile(self, context: Context) -> Compiled:
        """Compile to a look among the engagement facts of the record."""
        made = HasCriterion(has=self.resource_pattern()).compile(context)

        def explain(record: PatientRecord, now: Instant) -> Explanation:
            inner = made.explain(record, now)
            return Explanation("engagement", inner.holds, inner.why, inner.facts)

        return Compiled(made.test, explain, made.touches, made.timed, cost=made.cost)

    def resource_pattern(self) -> ResourcePattern:
        """Return the same as a pattern of facts."""
        asked = self.engagement
        wanted = {"channel": asked.channel, "journey": asked.journey, "template": asked.template}
        words = " or ".join(asked.was)
        return ResourcePattern.model_validate(
            {
                "type": ENGAGEMENT,
                "code": [f"{SYSTEM}|{word}" for word in asked.was],
                "label": f"message {words}",
                "elements": {name: list(found) for name, found in wanted.items() if found} or None,
                "when": When(starts=asked.when) if asked.when else None,
                "at_least": asked.at_least,
            }
        )
