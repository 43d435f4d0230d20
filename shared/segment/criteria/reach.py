"""The criterion on whether a patient could be reached by a channel."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.fhir.fact import ContactPoint, Person
from shared.fhir.instants import Instant
from shared.patient.permission.silence import Silence, silences
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
_TOUCHES = frozenset(
    {
        ("Patient", "telecom", ""),
        ("Patient", "addresses", ""),
        ("Patient", "opt_outs", ""),
        ("Consent", "", ""),
    }
)


class ReachableCriterion(Criterion):
    """There is a contact point in use for one of these channels, and nothing forbids messages by it.

    sms and whatsapp take Patient.telecom of system sms or phone, email those of system email, letter an
    address; what is old, or outside its period, does not count. Forbidden is what the guard would forbid of
    a message about care, by an opt-out or a FHIR Consent. Whether a number really is one is for the guard
    before each send.
    """

    reachable_by: Annotated[tuple[ChannelWord, ...], _ONE_OR_MANY, Field(min_length=1)]

    def compile(self, context: Context) -> Compiled:
        """Compile to a look at each channel."""
        channels = self.reachable_by

        def test(record: PatientRecord, now: Instant) -> Outcome:
            person = record.person
            if person is None:
                return FAILS
            silent = silences(record)
            outcomes = [_usable(person, silent, channel, now) for channel in channels]
            lasting = max((until for holds, until, _ in outcomes if holds), default=None)
            if lasting is not None:
                return HOLDS if lasting == NEVER else (True, lasting, False)
            return False, min((until for _, until, _ in outcomes), default=NEVER), True

        def explain(record: PatientRecord, now: Instant) -> Explanation:
            names = " or ".join(channels)
            says = {True: f"reachable by {names}", False: f"not reachable by {names}"}
            return explain_person(record, "reachable_by", test(record, now)[0], lambda _, holds: says[holds])

        return Compiled(test, explain, _TOUCHES, timed=True)


def _usable(person: Person, silent: tuple[Silence, ...], channel: ChannelWord, now: Instant) -> Outcome:
    """Say whether a channel reaches somebody and is not silent; where not, when first it does."""
    spans = [span for span in silent if span.channel == channel]
    if not spans:
        return _reached(person, channel, now)
    holds, until = _both(person, spans, channel, now)
    if holds:
        return True, until, False
    while until != NEVER:
        turn = until
        holds, until = _both(person, spans, channel, turn)
        if holds:
            return False, turn, True
    return FAILS


def _both(person: Person, spans: list[Silence], channel: ChannelWord, now: Instant) -> tuple[bool, Instant]:
    """Say whether a channel is open now, and until when neither its contact points nor its silences turn."""
    reached, until, _ = _reached(person, channel, now)
    starts = (span.start for span in spans if span.start is not None)
    ends = (Instant(span.end + 1) for span in spans if span.end is not None)
    turns = (turn for turn in (*starts, *ends) if turn > now)
    return reached and not any(span.holds(now) for span in spans), min(until, *turns, NEVER)


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
