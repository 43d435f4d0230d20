"""Lines of the analytics log: what a commit, a row or a timeline says has happened, by ids alone.

`happened` is called where a commit is through; shared.usecases.analytics.rebuild makes the same lines of what
is stored, by the same functions. What a journey did is read off the timeline, whose first words never change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from shared.effects import IndexEnrolment
from shared.events import Event, InboundReceived
from shared.fhir.choice import ANY, Choice
from shared.fhir.fact import Fact
from shared.fhir.instants import DAY, Instant
from shared.patient.engagement import ENGAGEMENT, SYSTEM
from shared.patient.record import Decision, PatientRecord, TimelineLine
from shared.patient.roster import roster_row
from shared.patient.state import Message
from shared.ports.happened import Line

CAMPAIGN = "@campaign"
"""In the results of an enrolment: the run that brought it about."""
LATELY = 30 * DAY
"""For how long a no is taken to be said to the last message."""
_AT = re.compile(r"At ([a-z0-9][a-z0-9-]*): ")
_TURNS = {"Entered segment ": "entered", "Left segment ": "left"}
_REPORTED = ("delivered", "opened", "clicked", "failed")


def happened(before: PatientRecord, events: Iterable[Event], decision: Decision) -> list[Line]:
    """Return what a commit brought about; a change with nothing to tell costs a few comparisons."""
    record = decision.record
    key = record.key
    found = list(of_timeline(key, decision.timeline)) if decision.timeline else []
    if record.outbox is not before.outbox:
        found += _of_outbox(before, record)
    for message in decision.messages:
        found += _news(key, before.messages.get(message.message_id), message)
    if record.opt_outs is not before.opt_outs:
        known = set(before.opt_outs)
        found += (of_opt_out(record, no) for no in record.opt_outs if no not in known and is_said(no))
    for event in events:
        if isinstance(event, InboundReceived):
            found += _answer(before, record, event)
    return found


def of_timeline(key: str, timeline: Sequence[TimelineLine]) -> Iterator[Line]:
    """Walk what the lines of one commit say of segments, and of where enrolments came to."""
    for n, line in enumerate(timeline):
        if line.kind == "segment" and line.refs:
            what = next((word for verb, word in _TURNS.items() if line.text.startswith(verb)), "")
            if what:
                yield Line(line.at, "segment", what, key, segment=line.refs[0])
        elif line.kind == "journey" and len(line.refs) > 1:
            journey, enrolment = line.refs[:2]
            if line.text.startswith("Entered "):
                yield Line(line.at, "journey", "entered", key, enrolment=enrolment, journey=journey)
            elif step := _AT.match(line.text):
                yield Line(line.at, "step", "came", key, n, "", enrolment, journey, step[1])


def of_enrolment(key: str, row: IndexEnrolment, before: IndexEnrolment | None = None) -> Iterator[Line]:
    """Walk what a row of a roster says beyond the one before it; ways are dated by the entry."""
    known = before.results if before is not None and before.entered == row.entered else {}
    for step, way in row.results.items():
        if (step == CAMPAIGN or not step.startswith("@")) and known.get(step) != way:
            yield Line(row.entered, "way", way, key, 0, "", row.enrolment_id, row.journey, step)
    if row.ended is not None:
        yield Line(row.ended, "journey", row.status, key, 0, "", row.enrolment_id, row.journey, "", row.goal)


def of_message(key: str, message: Message) -> Iterator[Line]:
    """Walk all that a message's row says has become of it: of reports, the highest."""
    for what, at in _states(message):
        lost = what in ("failed", "not-sent")
        yield _line(key, message, what, at, message.code if lost else "")


def of_engagement(key: str, fact: Fact, message: Message | None = None) -> Line | None:
    """Return what a fact of engagement says has become of a message; None where it is no report."""
    what = fact.codes[0].rpartition("|")[2]
    if fact.start is None or what not in (*_REPORTED, "answered"):
        return None
    if message is not None and what != "answered":
        return _line(key, message, what, fact.start, message.code if what == "failed" else "")
    return _line_of_fact(fact.start, what, key, fact, _first(fact, "channel"))


def of_opt_out(record: PatientRecord, no: Choice) -> Line:
    """Return that somebody said no, and after which message."""
    last = _last_sent(record, no.channel, no.since)
    if last is None:
        return Line(no.since, "message", "opted-out", record.key, channel=no.channel)
    channel = _first(last, "channel") if no.channel == ANY else no.channel
    return _line_of_fact(no.since, "opted-out", record.key, last, channel)


def is_said(no: Choice) -> bool:
    """Say whether somebody said it now, and it was not taken over from another record."""
    return no.source != "merge"


def _last_sent(record: PatientRecord, channel: str, at: Instant) -> Fact | None:
    sent = (
        fact
        for fact in record.facts.coded(ENGAGEMENT, f"{SYSTEM}|sent")
        if fact.start is not None
        and at - LATELY <= fact.start <= at
        and (channel == ANY or channel in fact.attributes.get("channel", ()))
    )
    return max(sent, key=lambda fact: (fact.start or 0, fact.resource_id), default=None)


def _of_outbox(before: PatientRecord, record: PatientRecord) -> Iterator[Line]:
    for name, effect in record.outbox.items():
        if isinstance(effect, IndexEnrolment) and before.outbox.get(name) != effect:
            held = before.enrolments.get(effect.enrolment_id)
            yield from of_enrolment(record.key, effect, roster_row(held, 0) if held is not None else None)


def _news(key: str, before: Message | None, after: Message) -> Iterator[Line]:
    told = {what for what, _ in _states(before)} if before is not None else frozenset[str]()
    return (line for line in of_message(key, after) if line.what not in told)


def _states(message: Message) -> Iterator[tuple[str, Instant]]:
    yield "planned", message.created
    match message.status:
        case "completed":
            yield "sent", message.first_sent or message.delivery_at or message.created
            if message.delivery not in ("", "sent"):
                yield message.delivery, message.delivery_at or message.created
        case "not-done":
            yield "not-sent", message.created
        case "unknown":
            yield "unknown", message.claimed_at or message.created


def _line(key: str, message: Message, what: str, at: Instant, code: str) -> Line:
    return Line(
        at,
        "message",
        what,
        key,
        enrolment=message.enrolment_id,
        journey=message.journey,
        step=message.step,
        message=message.message_id,
        template=message.template,
        channel=message.channel,
        language=message.language,
        purpose=message.purpose,
        code=code,
    )


def _line_of_fact(at: Instant, what: str, key: str, fact: Fact, channel: str) -> Line:
    return Line(
        at,
        "message",
        what,
        key,
        enrolment=_first(fact, "intent").rpartition("#")[0],
        journey=_first(fact, "journey"),
        message=_first(fact, "message"),
        template=_first(fact, "template"),
        channel=channel,
        purpose=_first(fact, "purpose"),
    )


def _answer(before: PatientRecord, record: PatientRecord, event: InboundReceived) -> Iterator[Line]:
    reference = f"{ENGAGEMENT}/{event.inbound_id}.answered"
    said = record.facts.get(reference)
    if said is not None and before.facts.get(reference) is None:
        line = of_engagement(record.key, said)
        if line is not None:
            yield line


def _first(fact: Fact, name: str) -> str:
    return next(iter(fact.attributes.get(name, ())), "")
