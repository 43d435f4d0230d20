"""The criterion on whether a patient could be reached by a channel."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.fhir.fact import ContactPoint, Person
from shared.fhir.instants import Instant
from shared.patient.record import PatientRecord
from shared.segment.codes import listed
from shared.segment.criterion import FAILS, HOLDS, Compiled, Context, Criterion, Outcome, explain_person
from shared.segment.explanation import Explanation
from shared.segment.reach_words import ChannelWord
from shared.segment.wall import NEVER

_ONE_OR_MANY = listed(ChannelWord | list[ChannelWord])
_SYSTEMS = {
    "sms": ("sms", "phone"),
    "whatsapp": ("sms", "phone"),
    "email": ("email",),
}
_TOUCHES = frozenset({("Patient", "telecom", ""), ("Patient", "addresses", ""), ("Patient", "opt_outs", "")})


class ReachableCriterion(Criterion):
    """There is a contact point in use for one of these channels, and no opt-out from it.

    sms and whatsapp take Patient.telecom of system sms or phone, email those of system email, letter an
    address; what is old, or outside its period, does not count. Whether a number really is one, and whether a
    FHIR Consent denies it, is for the guard before each send.
    """

    reachable_by: Annotated[tuple[ChannelWord, ...], _ONE_OR_MANY, Field(min_length=1)]

    def compile(self, context: Context) -> Compiled:
        """Compile to a look at each channel."""
        channels = self.reachable_by

        def test(record: PatientRecord, now: Instant) -> Outcome:
            person = record.person
            if person is None:
                return FAILS
            stopped = record.silenced
            asked = () if "*" in stopped else (c for c in channels if c not in stopped)
            outcomes = [_reached(person, channel, now) for channel in asked]
            lasting = max((until for holds, until, _ in outcomes if holds), default=None)
            if lasting is not None:
                return HOLDS if lasting == NEVER else (True, lasting, False)
            return False, min((until for _, until, _ in outcomes), default=NEVER), True

        def explain(record: PatientRecord, now: Instant) -> Explanation:
            names = " or ".join(channels)
            says = {True: f"reachable by {names}", False: f"not reachable by {names}"}
            return explain_person(record, "reachable_by", test(record, now)[0], lambda _, holds: says[holds])

        return Compiled(test, explain, _TOUCHES, timed=True)


def _reached(person: Person, channel: ChannelWord, now: Instant) -> Outcome:
    if channel == "letter":
        written = any(a.use != "old" and (a.line or a.city) for a in person.addresses)
        return HOLDS if written else FAILS
    points = [p for p in person.telecom if p.system in _SYSTEMS[channel] and p.use != "old"]
    ends = [NEVER if p.end is None else Instant(p.end + 1) for p in points if _in_use(p, now)]
    if ends:
        return True, max(ends), False
    starts = (p.start for p in points if p.start is not None and now < p.start and _in_use(p, p.start))
    return False, min(starts, default=NEVER), True


def _in_use(point: ContactPoint, now: Instant) -> bool:
    return (point.start is None or point.start <= now) and (point.end is None or now <= point.end)
