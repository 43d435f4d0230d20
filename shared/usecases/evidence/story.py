"""The whole story in order: what was decided and why, each call of a provider, each report, reply and choice.

Read from the timeline, the rows of messages and the record; nothing is worked out anew, so that it is what
was known then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from shared.errors import Rejected
from shared.fhir.choice import ANY, Choice
from shared.fhir.instants import Instant
from shared.patient.messages import by
from shared.patient.record import PatientRecord, TimelineLine
from shared.patient.state import Call, Message, Unusable
from shared.usecases.known import stored_of
from shared.usecases.privacy.erase import find
from shared.usecases.privacy.reads import note
from shared.usecases.publish import load_shelf
from shared.usecases.services import Services

_STATUSES = ("completed", "not-done", "unknown", "in-progress", "preparation")


class Happening(Struct, frozen=True):
    """One thing that happened."""

    at: Instant
    kind: str
    """fact, segment, journey, message, inbound, fault: as on the timeline; call, answer, choice, unusable."""
    text: str
    refs: tuple[str, ...] = ()
    message: str = ""
    """Id of the message that it is about."""
    withheld: bool = False
    """It says why by what is clinical, and that was left out: shared.usecases.evidence.withheld."""


class Definition(Struct, frozen=True):
    """A definition that something was decided by, as it is published."""

    canonical: str
    digest: str
    """Of its content; "" where it is not on the shelf."""


class Story(Struct, frozen=True):
    """What is known, in order."""

    key: str
    patient: str
    """ "Patient/1"; "" of somebody who was erased."""
    catalogue: str
    """By which the record was looked at last."""
    happenings: tuple[Happening, ...]
    messages: tuple[Message, ...]
    definitions: tuple[Definition, ...]
    erased: Instant | None = None


async def of_patient(services: Services, patient: str, reader: str) -> Story:
    """Tell the story of a patient ("1" or "Patient/1").

    Raises Rejected (unknown-patient, no-reader), Unavailable.
    """
    return await of_patient_of(services, (await find(services, patient)).record.key, reader)


async def of_patient_of(services: Services, key: str, reader: str) -> Story:
    """Tell the story of a patient by opaque key, also of somebody erased; see `of_patient`."""
    stored = await stored_of(services, key)
    await note(services, "evidence", key, reader)
    return await _tell(services, stored.record, await services.patients.messages(key))


async def of_message(services: Services, message_id: str, reader: str, patient: str = "") -> Story:
    """Tell the story of a message; where the patient is not named, it is looked for, if need be in all rows.

    Raises Rejected (unknown-message, unknown-patient, no-reader), Unavailable.
    """
    key = (await find(services, patient)).record.key if patient else await whose(services, message_id)
    return await of_message_of(services, key, message_id, reader)


async def of_message_of(services: Services, key: str, message_id: str, reader: str) -> Story:
    """Tell the story of a message of somebody by opaque key, "" where nobody has it; see `of_message`."""
    message = await services.patients.message(key, message_id) if key else None
    if message is None:
        raise Rejected("there is no such message here", "unknown-message")
    await note(services, "evidence", key, reader)
    return await _tell(services, (await services.patients.load(key)).record, (message,), message)


async def whose(services: Services, message_id: str) -> str:
    """Find whose message it is: the index knows those whose reports do not bring it back."""
    known = await services.indexes.patient_of_message(message_id)
    if known:
        return known
    for status in _STATUSES:
        async for key, message in services.patients.messages_in(status):
            if message.message_id == message_id:
                return key
    return ""


async def _tell(
    services: Services, record: PatientRecord, messages: tuple[Message, ...], only: Message | None = None
) -> Story:
    lines = await services.patients.timeline(record.key)
    told = [_line(line, messages) for line in lines if only is None or _concerns(line, only)]
    told += [each for message in messages for each in _calls(message)]
    told += _choices(record, only)
    told += [_unusable(each) for each in record.unusable if only is None or each.address == only.to]
    return Story(
        record.key,
        f"Patient/{record.patient_id}" if record.patient_id else "",
        record.catalogue,
        tuple(sorted(told, key=lambda each: each.at)),
        messages,
        await _definitions(services, messages, lines if only is None else ()),
        record.erased,
    )


def _line(line: TimelineLine, messages: tuple[Message, ...]) -> Happening:
    ids = {message.message_id for message in messages}
    return Happening(line.at, line.kind, line.text, line.refs, next((r for r in line.refs if r in ids), ""))


def _concerns(line: TimelineLine, message: Message) -> bool:
    """Say whether a line is about a message, or about how its journey and what it hangs on came to it."""
    if message.message_id in line.refs or (message.answers and message.answers in line.refs):
        return True
    about = {name for name in (message.journey, message.enrolment_id, message.focus) if name}
    earlier = line.at <= (message.claimed_at or message.due)
    return earlier and line.kind != "message" and not about.isdisjoint(line.refs)


def _calls(message: Message) -> Iterator[Happening]:
    if message.carried_by:
        carrier = message.carried_by.rpartition("/")[2]
        text = f"Went within message {carrier} to the same contact point"
        yield Happening(message.first_sent or message.due, "call", text, (), message.message_id)
    for number, call in enumerate(message.calls, 1):
        refs = (f"catalogue {call.catalogue}", *call.looked_at) if call.catalogue else call.looked_at
        text = f"Try {number} by {by(message.channel)} to {message.to}, claimed by {call.by}"
        yield Happening(call.at, "call", text, (message.template, message.journey, *refs), message.message_id)
        if call.answered is not None:
            yield Happening(call.answered, "answer", _answer(number, call), (), message.message_id)


def _answer(number: int, call: Call) -> str:
    code = f" ({call.code})" if call.code else ""
    reason = f": {call.reason}" if call.reason else ""
    known = f", known to the provider as {call.provider_id}" if call.provider_id else ""
    return f"Try {number} was {call.outcome}{code}{known}{reason}"


def _choices(record: PatientRecord, only: Message | None) -> Iterator[Happening]:
    for verb, choices in (("no", record.opt_outs), ("yes", record.opt_ins)):
        for choice in choices:
            if only is None or choice.channel in (only.channel, ANY):
                yield Happening(
                    choice.since, "choice", _said(verb, choice), tuple(filter(None, (choice.evidence,)))
                )


def _said(verb: str, choice: Choice) -> str:
    about = "everything" if choice.purpose == ANY else choice.purpose
    topic = "" if choice.topic == ANY else f" about {choice.topic}"
    way = "every way" if choice.channel == ANY else by(choice.channel)
    where = f" at {choice.address}" if choice.address not in ("", ANY) else ""
    who = f" ({choice.party})" if choice.party else ""
    words = f': "{choice.wording}"' if choice.wording else ""
    return f"Said {verb} to {about}{topic} by {way}{where}{who}, known by {choice.source or 'nothing'}{words}"


def _unusable(found: Unusable) -> Happening:
    text = f"{found.address} takes no more messages by {by(found.channel)}: {found.why}"
    return Happening(found.since, "unusable", text)


async def _definitions(
    services: Services, messages: Iterable[Message], lines: Iterable[TimelineLine]
) -> tuple[Definition, ...]:
    """Return the definitions that are named, each with the digest under which it was published."""
    named = {name for message in messages for name in (message.journey, message.template)}
    named |= {ref for line in lines for ref in line.refs if "|" in ref and "://" in ref}
    shelf, _ = await load_shelf(services.documents)
    digests = {name.partition(" ")[2] or name: digest for name, digest in shelf.documents.items()}
    return tuple(Definition(name, digests.get(name, "")) for name in sorted(named - {""}))
