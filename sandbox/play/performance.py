"""One performance: open (load, take in, publish), the days themselves, and the verdict at the end."""

from __future__ import annotations

import time as real_time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from sandbox.play import setting
from sandbox.play.evidence import Evidence, gather, latencies, not_left, not_reflected, percentile
from sandbox.play.hospital import Hospital
from sandbox.play.oracle import Population, Verdict, count_distinct, judge
from sandbox.play.player import Cue, Player, cue
from sandbox.play.show import Show
from sandbox.play.stories import DAYS, Cast, Days, background, stories
from sandbox.play.story import Act, Expect, Story, Write
from sandbox.stack import Stack
from shared.catalogue import Document
from shared.fhir.calendar import add, parse_duration
from shared.fhir.instants import Instant, from_datetime
from shared.patient.record import patient_key
from shared.usecases.services import Services
from shared.usecases.take_in import take_in_everyone

CURTAIN = time(8, 0)
"""When the first day begins, by the wall clock."""

_BACKGROUND = 24
"""So many patients of the population have everyday results in the course of the play."""


@dataclass(slots=True)
class Performance:
    """Who is in it, what is expected, what was seen."""

    first: date
    zone: ZoneInfo
    show: Show
    population: Population = field(default_factory=Population)
    cast: Cast = field(default_factory=Cast)
    stories: list[Story] = field(default_factory=list)
    expects: list[Expect] = field(default_factory=list)
    patient_ids: list[str] = field(default_factory=list)
    loaded: int = 0
    began: float = field(default_factory=real_time.monotonic)

    def __post_init__(self) -> None:
        self.stories = list(stories(self.days, self.cast))
        self.show.cast(self.stories)

    @property
    def days(self) -> Days:
        """Return the calendar of the play."""
        return Days(self.first, self.zone)

    @property
    def start(self) -> Instant:
        """Return when the first day begins."""
        return from_datetime(datetime.combine(self.first, CURTAIN, self.zone))

    @property
    def end(self) -> Instant:
        """Return when the last day is over."""
        return self.days.at(DAYS, "20:00")

    async def open(
        self,
        stack: Stack,
        services: Services,
        hospital: Hospital,
        data: tuple[Path | None, int],
        documents: tuple[Document, ...],
    ) -> None:
        """Load and take in the population, put the definitions in force, and learn what is due from then."""
        folder, total = data
        people = self.cast.patients
        with self.show.progress() as bars:
            task = bars.add_task("loading into the FHIR server", total=total + len(people))
            resources = setting.watched(self.population, folder, lambda _: None)
            done = await setting.fill(
                stack, hospital, setting.together(people, resources), lambda n: bars.advance(task, n)
            )
            task = bars.add_task("taking in patients", total=None)
            self.patient_ids = await take_in_everyone(
                services, lambda done, of: bars.update(task, completed=done, total=of)
            )
        self.loaded = done.loaded
        self.show.people(self.patient_ids)
        if done.refused:
            self.show.say(f"The FHIR server refused: {done.refused}")
        at = stack.clock.now()
        published = await setting.put_in_force(stack, services, documents)
        self.show.say(
            f"{len(published.added)} definitions published, {len(self.patient_ids)} patients looked at."
        )
        self.show.members(await self._members(services))
        self._expect(at)

    async def _members(self, services: Services) -> dict[str, int]:
        catalogue = await services.definitions.current()
        return {
            segment.title: len(await services.indexes.members(segment.url))
            for segment in catalogue.segments.all
        }

    def _expect(self, published: Instant) -> None:
        later = add(published, parse_duration("P7D"), self.zone)
        self.expects = list(self.population.expects(published, later))
        self.expects += [expect for story in self.stories for expect in story.expects]
        self.show.oracle(self.population, len(self.expects))

    async def days_pass(self, player: Player) -> None:
        """Play all stories, and everyday results beside them."""
        await player.play(self._cues(), self.end)

    def _cues(self) -> Iterator[Cue]:
        for story in self.stories:
            yield from (cue(story.patient_id, act) for act in story.acts)
        alive = [each for each in sorted(self.population.patients) if not self.population.dead(each)]
        for act in background(self.days, alive[:_BACKGROUND]):
            yield cue(_about(act), act)

    async def close(self, stack: Stack, services: Services, player: Player) -> dict[str, object]:
        """Gather the evidence, show the verdict, and sum it up; `good` in it says whether all is well."""
        patients = {patient_key(each): each for each in self.patient_ids}
        evidence = await gather(stack, services, patients)
        verdict = judge(self.expects, evidence.delivered, self.end)
        unreflected = await not_reflected(services, self._written_about(), player.hospital.versions)
        not_so = await not_left(stack, self.stories)
        self.show.verdict(self.stories, verdict)
        for wrong in not_so:
            self.show.say(f"not as told: {wrong}")
        return self._summary(evidence, verdict, unreflected + len(not_so), player)

    def _written_about(self) -> list[str]:
        return [*(story.patient_id for story in self.stories), *sorted(self.population.patients)[:200]]

    def _summary(
        self, evidence: Evidence, verdict: Verdict, unreflected: int, player: Player
    ) -> dict[str, object]:
        waits = latencies(evidence.delivered, player.written)
        duplicates = verdict.duplicates + count_distinct(evidence.accepts)
        lost = len(verdict.lost) + unreflected
        unexpected = len(verdict.unexpected) + evidence.strangers
        return {
            "patients": len(self.patient_ids),
            "resources_loaded": self.loaded,
            "changes": evidence.events,
            "messages_expected": len([e for e in self.expects if e.at <= self.end]),
            "messages_sent": len(evidence.delivered) + evidence.strangers,
            "messages_unknown": evidence.unknown,
            "duplicates": duplicates,
            "lost": lost,
            "unexpected": unexpected,
            "p50_ms": percentile(waits, 0.5),
            "p99_ms": percentile(waits, 0.99),
            "seconds": round(real_time.monotonic() - self.began, 1),
            "good": not (duplicates or lost or unexpected or evidence.unknown),
        }


def _about(act: Act) -> str:
    """Return whose act of the background it is."""
    for doing in act.doing:
        if isinstance(doing, Write) and isinstance(subject := doing.resource.get("subject"), dict):
            return str(subject["reference"]).rpartition("/")[2]
    return ""
