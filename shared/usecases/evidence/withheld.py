"""A story without what is clinical, for those who see people but not their clinical facts.

What was sent, reported, answered and chosen stays. Of segments and journeys it stays that something happened
and not why, as reasons quote results; of facts nothing.
"""

from __future__ import annotations

from msgspec.structs import replace

from shared.usecases.evidence.story import Happening, Story

_ABOUT_PEOPLE = frozenset({"Patient", "RelatedPerson", "Appointment", "Communication", "Consent"})
"""Types of resources whose names say nothing clinical."""
_REASONED = frozenset({"segment", "journey", "fault"})


def without_clinical(story: Story) -> Story:
    """Return what may be shown of a story to those who do not see clinical facts."""
    told = (_told(each) for each in story.happenings)
    messages = tuple(
        replace(message, focus="", looked_at=(), calls=tuple(replace(c, looked_at=()) for c in message.calls))
        for message in story.messages
    )
    return replace(story, happenings=tuple(filter(None, told)), messages=messages)


def _told(happening: Happening) -> Happening | None:
    if happening.kind == "fact":
        return None
    refs = tuple(ref for ref in happening.refs if _may_be_named(ref))
    if happening.kind not in _REASONED:
        return replace(happening, refs=refs, withheld=refs != happening.refs)
    head, _, reason = happening.text.partition(": ")
    return replace(happening, text=head, refs=refs, withheld=bool(reason) or refs != happening.refs)


def _may_be_named(ref: str) -> bool:
    """Say whether a reference is none of a clinical resource: definitions and ids of ours have no type."""
    kind, slash, _ = ref.partition("/")
    return not slash or ":" in kind or kind in _ABOUT_PEOPLE
