"""The stories of the hospital days, each with the messages that it must and must not lead to.

All times are the organisation's wall clock, on working days from the first day of the play; daylight
saving begins in between when the play starts in early March.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sandbox.play import resources as make
from sandbox.play.story import Act, Behave, Doing, Expect, Remove, Reply, Resource, Story, Write
from sandbox.population.people import phone_number
from shared.fhir.instants import HOUR, Instant, from_datetime

INVITE, REMIND = "diabetes-invitation", "diabetes-reminder"
BOOKED, SOON, TODAY = "appointment-booked", "appointment-reminder", "appointment-today"
CHECK_IN = "discharge-check-in"
DAYS = 16
"""How long the play goes on after its first day."""


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
    ) -> str:
        """Add a patient; returns the phone number, or ""."""
        number = phone_number(2900 + len(self.patients)) if phone else ""
        address = f"{patient_id}@example.com" if email else ""
        self.patients.append(make.patient(patient_id, given, family, number, address, language))
        return number


def stories(days: Days, cast: Cast) -> Iterator[Story]:
    """Tell all stories."""
    yield rising(days, cast)
    yield improving(days, cast)
    yield fine(days, cast)
    yield by_email(days, cast)
    yield unreachable(days, cast)
    yield kept(days, cast)
    yield moved(days, cast)
    yield cancelled(days, cast)
    yield deleted(days, cast)
    yield discharged(days, cast)
    yield dies(days, cast)
    yield stops(days, cast)
    yield refuses(days, cast)
    yield corrected(days, cast)
    yield unheard(days, cast)


def _story(cast: Cast, title: str, patient_id: str, *who: str, **how: bool | str) -> tuple[Story, str]:
    phone = cast.add(patient_id, *who, **how)  # type: ignore[arg-type] # the keywords of Cast.add
    return Story(title, patient_id), phone


def _act(story: Story, at: Instant, text: str, *doing: Doing) -> None:
    story.acts.append(Act(at, text, doing))


def _expect(story: Story, at: Instant, template: str, language: str = "en", channel: str = "sms") -> None:
    story.expects.append(Expect(story.patient_id, template, at, language, channel))


def _diabetic(story: Story, days: Days, value: float, day: int = 0, clock: str = "09:30") -> Instant:
    at = days.at(day, clock)
    _act(story, days.at(0, "08:30"), "is registered with diabetes", Write(make.diabetes(story.patient_id)))
    _act(story, at, f"HbA1c {value} % arrives", Write(make.hba1c(story.patient_id, 1, value, at)))
    return at


def rising(days: Days, cast: Cast) -> Story:
    """Poor control: an invitation at once, a reminder a week later; in Spanish."""
    story, _ = _story(cast, "HbA1c rises", "play-rising", "Ana", "Rivera", language="es")
    at = _diabetic(story, days, 9.8)
    _expect(story, at, INVITE, "es")
    _expect(story, days.at(7, "09:30"), REMIND, "es")
    return story


def improving(days: Days, cast: Cast) -> Story:
    """Better values close the gap: no reminder."""
    story, _ = _story(cast, "HbA1c improves in time", "play-improving", "June", "Okoye")
    _expect(story, _diabetic(story, days, 9.4, clock="10:00"), INVITE)
    better = days.at(4, "11:15")
    _act(story, better, "HbA1c 7.1 % arrives", Write(make.hba1c(story.patient_id, 2, 7.1, better)))
    return story


def fine(days: Days, cast: Cast) -> Story:
    """Good control: nobody is bothered."""
    story, _ = _story(cast, "HbA1c is fine", "play-fine", "Ruth", "Baker")
    _diabetic(story, days, 6.9, day=1)
    return story


def by_email(days: Days, cast: Cast) -> Story:
    """No phone: the next channel is used."""
    story, _ = _story(cast, "only email", "play-email", "Carl", "Nolan", phone=False, email=True)
    _expect(story, _diabetic(story, days, 10.2, day=1, clock="14:00"), INVITE, channel="email")
    _expect(story, days.at(8, "14:00"), REMIND, channel="email")
    return story


def unreachable(days: Days, cast: Cast) -> Story:
    """No contact point: not-done, with the reason."""
    story, _ = _story(cast, "nowhere to write to", "play-unreachable", "Owen", "Hayes", phone=False)
    _diabetic(story, days, 9.9, day=1, clock="15:00")
    return story


def kept(days: Days, cast: Cast) -> Story:
    """An appointment that stays where it is: confirmed, reminded three days and two hours before."""
    story, _ = _story(cast, "appointment kept", "play-kept", "Grace", "Mercer")
    at = days.at(0, "11:00")
    _act(story, at, "books a visit", Write(make.appointment(story.patient_id, days.at(9, "14:30"))))
    _expect(story, at, BOOKED)
    _expect(story, days.at(6, "09:00"), SOON)
    _expect(story, days.at(9, "12:30"), TODAY)
    return story


def moved(days: Days, cast: Cast) -> Story:
    """Moved later, then earlier: the reminders follow, those of the times before never go out."""
    story, _ = _story(cast, "appointment moved twice", "play-moved", "Marta", "Peña", language="es")
    write = make.appointment
    _act(story, days.at(0, "13:00"), "books a visit", Write(write(story.patient_id, days.at(8, "15:00"))))
    _act(story, days.at(2, "10:00"), "moves it later", Write(write(story.patient_id, days.at(14, "11:00"))))
    _act(story, days.at(4, "16:00"), "moves it earlier", Write(write(story.patient_id, days.at(11, "13:30"))))
    _expect(story, days.at(0, "13:00"), BOOKED, "es")
    _expect(story, days.at(8, "09:00"), SOON, "es")
    _expect(story, days.at(11, "11:30"), TODAY, "es")
    return story


def cancelled(days: Days, cast: Cast) -> Story:
    """Cancelled after the first reminder: silence from then on."""
    story, _ = _story(cast, "appointment cancelled", "play-cancelled", "Brian", "Foster")
    start = days.at(7, "10:00")
    _act(story, days.at(1, "09:10"), "books a visit", Write(make.appointment(story.patient_id, start)))
    cancelling = make.appointment(story.patient_id, start, "cancelled")
    _act(story, days.at(5, "17:00"), "cancels", Write(cancelling))
    _expect(story, days.at(1, "09:10"), BOOKED)
    _expect(story, days.at(4, "09:00"), SOON)
    return story


def deleted(days: Days, cast: Cast) -> Story:
    """Deleted on the server, as when booked for the wrong person: silence too."""
    story, _ = _story(cast, "appointment deleted", "play-deleted", "Ellen", "Grant")
    at = days.at(1, "12:00")
    _act(story, at, "books a visit", Write(make.appointment(story.patient_id, days.at(9, "16:00"))))
    _act(
        story, days.at(2, "12:00"), "the booking is deleted", Remove(f"Appointment/{story.patient_id}-visit")
    )
    _expect(story, at, BOOKED)
    return story


def discharged(days: Days, cast: Cast) -> Story:
    """Two days after leaving the hospital: how are you?"""
    story, _ = _story(cast, "discharged", "play-discharged", "Hugo", "Castro", language="es")
    entered, left = days.at(0, "18:00"), days.at(3, "11:40")
    _act(story, entered, "is admitted", Write(make.stay(story.patient_id, entered)))
    _act(story, left, "is discharged", Write(make.stay(story.patient_id, entered, left)))
    _expect(story, days.at(5, "11:40"), CHECK_IN, "es")
    return story


def dies(days: Days, cast: Cast) -> Story:
    """Never after they died: neither the week's reminder nor the appointment's."""
    story, phone = _story(cast, "dies", "play-dies", "Frank", "Doyle")
    _expect(story, _diabetic(story, days, 11.0, clock="09:45"), INVITE)
    at = days.at(1, "10:30")
    _act(story, at, "books a visit", Write(make.appointment(story.patient_id, days.at(10, "10:00"))))
    _expect(story, at, BOOKED)
    dead = make.patient(story.patient_id, "Frank", "Doyle", phone) | {"deceasedBoolean": True}
    _act(story, days.at(5, "03:20"), "dies", Write(dead))
    return story


def stops(days: Days, cast: Cast) -> Story:
    """STOP: nothing more by SMS."""
    story, phone = _story(cast, "replies STOP", "play-stops", "Kevin", "Abbott")
    _expect(story, _diabetic(story, days, 9.6, clock="11:30"), INVITE)
    _act(story, days.at(2, "20:15"), "replies STOP", Reply(phone, "STOP"))
    visit = make.appointment(story.patient_id, days.at(12, "09:30"))
    _act(story, days.at(3, "09:00"), "books a visit", Write(visit))
    return story


def refuses(days: Days, cast: Cast) -> Story:
    """A Consent on the FHIR server that denies holds for every channel."""
    story, _ = _story(cast, "refuses consent", "play-refuses", "Adam", "Keller", email=True)
    _expect(story, _diabetic(story, days, 9.7, clock="12:20"), INVITE)
    at = days.at(3, "15:30")
    _act(story, at, "does not want to be contacted", Write(make.refusal(story.patient_id, at)))
    return story


def corrected(days: Days, cast: Cast) -> Story:
    """A result entered in error does not count any more: the reminder is not sent."""
    story, _ = _story(cast, "result entered in error", "play-corrected", "Hannah", "Ellis")
    at = _diabetic(story, days, 12.4, day=2, clock="10:40")
    _expect(story, at, INVITE)
    wrong = make.hba1c(story.patient_id, 1, 12.4, at) | {"status": "entered-in-error"}
    _act(story, days.at(2, "16:10"), "the result was entered in error", Write(wrong))
    return story


def unheard(days: Days, cast: Cast) -> Story:
    """Event Grid loses the notification: reconciliation finds the change."""
    story, _ = _story(cast, "notification lost", "play-unheard", "Beth", "Carter")
    at = days.at(6, "13:10")
    _act(story, days.at(5, "08:40"), "is registered with diabetes", Write(make.diabetes(story.patient_id)))
    lost = Write(make.hba1c(story.patient_id, 1, 9.3, at))
    _act(story, at, "HbA1c 9.3 % arrives, and its notification is lost", Behave({"drop": 1.0}), lost)
    found = Expect(story.patient_id, INVITE, at, within=HOUR)
    story.expects += [found, Expect(story.patient_id, REMIND, days.at(13, "13:10"), within=HOUR)]
    return story


def background(days: Days, patient_ids: list[str]) -> Iterator[Act]:
    """Tell of everyday results, for which nobody is written to, while Event Grid repeats and reorders."""
    yield Act(days.at(0, "08:15"), "Event Grid repeats and reorders", (Behave(_UNRULY),))
    yield Act(days.at(6, "13:30"), "Event Grid delivers again", (Behave(_UNRULY),))
    for day in range(0, DAYS, 2):
        at = days.at(day, "10:20")
        for place, patient_id in enumerate(patient_ids[day % 3 :: 4]):
            write = Write(make.pulse(patient_id, day * 100 + place, at))
            yield Act(at, "", (write,))


_UNRULY = {"duplicate": 0.2, "reorder": 0.3, "window_ms": 120.0, "seed": 7}
