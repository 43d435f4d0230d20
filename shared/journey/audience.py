"""Audience, entry window and re-entry: who may enter a journey, when, and how often."""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import Annotated, Literal, Self

from msgspec import Struct
from pydantic import Discriminator, Field, Tag, model_validator

from shared.authoring import Authored
from shared.fhir.calendar import Duration, parse_duration
from shared.fhir.instants import Instant, parse_instant
from shared.journey.due import ExactInstant, local
from shared.journey.happening import short
from shared.journey.steps.base import BoundedDuration, DefinitionUrl
from shared.patient.record import PatientRecord


class Audience(Authored):
    """Whom a journey is for, whatever its trigger: asked when somebody is about to begin."""

    # "in" is what an author writes; the attribute needs another name in Python
    within: tuple[DefinitionUrl, ...] = Field(default=(), alias="in")
    """Segments, all of which the patient must be in."""
    not_in: tuple[DefinitionUrl, ...] = ()
    """Segments, none of which the patient may be in."""

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if both := set(self.within) & set(self.not_in):
            raise ValueError(f"nobody is in {short(both.pop())} and not in it")
        return self


class EntryWindow(Authored):
    """When the journey takes anybody in."""

    # "from" is what an author writes; the attribute needs another name in Python
    since: ExactInstant | None = Field(default=None, alias="from")
    until: ExactInstant | None = None

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.since is None and self.until is None:
            raise ValueError("needs from or until")
        if self.since and self.until and parse_instant(self.since) >= parse_instant(self.until):
            raise ValueError("until is not after from: nobody could enter")
        return self


class ReEntryAfter(Authored):
    """Again, this long after the patient entered last and once out of it."""

    after: BoundedDuration


type ReEntryRule = Annotated[
    Annotated[Literal["never", "after-exit", "per-focus"], Tag("rule")]
    | Annotated[ReEntryAfter, Tag("after")],
    Discriminator(lambda rule: "rule" if isinstance(rule, str) else "after"),
]


class Admission(Struct, frozen=True):
    """The entry rules of a compiled journey."""

    within: tuple[str, ...] = ()
    not_in: tuple[str, ...] = ()
    since: Instant | None = None
    until: Instant | None = None
    re_entry: Literal["never", "after-exit", "per-focus", "after-a-while"] = "never"
    pause: Duration = Duration()
    """For "after-a-while"."""
    zone: tzinfo = UTC
    """In which instants are said."""

    def why_not(self, record: PatientRecord, now: Instant) -> str:
        """Return why the patient may not begin now, or ""."""
        if self.since is not None and now < self.since:
            return f"it takes nobody in before {local(self.since, self.zone)}"
        if self.until is not None and now >= self.until:
            return f"it has taken nobody in since {local(self.until, self.zone)}"
        for url in self.within:
            if not record.is_member(url):
                return f"not in segment {short(url)}"
        return next((f"in segment {short(url)}" for url in self.not_in if record.is_member(url)), "")


def admission_of(
    audience: Audience, window: EntryWindow | None, rule: ReEntryRule, zone: tzinfo = UTC
) -> Admission:
    """Compile the entry rules."""
    return Admission(
        audience.within,
        audience.not_in,
        parse_instant(window.since) if window and window.since else None,
        parse_instant(window.until) if window and window.until else None,
        "after-a-while" if isinstance(rule, ReEntryAfter) else rule,
        parse_duration(rule.after) if isinstance(rule, ReEntryAfter) else Duration(),
        zone,
    )
