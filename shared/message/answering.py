"""What is answered to somebody who wrote to us: a message like any other, but at any hour and at once.

shared.deciding.messages plans here what shared.message.consent and others want answered (ReplyIntent).
"""

from __future__ import annotations

from msgspec.structs import replace

from shared.fhir.instants import HOUR, MINUTE, Instant
from shared.message.handled import Handled, ReplyIntent, kept
from shared.message.index import Templates
from shared.message.plan import Planned, index_rows
from shared.message.policy import Policy
from shared.message.recipient import recipient
from shared.message.render import choose_language
from shared.patient.messages import by
from shared.patient.record import PatientRecord, TimelineLine, identify
from shared.patient.state import Message

IN_SPITE_OF_STOP = frozenset({"stop", "help"})
"""What is answered even to who wants nothing more: that we heard it, and who we are."""

SOON = {"stop": 5 * MINUTE}
"""How long an answer makes sense. A confirmation of STOP must come within five minutes, else it is another
message against the patient's will (47 CFR 64.1200(a)(12))."""

_OTHERWISE = HOUR


def is_answer(message: Message) -> bool:
    """Say whether it is one of these, and not what a journey says next."""
    return bool(message.answers) and not message.enrolment_id


def answer(
    record: PatientRecord, intent: ReplyIntent, templates: Templates, policy: Policy, now: Instant
) -> Planned:
    """Plan an answer; one that was given already is not given again. Without words for it staff are told."""
    template = templates.latest(policy.replies + intent.kind)
    spoken = _spoken(record, intent)
    language = choose_language(template, intent.channel, spoken) if template is not None else ""
    if template is None or not language:
        text = f"Not answered by {by(intent.channel)}: there is no template {policy.replies}{intent.kind}"
        return Planned(record, timeline=(TimelineLine(now, "fault", text, (intent.cause,)),))
    message = Message(
        message_id=identify(record.key, "answer", intent.kind, intent.cause, intent.channel, intent.to),
        enrolment_id="",
        sequence=0,
        step=intent.kind,
        journey="",
        template=template.canonical,
        channel=intent.channel,
        to=intent.to,
        language=language,
        status="preparation",
        created=now,
        due=now,
        purpose=template.purpose,
        party=intent.party,
        answers=intent.cause,
        expires=Instant(now + SOON.get(intent.kind, _OTHERWISE)),
        values=intent.values,
    )
    if message.message_id in record.messages:
        return Planned(record)
    return _planned(kept(record, message, now, f"To be answered by {by(message.channel)}: {template.title}"))


def _spoken(record: PatientRecord, intent: ReplyIntent) -> tuple[str, ...]:
    """Return the language they wrote in, then their own."""
    person = recipient(record, intent.party) or recipient(record, "")
    own = person.languages if person is not None else ()
    return (*((intent.language,) if intent.language else ()), *own)


def _planned(result: Handled) -> Planned:
    planned = Planned(result.record, result.messages, result.timeline)
    return replace(planned, effects=tuple(index_rows(result.messages[0])))
