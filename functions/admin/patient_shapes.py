"""A patient as the API shows them: what the 360 view, the timeline and the lists have in common."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from functions.admin.shapes import Moment

_KEY = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
_JOURNEY = "https://hearthline.example/journeys/diabetes-outreach"
_MESSAGE = "7b0c1a52-3f0e-5d0a-8c39-0c1d2e3f4a5b"


def shown_as(**example: Any) -> ConfigDict:
    """Give a model its example."""
    return ConfigDict(json_schema_extra={"examples": [example]})


def example_of(model: type[BaseModel]) -> Any:
    """Return a model's example."""
    extra = model.model_config["json_schema_extra"]
    return extra["examples"][0] if isinstance(extra, dict) else None  # type: ignore[index]


class Point(BaseModel):
    """A way to reach somebody, as the clinical record has it."""

    model_config = shown_as(system="phone", value="+12065550123", use="mobile", why_not="")

    system: str = Field(description="ContactPoint.system: phone, sms, email")
    value: str
    use: str = Field(description="ContactPoint.use: home, mobile, work, or empty")
    why_not: str = Field(
        default="", description="Why nothing is sent there, of one that does not work; else empty"
    )


class PersonShown(BaseModel):
    """The person, as the clinical record had them when it was last read."""

    model_config = shown_as(
        name="Ana Lucía Núñez",
        birth_date="1970-05-17",
        gender="female",
        languages=["es-MX"],
        deceased=False,
        active=True,
        contact_points=[example_of(Point)],
    )

    name: str
    birth_date: str = Field(description="As FHIR has it, perhaps without day and month; empty if unknown")
    gender: str
    languages: list[str] = Field(description="BCP 47, preferred first")
    deceased: bool
    active: bool
    contact_points: list[Point]


class SegmentHeld(BaseModel):
    """A segment that the patient is in."""

    model_config = shown_as(
        segment="11b2c3d4e5f60718293a4b5c6d7e8f90",
        url="https://hearthline.example/segments/diabetes-poor-control",
        version="1.0.0",
        title="Diabetes, poor control",
        since="2026-03-02T09:00:00Z",
        may_change=None,
        reason="HbA1c 9.1 % > 9 %",
    )

    segment: str = Field(description="Id of the definition")
    url: str
    version: str
    title: str
    since: Moment
    may_change: Moment | None = Field(default=None, description="When it could end with no new data")
    reason: str | None = Field(
        default=None, description="Why they are in it; null without sight of clinical facts"
    )


class JourneyHeld(BaseModel):
    """A passage through a journey that is not over."""

    model_config = shown_as(
        enrolment="2f1d4a3e-6f67-5a0b-9b1a-3f6b1f0f8f00",
        journey="21b2c3d4e5f60718293a4b5c6d7e8f90",
        url=_JOURNEY,
        version="1",
        title="Diabetes outreach",
        status="active",
        step="a-week",
        entered="2026-03-02T09:00:00Z",
        due="2026-03-09T09:00:00Z",
        ends=None,
        held="",
        reason="HbA1c 9.1 % > 9 %",
        campaign="",
    )

    enrolment: str
    journey: str = Field(description="Id of the definition")
    url: str
    version: str
    title: str
    status: Literal["active", "on-hold", "completed", "revoked"]
    step: str = Field(description="Id of the step that it stands at")
    entered: Moment
    due: Moment | None = Field(default=None, description="When the step that it waits at is over")
    ends: Moment | None = Field(default=None, description="When the journey ends it, whatever it stands at")
    held: Literal["", "fault", "paused", "staff"] = Field(default="", description="Who put it on hold")
    reason: str | None = Field(
        default=None,
        description="Why it entered, or is on hold; null without sight of clinical facts",
    )
    campaign: str = Field(default="", description="The campaign's run that brought it about, or empty")


class JourneyBefore(BaseModel):
    """A journey that the patient entered, perhaps more than once."""

    model_config = shown_as(
        journey="21b2c3d4e5f60718293a4b5c6d7e8f90",
        url=_JOURNEY,
        title="Diabetes outreach",
        entries=2,
        last_entered="2026-03-02T09:00:00Z",
    )

    journey: str = Field(description="Id of the definition")
    url: str
    title: str
    entries: int
    last_entered: Moment


