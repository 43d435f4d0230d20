"""Exit rules and the goal: what makes somebody leave a journey at once, also in the middle of a wait."""

from __future__ import annotations

from datetime import UTC, tzinfo

from msgspec import Struct
from pydantic import Field

from shared.authoring import Authored
from shared.fhir.calendar import Duration
from shared.fhir.instants import Instant
from shared.journey.due import ExactInstant, added, local
from shared.journey.happened import Happened
from shared.journey.happening import Happening, Test
from shared.journey.steps.base import BoundedDuration, Standing
from shared.patient.permission.silence import silent


class ExitWhen(Authored):
    """What ends the journey at once, also in the middle of a wait."""

    segment_left: bool = False
    """The patient left the segment of the trigger."""
    any_of: tuple[Happening, ...] = ()
    """One of these happens, or holds."""
    after: BoundedDuration | None = None
    """So long after it was entered, whatever the patient stands at."""
    until: ExactInstant | None = None
    """At this instant, whatever the patient stands at: a campaign is over."""
    opted_out: bool = False
    """The patient said stop on every channel that the journey uses."""


class Goal(Authored):
    """What the journey is for: whoever reaches it is done."""

    title: str = Field(min_length=1)
    """The goal, in words."""
    any_of: tuple[Happening, ...] = Field(min_length=1)
    """One of these happens, or holds."""


class Exits(Struct, frozen=True):
    """The exit rules of a compiled journey."""

    leaving: str = ""
    """Url of the segment that one may not leave, or ""."""
    test: Test | None = None
    goal: Test | None = None
    goal_title: str = ""
    after: Duration | None = None
    until: Instant | None = None
    channels: frozenset[str] = frozenset()
    """Those that it uses, where an opt-out of all of them ends it."""

    asks: bool = False
    """An answer of the patient may end it, or reach its goal."""
    zone: tzinfo = UTC
    """The organisation's."""

    def ends(self, entered: Instant) -> Instant | None:
        """Return when it ends for somebody who enters now, whatever happens; None for never. See `added`."""
        after = added(entered, self.after, self.zone) if self.after is not None else None
        return min(filter(None, (after, self.until)), default=None)

    def why_done(self, standing: Standing, happened: Happened) -> str:
        """Return why the goal is reached, or ""."""
        why = self.goal(standing, happened) if self.goal else ""
        return f"goal reached, {self.goal_title} ({why})" if why else ""

    def why_over(self, standing: Standing, happened: Happened) -> str:
        """Return why the patient must leave, or ""."""
        why = self.test(standing, happened) if self.test else ""
        return why or self.why_late(standing) or self._silenced(standing)

    def why_late(self, standing: Standing) -> str:
        """Return that its time is up for this enrolment, or ""."""
        ends = standing.enrolment.ends
        late = ends is not None and ends <= standing.now
        return f"its time is up, as of {local(ends, self.zone)}" if ends and late else ""

    def _silenced(self, standing: Standing) -> str:
        closed = (silent(standing.record, channel, standing.now) for channel in self.channels)
        silenced = bool(self.channels) and all(closed)
        return "the patient has opted out of every channel it uses" if silenced else ""
