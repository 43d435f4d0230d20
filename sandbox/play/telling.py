"""What the stories of a play are told with: days, a cast, acts and expectations."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sandbox.play import resources as make
from sandbox.play.story import Act, Doing, Expect, Leave, Resource, Story
from sandbox.population.people import phone_number
from shared.fhir.instants import Instant, from_datetime


class Days:
    """Turns "day 3 at 09:30" into an instant."""

    def __init__(self, first: date, zone: ZoneInfo) -> None:
        self._first, self._zone = first, zone

    def at(self, day: int, clock: str) -> Instant:
        """Return the instant of a wall-clock time on a day of the play; the first is day 0."""
        moment = datetime.combine(self._first + timedelta(days=day), time.fromisoformat(clock), self._zone)
        return from_datetime(moment)


class Cast:
    """Makes the patients of the stories, each with a phone number of their own."""

    def __init__(self) -> None:
        self.patients: list[Resource] = []

    def add(
        self,
        patient_id: str,
        given: str,
        family: str,
        *,
        phone: bool = True,
        email: bool = False,
        language: str = "en",
        shared: str = "",
    ) -> str:
        """Add a patient, perhaps with the phone of another; returns the phone number, or ""."""
        number = shared or (phone_number(2900 + len(self.patients)) if phone else "")
        address = f"{patient_id}@example.com" if email else ""
        self.patients.append(make.patient(patient_id, given, family, number, address, language))
        return number


def begin(cast: Cast, title: str, patient_id: str, *who: str, **how: bool | str) -> tuple[Story, str]:
    """Begin a story; returns it and the phone number of its patient."""
    phone = cast.add(patient_id, *who, **how)  # type: ignore[arg-type] # the keywords of Cast.add
    return Story(title, patient_id), phone


def leave(story: Story, reference: str, **elements: str) -> None:
    """Say what a resource must be in the end."""
    story.leaves.append(Leave(reference, elements))


def leave_task(story: Story, code: str, times: int = 1) -> None:
    """Say which tasks staff must have got."""
    story.tasks += [code] * times


def act(story: Story, at: Instant, text: str, *doing: Doing) -> None:
    """Let something happen."""
    story.acts.append(Act(at, text, doing))


def expect(story: Story, at: Instant, template: str, language: str = "en", channel: str = "sms") -> None:
    """Say which message must follow."""
    story.expects.append(Expect(story.patient_id, template, at, language, channel))
