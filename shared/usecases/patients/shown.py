"""What of a patient's life people see who may not see all of it: that something happened, and not why.

What the clinical record says, and reasons that come of it ("HbA1c 9.1 % > 9 %"), are clinical; what is not
known to be harmless is taken to be. Words that went to and fro may be answers to a doctor's question.
"""

from __future__ import annotations

from msgspec import Struct

from shared.fhir.canonical import split_canonical
from shared.message.failures import FAILURES
from shared.patient.record import TimelineLine
from shared.patient.state import Message
from shared.segment.clinical import may_be_seen
from shared.segment.index import SegmentIndex


class Sight(Struct, frozen=True):
    """What somebody may see."""

    clinical: bool = False
    """Clinical facts, and reasons that come of them; words are seen then too."""
    words: bool = False
    """What patients wrote, and what they were sent."""
    segments: SegmentIndex = SegmentIndex(())
    """Those in force. Being in one that goes by clinical facts is clinical, and so is one not among them."""

    def shows(self, segment: str) -> bool:
        """Say whether it may be told that somebody is or was in a segment, by its url."""
        return may_be_seen(segment, self.segments, clinical=self.clinical)


_ABOUT_PEOPLE = frozenset({"Patient", "RelatedPerson", "Appointment", "Communication", "Consent"})
"""Types of resources whose names say nothing clinical."""
_HARMLESS = (
    *FAILURES.values(),
    "no phone number",
    "no email address",
    "no postal address",
    "not a valid",
    "no such number",
    "the patient has opted out",
    "sending is switched off",
    "the journey was stopped",
    "the message before did not arrive",
)
"""How reasons begin, of a message that was not sent, that say nothing of anybody's health."""


def shown_line(line: TimelineLine, sight: Sight) -> tuple[str, bool]:
    """Return what is shown of a line, and whether something of it is left out."""
    if sight.clinical or (line.kind == "inbound" and sight.words):
        return line.text, False
    head, _, reason = line.text.partition(": ")
    match line.kind:
        case "segment" if not line.refs or not all(sight.shows(_url(ref)) for ref in line.refs):
            return "", True
        case "journey" | "segment" | "inbound" | "fault":
            return head, bool(reason)
        case "message":
            plain = not line.text.startswith("Not sent") or _is_harmless(reason)
            return (line.text, False) if plain else (head, True)
    return "", True


def shown_refs(line: TimelineLine, sight: Sight) -> tuple[str, ...]:
    """Return what a line is about; without clinical facts no clinical resource or segment is named."""
    return tuple(ref for ref in line.refs if sight.clinical or _may_be_named(ref, line, sight))


def _may_be_named(ref: str, line: TimelineLine, sight: Sight) -> bool:
    """Say whether a reference is to nothing clinical: definitions and ids of ours have no type."""
    kind, slash, _ = ref.partition("/")
    if slash and ":" not in kind and kind not in _ABOUT_PEOPLE:
        return False
    url = _url(ref)
    return sight.shows(url) if line.kind == "segment" or url in sight.segments else True


def _url(ref: str) -> str:
    return split_canonical(ref)[0]


def shown_reason(message: Message, clinical: bool) -> str:
    """Return why a message stands as it does."""
    return message.status_reason if clinical or _is_harmless(message.status_reason) else ""


def _is_harmless(reason: str) -> bool:
    return all(part.startswith(_HARMLESS) for part in reason.split("; ")) if reason else True
