"""The story of an appointment that nobody can settle on: moved five times, then cancelled."""

from __future__ import annotations

from sandbox.play import resources as make
from sandbox.play.appointments import BOOKED, SOON
from sandbox.play.story import Story, Write
from sandbox.play.telling import Cast, Days, act, begin, expect


def moved_often(days: Days, cast: Cast) -> Story:
    """Move it later, earlier, later, and twice more after reminders went out, then cancel it.

    Each time that stands three days before brings its reminder, no other does, and the last brings none on
    the day.
    """
    story, _ = begin(cast, "moved five times, then cancelled", "play-moved-often", "Ingrid", "Holm")
    write = make.appointment
    moves = (
        ((0, "09:20"), "books a visit", (6, "10:00")),
        ((1, "10:40"), "moves it later", (9, "15:00")),
        ((2, "10:10"), "moves it earlier, within three days", (4, "16:00")),
        ((3, "13:40"), "moves it later again", (10, "09:00")),
        ((7, "11:10"), "moves it after the reminder", (13, "14:00")),
        ((8, "09:50"), "moves it earlier again", (12, "10:30")),
    )
    for (day, clock), text, start in moves:
        act(story, days.at(day, clock), text, Write(write(story.patient_id, days.at(*start))))
    cancelling = write(story.patient_id, days.at(12, "10:30"), "cancelled")
    act(story, days.at(11, "16:20"), "cancels", Write(cancelling))
    expect(story, days.at(0, "09:20"), BOOKED)
    expect(story, days.at(7, "09:00"), SOON)
    expect(story, days.at(9, "09:00"), SOON)
    return story
