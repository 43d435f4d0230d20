"""Counts what happens to patients: one flat counter, so that those of several processes add up.

Every key is a tuple that begins with what is counted; KEYS says what follows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from functools import lru_cache
from hashlib import blake2b

import msgspec

from shared.decide import is_blind
from shared.effects import PostWebhook, SendMessage, WriteResource
from shared.events import DeliveryReported, Event, InboundReceived
from shared.fhir.canonical import split_canonical
from shared.fhir.instants import HOUR, Instant, to_datetime
from shared.journey.gate import GATE
from shared.patient.record import Decision, PatientRecord
from shared.patient.state import Message
from shared.usecases.simulation.cost import parts
from shared.usecases.simulation.passages import Left, Passages, is_in
from shared.usecases.simulation.stage import Stage
from shared.usecases.simulation.wording import ending, plainly

type Key = tuple[str, ...]
Counts = Counter[Key]

KEYS: Mapping[str, tuple[str, ...]] = {
    "patients": (),
    "concerned": (),
    "unseen": (),
    "inside-before": ("journey",),
    "waiting": ("journey", "day"),
    "entered": ("journey", "day"),
    "ended": ("journey", "status", "reason", "day"),
    "goal": ("journey",),
    "result": ("journey", "step", "value"),
    "sent": ("journey", "step", "channel", "language", "day", "hour"),
    "parts": ("channel",),
    "suppressed": ("journey", "channel", "reason"),
    "report": ("channel", "status"),
    "answer": ("text",),
    "task": ("title", "owner", "day"),
    "written": ("type", "day"),
    "posted": ("to", "day"),
    "left-inside": ("journey", "step"),
    "left-waiting": ("journey",),
    "on-hold": ("journey", "step", "reason"),
}
"""What is counted, by what."""

_task = msgspec.json.Decoder(dict[str, object]).decode


class Counting:
    """Watches one life; what it sees goes into counts that many lives share."""

    __slots__ = ("_concerned", "_counts", "_digest", "_passages", "_stage")

    def __init__(self, record: PatientRecord, stage: Stage, counts: Counts) -> None:
        self._counts, self._stage = counts, stage
        self._passages, self._concerned = Passages(record), False
        self._digest: list[bytes] = []
        for enrolment in record.enrolments.values():
            if is_in(enrolment):
                counts["inside-before", enrolment.journey_url] += 1

    @property
    def begun(self) -> Iterable[str]:
        """See Watch."""
        return self._passages.begun

    def saw(self, now: Instant, events: Sequence[Event], before: PatientRecord, decision: Decision) -> None:
        """See Watch."""
        for event in events:
            self._heard(event, before)
        for message in decision.messages:
            if message.status == "not-done":
                self._suppressed(message)
        for effect in decision.effects:
            if isinstance(effect, SendMessage):
                self._sent(now, effect, decision.record.messages[effect.message_id])
        if decision.record.outbox:
            self._outside(now, decision)

    def close(self, record: PatientRecord) -> bytes:
        """Count what is left at the end; a digest of all that the patient got, b"" for nothing."""
        self._counts["patients",] += 1
        self._counts["unseen",] += is_blind(record, self._stage.catalogue)
        for enrolment in record.enrolments.values():
            url, _ = split_canonical(enrolment.journey)
            if enrolment.status == "on-hold":
                self._counts["on-hold", url, enrolment.step, plainly(enrolment.reason)] += 1
            if is_in(enrolment):
                self._counts["left-inside", url, enrolment.step] += 1
                self._results(url, enrolment.results)
            elif enrolment.step == GATE:
                self._counts["left-waiting", url] += 1
        self._counts["concerned",] += self._concerned or bool(self._digest)
        if not self._digest:
            return b""
        return blake2b(b"\x1e".join(self._digest), digest_size=8).digest()

    def _heard(self, event: Event, before: PatientRecord) -> None:
        if isinstance(event, InboundReceived):
            self._counts["answer", event.text] += 1
        elif isinstance(event, DeliveryReported):
            self._counts["report", before.messages[event.message_id].channel, event.status] += 1

    def _suppressed(self, message: Message) -> None:
        url, _ = split_canonical(message.journey)
        self._counts["suppressed", url, message.channel, plainly(message.status_reason)] += 1

    def _sent(self, now: Instant, sent: SendMessage, message: Message) -> None:
        url, _ = split_canonical(message.journey)
        day, hour = day_and_hour(now, self._stage.zone)
        self._counts["sent", url, message.step, sent.channel, sent.language, day, hour] += 1
        self._counts["parts", sent.channel] += parts(sent.channel, sent.text)
        self._got(now, sent.channel, sent.subject, sent.text)

    def _outside(self, now: Instant, decision: Decision) -> None:
        day, _ = day_and_hour(now, self._stage.zone)
        for effect in decision.record.outbox.values():
            if isinstance(effect, WriteResource):
                self._written(effect, day)
                self._got(now, effect.resource_type, effect.step)
            elif isinstance(effect, PostWebhook):
                self._counts["posted", effect.to, day] += 1
                self._got(now, effect.to, effect.step)
        self._passages.follow(decision)
        for url in self._passages.waiting:
            self._counts["waiting", url, day] += 1
        for url in self._passages.begun.values():
            self._counts["entered", url, day] += 1
            self._concerned = True
        for left in self._passages.left:
            self._left(left, day)

    def _written(self, effect: WriteResource, day: str) -> None:
        if effect.resource_type != "Task":
            self._counts["written", effect.resource_type, day] += 1
            return
        task = _task(effect.body)
        url = str(task.get("instantiatesUri", ""))
        title = self._stage.tasks.get((url, effect.step), effect.step)
        self._counts["task", title, _owner(task), day] += 1

    def _left(self, left: Left, day: str) -> None:
        row = left.row
        url, _ = split_canonical(row.journey)
        journey = self._stage.catalogue.journeys.get(row.journey)
        reason = ending(left.reason, journey.title if journey is not None else "")
        self._counts["ended", url, row.status, reason, day] += 1
        if row.goal:
            self._counts["goal", url] += 1
        self._results(url, row.results)

    def _results(self, url: str, results: Mapping[str, str]) -> None:
        for step, value in results.items():
            if not step.startswith("@") and not value.startswith("#"):
                self._counts["result", url, step, value] += 1

    def _got(self, now: Instant, *what: str) -> None:
        self._digest.append("\x1f".join((str(now), *what)).encode())


@lru_cache(maxsize=100_000)
def _hour_of(hours: int, zone: tzinfo) -> tuple[str, str]:
    local = to_datetime(Instant(hours * (HOUR // 4)), zone)
    return local.date().isoformat(), f"{local.hour:02}"


def day_and_hour(now: Instant, zone: tzinfo) -> tuple[str, str]:
    """Return the local day, "2026-03-01", and hour, "09": zones differ by quarters of an hour at most."""
    return _hour_of(now // (HOUR // 4), zone)


def _owner(task: Mapping[str, object]) -> str:
    """Return whose a Task is: by reference, by the kind of staff who can do it, or nobody's yet."""
    owner, able = task.get("owner"), task.get("performerType")
    if isinstance(owner, dict):
        return str(owner.get("reference"))
    if isinstance(able, list) and able:
        return " or ".join(map(_said, able))
    return "whoever takes it"


def _said(concept: object) -> str:
    """Return a concept's words, or its code."""
    found = concept if isinstance(concept, dict) else {}
    codings = found.get("coding") or [{}]
    return str(found.get("text") or codings[0].get("code") or "staff")
