"""The stories of the hospital days, each with the messages that it must and must not lead to.

All times are the organisation's wall clock, on working days from the first day of the play; daylight
saving begins in between when the play starts in early March.
"""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.play import resources as make
from sandbox.play.appointments import BOOKED, another_time, cancelled, deleted, kept, missed, moved
from sandbox.play.moves import moved_often
from sandbox.play.replies import replies
from sandbox.play.story import Act, Behave, Expect, Reply, Story, Write
from sandbox.play.telling import Cast, Days, act, begin, expect
from shared.fhir.instants import HOUR, Instant

__all__ = ["Cast", "Days", "background", "stories"]

INVITE, REMIND = "diabetes-invitation", "diabetes-reminder"
CHECK_IN, WORSE = "discharge-check-in", "discharge-worse"
DAYS = 16
"""How long the play goes on after its first day."""


def stories(days: Days, cast: Cast) -> Iterator[Story]:
    """Tell all stories."""
    yield rising(days, cast)
    yield improving(days, cast)
    yield fine(days, cast)
    yield by_email(days, cast)
    yield unreachable(days, cast)
    yield kept(days, cast)
    yield moved(days, cast)
    yield moved_often(days, cast)
    yield another_time(days, cast)
    yield cancelled(days, cast)
    yield deleted(days, cast)
    yield missed(days, cast)
    yield discharged(days, cast)
    yield dies(days, cast)
    yield stops(days, cast)
    yield refuses(days, cast)
    yield corrected(days, cast)
    yield unheard(days, cast)
    yield from replies(days, cast)


def _diabetic(story: Story, days: Days, value: float, day: int = 0, clock: str = "09:30") -> Instant:
    at = days.at(day, clock)
    act(story, days.at(0, "08:30"), "is registered with diabetes", Write(make.diabetes(story.patient_id)))
    act(story, at, f"HbA1c {value} % arrives", Write(make.hba1c(story.patient_id, 1, value, at)))
    return at


def rising(days: Days, cast: Cast) -> Story:
    """Poor control: an invitation at once, a reminder a week later; in Spanish."""
    story, _ = begin(cast, "HbA1c rises", "play-rising", "Ana", "Rivera", language="es")
    at = _diabetic(story, days, 9.8)
    expect(story, at, INVITE, "es")
    expect(story, days.at(7, "09:30"), REMIND, "es")
    return story


def improving(days: Days, cast: Cast) -> Story:
    """Better values close the gap: no reminder."""
    story, _ = begin(cast, "HbA1c improves in time", "play-improving", "June", "Okoye")
    expect(story, _diabetic(story, days, 9.4, clock="10:00"), INVITE)
    better = days.at(4, "11:15")
    act(story, better, "HbA1c 7.1 % arrives", Write(make.hba1c(story.patient_id, 2, 7.1, better)))
    return story


def fine(days: Days, cast: Cast) -> Story:
    """Good control: nobody is bothered."""
    story, _ = begin(cast, "HbA1c is fine", "play-fine", "Ruth", "Baker")
    _diabetic(story, days, 6.9, day=1)
    return story


def by_email(days: Days, cast: Cast) -> Story:
    """No phone: the next channel is used."""
    story, _ = begin(cast, "only email", "play-email", "Carl", "Nolan", phone=False, email=True)
    expect(story, _diabetic(story, days, 10.2, day=1, clock="14:00"), INVITE, channel="email")
    expect(story, days.at(8, "14:00"), REMIND, channel="email")
    return story


def unreachable(days: Days, cast: Cast) -> Story:
    """No contact point: not-done, with the reason."""
    story, _ = begin(cast, "nowhere to write to", "play-unreachable", "Owen", "Hayes", phone=False)
    _diabetic(story, days, 9.9, day=1, clock="15:00")
    return story


def discharged(days: Days, cast: Cast) -> Story:
    """Two days after leaving the hospital: how are you? Worse, so that a nurse gets a task at once."""
    story, phone = begin(cast, "discharged", "play-discharged", "Hugo", "Castro", language="es")
    entered, left = days.at(0, "18:00"), days.at(3, "11:40")
    act(story, entered, "is admitted", Write(make.stay(story.patient_id, entered)))
    act(story, left, "is discharged", Write(make.stay(story.patient_id, entered, left)))
    expect(story, days.at(5, "10:00"), CHECK_IN, "es")
    act(story, days.at(5, "18:30"), "replies peor", Reply(phone, "Peor"))
    expect(story, days.at(5, "18:30"), WORSE, "es")
    return story


def dies(days: Days, cast: Cast) -> Story:
    """Never after they died: neither the week's reminder nor the appointment's."""
    story, phone = begin(cast, "dies", "play-dies", "Frank", "Doyle")
    expect(story, _diabetic(story, days, 11.0, clock="09:45"), INVITE)
    at = days.at(1, "10:30")
    act(story, at, "books a visit", Write(make.appointment(story.patient_id, days.at(10, "10:00"))))
    expect(story, at, BOOKED)
    dead = make.patient(story.patient_id, "Frank", "Doyle", phone) | {"deceasedBoolean": True}
    act(story, days.at(5, "03:20"), "dies", Write(dead))
    return story


def stops(days: Days, cast: Cast) -> Story:
    """STOP: nothing more by SMS."""
    story, phone = begin(cast, "replies STOP", "play-stops", "Kevin", "Abbott")
    expect(story, _diabetic(story, days, 9.6, clock="11:30"), INVITE)
    act(story, days.at(2, "20:15"), "replies STOP", Reply(phone, "STOP"))
    expect(story, days.at(2, "20:15"), "reply-stop")
    visit = make.appointment(story.patient_id, days.at(12, "09:30"))
    act(story, days.at(3, "09:00"), "books a visit", Write(visit))
    return story


def refuses(days: Days, cast: Cast) -> Story:
    """A Consent on the FHIR server that denies holds for every channel."""
    story, _ = begin(cast, "refuses consent", "play-refuses", "Adam", "Keller", email=True)
    expect(story, _diabetic(story, days, 9.7, clock="12:20"), INVITE)
    at = days.at(3, "15:30")
    act(story, at, "does not want to be contacted", Write(make.refusal(story.patient_id, at)))
    return story


def corrected(days: Days, cast: Cast) -> Story:
    """A result entered in error does not count any more: the reminder is not sent."""
    story, _ = begin(cast, "result entered in error", "play-corrected", "Hannah", "Ellis")
    at = _diabetic(story, days, 12.4, day=2, clock="10:40")
    expect(story, at, INVITE)
    wrong = make.hba1c(story.patient_id, 1, 12.4, at) | {"status": "entered-in-error"}
    act(story, days.at(2, "16:10"), "the result was entered in error", Write(wrong))
    return story


def unheard(days: Days, cast: Cast) -> Story:
    """Event Grid loses the notification: reconciliation finds the change."""
    story, _ = begin(cast, "notification lost", "play-unheard", "Beth", "Carter")
    at = days.at(6, "13:10")
    act(story, days.at(5, "08:40"), "is registered with diabetes", Write(make.diabetes(story.patient_id)))
    lost = Write(make.hba1c(story.patient_id, 1, 9.3, at))
    act(story, at, "HbA1c 9.3 % arrives, and its notification is lost", Behave({"drop": 1.0}), lost)
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