class MessageShown(BaseModel):
    """A message, without its words."""

    model_config = shown_as(
        message=_MESSAGE,
        channel="sms",
        template="https://hearthline.example/templates/diabetes-invitation|1",
        journey=f"{_JOURNEY}|1",
        enrolment="2f1d4a3e-6f67-5a0b-9b1a-3f6b1f0f8f00",
        step="invite",
        party="",
        purpose="care",
        language="en",
        status="completed",
        reason="",
        delivery="delivered",
        created="2026-03-02T09:00:00Z",
        due="2026-03-02T09:00:00Z",
        first_sent="2026-03-02T09:00:01Z",
        reported="2026-03-02T09:00:04Z",
    )

    message: str
    channel: str
    template: str = Field(description="Canonical, url|version")
    journey: str = Field(description="Canonical, url|version; empty of an answer that no journey sends")
    enrolment: str
    step: str
    party: str = Field(description="Whom it goes to, of the patient's family; empty: the patient")
    purpose: str
    language: str
    status: Literal["preparation", "in-progress", "completed", "not-done", "unknown"]
    reason: str = Field(default="", description="Why; empty where that needs sight of clinical facts")
    delivery: str = Field(
        default="",
        description="Empty, sent, failed, delivered, opened, clicked or complained: only ever moves on",
    )
    created: Moment
    due: Moment = Field(description="Not to be sent before")
    first_sent: Moment | None = None
    reported: Moment | None = Field(default=None, description="When the provider last said what became of it")


class LineShown(BaseModel):
    """One thing that happened, in words for staff."""

    model_config = shown_as(
        at="2026-03-02T09:00:00Z",
        kind="journey",
        text="Entered Diabetes outreach",
        withheld=True,
        about=[f"{_JOURNEY}|1"],
    )

    at: Moment
    kind: Literal["fact", "segment", "journey", "message", "inbound", "fault"]
    text: str
    withheld: bool = Field(description="Something is left out that needs sight of clinical facts")
    about: list[str] = Field(
        description="Definitions, messages, enrolments; with clinical facts resources too"
    )


class MayBeWritten(BaseModel):
    """Whether they may be written to, and why not."""

    model_config = shown_as(purpose="care", channel="sms", allowed=False, why_not="the patient has opted out")

    purpose: str
    channel: str
    allowed: bool
    why_not: str


class PatientShown(BaseModel):
    """A patient at a glance."""

    model_config = shown_as(
        patient=_KEY,
        state="known",
        erased=None,
        merged_into="",
        clinical=False,
        person=example_of(PersonShown),
        segments=[],
        segments_withheld=1,
        journeys=[example_of(JourneyHeld)],
        journeys_before=[example_of(JourneyBefore)],
        messages=[example_of(MessageShown)],
        timeline=[example_of(LineShown)],
        consent=[example_of(MayBeWritten)],
        facts={"Observation": 4312, "Condition": 12},
        next_due="2026-03-09T09:00:00Z",
        catalogue="3-0d5c8b5e",
    )

    patient: str = Field(description="Opaque key")
    state: Literal["known", "merged", "erased"] = Field(
        description="merged: another record took this one's place; erased: nothing is known any more"
    )
    erased: Moment | None = None
    merged_into: str = Field(default="", description="Key of the record that took this one's place, or empty")
    clinical: bool = Field(description="You see clinical facts: by your role, or as you broke the glass")
    person: PersonShown | None = None
    segments: list[SegmentHeld] = Field(
        default=[], description="Those that go by clinical facts only with sight of them"
    )
    segments_withheld: int = Field(
        default=0, description="How many more they are in, which go by clinical facts"
    )
    journeys: list[JourneyHeld] = Field(default=[], description="Those that are not over")
    journeys_before: list[JourneyBefore] = Field(default=[], description="All that were ever entered")
    messages: list[MessageShown] = Field(default=[], description="The newest, latest first")
    timeline: list[LineShown] = Field(default=[], description="The newest lines, latest first")
    consent: list[MayBeWritten] = Field(
        default=[], description="By purpose and channel, for the patient themselves"
    )
    facts: dict[str, int] | None = Field(
        default=None, description="How many clinical facts are held, by type; null without sight of them"
    )
    next_due: Moment | None = Field(default=None, description="When something happens next with no new data")
    catalogue: str = Field(
        default="", description="Version of the definitions by which they were looked at last"
    )
