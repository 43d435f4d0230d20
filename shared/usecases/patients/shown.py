"""What of a timeline people see who may not see clinical facts: that something happened, and not why.

What passed between the patient and the organisation is theirs to see; what the clinical record says, and
reasons that come of it ("HbA1c 9.1 % > 9 %"), are not. What is not known to be harmless is left out.
"""

from __future__ import annotations

from shared.message.failures import FAILURES
from shared.patient.record import TimelineLine
from shared.patient.state import Enrolment, Message

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


def shown_line(line: TimelineLine, clinical: bool) -> tuple[str, bool]:
    """Return what is shown of a line, and whether something of it is left out."""
    if clinical or line.kind in ("inbound", "fault"):
        return line.text, False
    head, _, reason = line.text.partition(": ")
    match line.kind:
        case "journey":
            return head, bool(reason)
        case "message":
            plain = not line.text.startswith("Not sent") or _is_harmless(reason)
            return (line.text, False) if plain else (head, True)
    return "", True


def shown_refs(line: TimelineLine, clinical: bool) -> tuple[str, ...]:
    """Return what a line is about; without clinical facts no resource of the FHIR server is named."""
    return tuple(ref for ref in line.refs if clinical or not _is_resource(ref))


def _is_resource(ref: str) -> bool:
    """Say whether it is a reference such as "Observation/1"; urls, and ids of ours, are not."""
    return "://" not in ref and "/" in ref


def shown_reason(message: Message, clinical: bool) -> str:
    """Return why a message stands as it does."""
    return message.status_reason if clinical or _is_harmless(message.status_reason) else ""


def shown_why(enrolment: Enrolment, clinical: bool) -> str:
    """Return why an enrolment is there; of one on hold why it is, which staff have to mend."""
    return enrolment.reason if clinical or enrolment.held else ""


def _is_harmless(reason: str) -> bool:
    return all(part.startswith(_HARMLESS) for part in reason.split("; ")) if reason else True
