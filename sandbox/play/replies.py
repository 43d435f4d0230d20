"""The stories of replies: in one's own words, in another language, from a family's phone, unasked."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.play import resources as make
from sandbox.play.appointments import BOOKED, CANCELLED, CONFIRMED, SOON, TODAY
from sandbox.play.story import Reply, Story, Write
from sandbox.play.telling import Cast, Days, act, begin, expect, leave, leave_task

NOTED, HELP, STOPPED, WHICH = "reply-noted", "reply-help", "reply-stop", "reply-which"
UNDERSTOOD_NOT = "reply-not-understood"


def replies(days: Days, cast: Cast) -> Iterator[Story]:
    """Tell all of them."""
    yield cannot_come(days, cast, "en", "cancel my appt")
    yield cannot_come(days, cast, "es", "no puedo ir")
    yield not_asked(days, cast)
    yield who_are_you(days, cast)
    yield leave_me_alone(days, cast)
    yield from one_phone(days, cast)


def cannot_come(days: Days, cast: Cast, language: str, words: str) -> Story:
    """Cannot come, in their own words: it is cancelled, they are told so, and called for another time."""
    who = ("Nora", "Whitfield") if language == "en" else ("Luz", "Montero")
    story, phone = begin(cast, f"replies “{words}”", f"play-cannot-{language}", *who, language=language)
    at, start = days.at(1, "10:20"), days.at(8, "13:00")
    act(story, at, "books a visit", Write(make.appointment(story.patient_id, start)))
    expect(story, at, BOOKED, language)
    expect(story, days.at(5, "09:00"), SOON, language)
    act(story, days.at(5, "18:40"), f"replies {words}", Reply(phone, words))
    expect(story, days.at(5, "18:40"), CANCELLED, language)
    leave(story, f"Appointment/{story.patient_id}-visit", status="cancelled", answer="declined")
    leave_task(story, "Reschedule appointment")
    return story


def not_asked(days: Days, cast: Cast) -> Story:
    """Wants to cancel what nobody has asked about: nothing is cancelled, staff call. Then a question."""
    story, phone = begin(cast, "replies when nobody asked", "play-not-asked", "Vera", "Lindgren")
    at = days.at(2, "11:30")
    act(story, at, "books a visit", Write(make.appointment(story.patient_id, days.at(13, "10:00"))))
    expect(story, at, BOOKED)
    act(story, days.at(3, "12:45"), "replies cancel my appt", Reply(phone, "Cancel my appt"))
    expect(story, days.at(3, "12:45"), NOTED)
    act(story, days.at(4, "13:20"), "replies a question", Reply(phone, "Is there parking?"))
    expect(story, days.at(4, "13:20"), UNDERSTOOD_NOT)
    expect(story, days.at(10, "09:00"), SOON)
    expect(story, days.at(13, "08:00"), TODAY)
    leave(story, f"Appointment/{story.patient_id}-visit", status="booked", answer="accepted")
    leave_task(story, "Read reply", times=2)
    return story


def who_are_you(days: Days, cast: Cast) -> Story:
    """Asks in German who writes: answered in German, and the question that was open stays so."""
    story, phone = begin(cast, "replies “wer sind Sie”", "play-who", "Jutta", "Brandt")
    at = days.at(1, "15:10")
    act(story, at, "books a visit", Write(make.appointment(story.patient_id, days.at(10, "15:30"))))
    expect(story, at, BOOKED)
    expect(story, days.at(7, "09:00"), SOON)
    act(story, days.at(7, "10:15"), "replies wer sind Sie", Reply(phone, "Wer sind Sie?"))
    expect(story, days.at(7, "10:15"), HELP, "de")
    act(story, days.at(7, "11:25"), "replies yes", Reply(phone, "Yes, I'll be there"))
    expect(story, days.at(7, "11:25"), CONFIRMED)
    expect(story, days.at(10, "13:30"), TODAY)
    return story


def leave_me_alone(days: Days, cast: Cast) -> Story:
    """Says stop in their own words: one confirmation, and nothing more."""
    story, phone = begin(cast, "replies “stop texting me”", "play-alone", "Dale", "Hooper")
    at = days.at(2, "14:40")
    act(story, at, "books a visit", Write(make.appointment(story.patient_id, days.at(9, "11:00"))))
    expect(story, at, BOOKED)
    act(story, days.at(4, "19:05"), "replies stop texting me", Reply(phone, "stop texting me"))
    expect(story, days.at(4, "19:05"), STOPPED)
    return story


def one_phone(days: Days, cast: Cast) -> Iterator[Story]:
    """Two of a family are asked on one phone: whose yes it is is asked, and it counts for the one meant."""
    first, phone = begin(cast, "one phone, asked first", "play-phone-first", "Maria", "Kovacs")
    other, _ = begin(cast, "one phone, and meant", "play-phone-other", "Stefan", "Kovacs", shared=phone)
    for story, day, clock in ((first, 8, "10:00"), (other, 9, "10:30")):
        at = days.at(2, clock)
        act(story, at, "books a visit", Write(make.appointment(story.patient_id, days.at(day, clock))))
        expect(story, at, BOOKED)
        expect(story, days.at(day - 3, "09:00"), SOON)
    act(first, days.at(6, "10:50"), "somebody replies yes", Reply(phone, "Yes"))
    expect(first, days.at(6, "10:50"), WHICH)
    act(other, days.at(6, "10:55"), "and then 2", Reply(phone, "2"))
    expect(other, days.at(6, "10:55"), CONFIRMED)
    expect(first, days.at(8, "08:00"), TODAY)
    expect(other, days.at(9, "08:30"), TODAY)
    yield from (first, other)
