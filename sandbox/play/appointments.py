"""The stories of appointments: kept, moved, confirmed, missed, cancelled, deleted."""

from __future__ import annotations

from sandbox.play import resources as make
from sandbox.play.story import Remove, Reply, Story, Write
from sandbox.play.telling import Cast, Days, act, begin, expect, leave, leave_task

BOOKED, SOON, TODAY = "appointment-booked", "appointment-reminder", "appointment-today"
CONFIRMED, ANOTHER_TIME, CANCELLED = (
    "appointment-confirmed",
    "appointment-reschedule",
    "appointment-cancelled",
)
MISSED, CALL_BACK = "appointment-missed", "call-back"


def kept(days: Days, cast: Cast) -> Story:
    """Keep an appointment where it is: reminded, confirmed by answer, reminded on the day."""
    story, phone = begin(cast, "appointment kept", "play-kept", "Grace", "Mercer")
    at = days.at(0, "11:00")
    act(story, at, "books a visit", Write(make.appointment(story.patient_id, days.at(9, "14:30"))))
    expect(story, at, BOOKED)
    expect(story, days.at(6, "09:00"), SOON)
    act(story, days.at(6, "12:10"), "replies 1", Reply(phone, "1"))
    leave(story, f"Appointment/{story.patient_id}-visit", status="booked", answer="accepted")
    expect(story, days.at(6, "12:10"), CONFIRMED)
    expect(story, days.at(9, "12:30"), TODAY)
    return story


def another_time(days: Days, cast: Cast) -> Story:
    """Ask for another time by answer: staff get a task and move it, and the new time is reminded of."""
    story, phone = begin(cast, "another time by answer", "play-another-time", "Paul", "Winters")
    write = make.appointment
    act(story, days.at(1, "14:00"), "books a visit", Write(write(story.patient_id, days.at(7, "11:00"))))
    act(story, days.at(4, "10:05"), "replies 2", Reply(phone, "2"))
    leave_task(story, "Reschedule appointment")
    act(story, days.at(4, "15:00"), "staff move it", Write(write(story.patient_id, days.at(12, "15:00"))))
    expect(story, days.at(1, "14:00"), BOOKED)
    expect(story, days.at(4, "09:00"), SOON)
    expect(story, days.at(4, "10:05"), ANOTHER_TIME)
    expect(story, days.at(9, "09:00"), SOON)
    expect(story, days.at(12, "13:00"), TODAY)
    return story


def moved(days: Days, cast: Cast) -> Story:
    """Move it later, then earlier: the reminders follow, those of the times before never go out."""
    story, _ = begin(cast, "appointment moved twice", "play-moved", "Marta", "Peña", language="es")
    write = make.appointment
    act(story, days.at(0, "13:00"), "books a visit", Write(write(story.patient_id, days.at(8, "15:00"))))
    act(story, days.at(2, "10:00"), "moves it later", Write(write(story.patient_id, days.at(14, "11:00"))))
    act(story, days.at(4, "16:00"), "moves it earlier", Write(write(story.patient_id, days.at(11, "13:30"))))
    expect(story, days.at(0, "13:00"), BOOKED, "es")
    expect(story, days.at(8, "09:00"), SOON, "es")
    expect(story, days.at(11, "11:30"), TODAY, "es")
    return story


def cancelled(days: Days, cast: Cast) -> Story:
    """Cancel after the first reminder: silence from then on."""
    story, _ = begin(cast, "appointment cancelled", "play-cancelled", "Brian", "Foster")
    start = days.at(7, "10:00")
    act(story, days.at(1, "09:10"), "books a visit", Write(make.appointment(story.patient_id, start)))
    cancelling = make.appointment(story.patient_id, start, "cancelled")
    act(story, days.at(5, "17:00"), "cancels", Write(cancelling))
    expect(story, days.at(1, "09:10"), BOOKED)
    expect(story, days.at(4, "09:00"), SOON)
    return story


def deleted(days: Days, cast: Cast) -> Story:
    """Delete it on the server, as when booked for the wrong person: silence too."""
    story, _ = begin(cast, "appointment deleted", "play-deleted", "Ellen", "Grant")
    at = days.at(1, "12:00")
    act(story, at, "books a visit", Write(make.appointment(story.patient_id, days.at(9, "16:00"))))
    act(story, days.at(2, "12:00"), "the booking is deleted", Remove(f"Appointment/{story.patient_id}-visit"))
    expect(story, at, BOOKED)
    return story


def missed(days: Days, cast: Cast) -> Story:
    """Do not come: asked two hours after it was noted, and wants to be called."""
    story, phone = begin(cast, "appointment missed", "play-missed", "Rosa", "Delgado", language="es")
    at, start = days.at(0, "10:30"), days.at(3, "10:00")
    act(story, at, "books a visit", Write(make.appointment(story.patient_id, start)))
    act(
        story, days.at(3, "11:00"), "has not come", Write(make.appointment(story.patient_id, start, "noshow"))
    )
    act(story, days.at(3, "15:20"), "replies sí", Reply(phone, "Sí"))
    expect(story, at, BOOKED, "es")
    expect(story, days.at(3, "08:00"), TODAY, "es")
    expect(story, days.at(3, "13:00"), MISSED, "es")
    expect(story, days.at(3, "15:20"), CALL_BACK, "es")
    return story
