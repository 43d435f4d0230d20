"""A story as those see it who may not see all of it: shared.usecases.patients.shown says what that is.

What was sent, reported, answered and chosen stays. Of segments and journeys it stays that something happened
and not why, as reasons quote results; of facts nothing.
"""

from __future__ import annotations

from msgspec.structs import replace

from shared.patient.record import TimelineLine
from shared.patient.state import Message
from shared.usecases.evidence.story import Happening, Story
from shared.usecases.patients.shown import Sight, shown_line, shown_reason, shown_refs

_LINES = frozenset({"segment", "journey", "message", "inbound", "fault"})
"""Kinds of what stands on the timeline."""


def as_seen(story: Story, sight: Sight) -> Story:
    """Return what somebody may see of a story."""
    if sight.clinical:
        return story
    told = (_told(each, sight) for each in story.happenings if each.kind != "fact")
    messages = tuple(_message(each, sight) for each in story.messages)
    return replace(story, happenings=tuple(told), messages=messages)


def _message(message: Message, sight: Sight) -> Message:
    calls = tuple(replace(each, looked_at=()) for each in message.calls)
    reason = shown_reason(message, sight.clinical)
    plain = replace(message, focus="", looked_at=(), calls=calls, status_reason=reason)
    return plain if sight.words else replace(plain, text="", subject="")


def _told(happening: Happening, sight: Sight) -> Happening:
    at, kind, text = happening.at, happening.kind, happening.text
    withheld = False
    line = TimelineLine(at, kind, text, happening.refs)  # type: ignore[arg-type] # others are told apart here
    refs = shown_refs(line, sight)
    if kind in _LINES:
        text, withheld = shown_line(line, sight)
    if kind == "choice" and not sight.words:  # its words are those of the patient
        text, colon, _ = text.partition(': "')
        withheld = bool(colon)
    return replace(happening, text=text, refs=refs, withheld=withheld or refs != happening.refs)
