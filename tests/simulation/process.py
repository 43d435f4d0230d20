"""One process of the app in the simulation: services over gated ports, and the jobs that it carries out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from shared.adapters.memory import Letter, MemoryDocuments, MemoryIndexes, MemoryPatients, MemoryQueue
from shared.adapters.memory_fhir import MemoryFhir
from shared.adapters.memory_webhooks import MemoryWebhooks
from shared.errors import Rejected, Unavailable
from shared.events import EnrolmentAsked
from shared.fhir.canonical import split_canonical
from shared.fhir.instants import SECOND, Instant
from shared.fhir.notification import Limits, Request
from shared.message.policy import Policy
from shared.patient.record import patient_key
from shared.queues import CHANGES, EVENTS, REPORTS
from shared.usecases import controls
from shared.usecases.admission import admit, grant
from shared.usecases.custom_events import take_event
from shared.usecases.deletions import find_deletions
from shared.usecases.hear import hear
from shared.usecases.inbound.take import take_inbound
from shared.usecases.jobs import (
    Change,
    Changes,
    Grant,
    Happened,
    Inbound,
    Job,
    Populate,
    Recovery,
    Refresh,
    Report,
    Wake,
    WakeMany,
    decode_job,
    encode_job,
)
from shared.usecases.populate import populate, start_population
from shared.usecases.publish import publish
from shared.usecases.published import PublishedDefinitions
from shared.usecases.react import Trigger, react
from shared.usecases.recover import reconcile, recover
from shared.usecases.rejections import record_rejection
from shared.usecases.report import take_report
from shared.usecases.services import Services
from shared.usecases.sweep import sweep
from shared.usecases.take_change import take_change
from shared.usecases.wake import queue_due, refresh, wake, wake_many
from tests.simulation import gated, senders
from tests.simulation.gate import Gate
from tests.simulation.provider import Provider
from tests.simulation.publications import batch

POLICY = Policy(zone="America/New_York", organisation="Sim Hospital")
CATALOGUE_SECONDS = 10.0
SHARDS = 2
"""Of a population run; one patient a page, and each page hands on to another message."""


async def _admit(ready: Services) -> None:
    """Let people in; where something was in the way of it the timer fires again, as it does every minute."""
    hindered = (await admit(ready)).hindered
    if hindered:
        raise Unavailable(hindered[0])


TIMERS = {
    "due": queue_due,
    "reconcile": reconcile,
    "deletions": find_deletions,
    "sweep": sweep,
    "admit": _admit,
}


class ManualClock:
    """A clock that stands until it is moved."""

    def __init__(self, start: Instant) -> None:
        self._now = start

    def now(self) -> Instant:
        return self._now

    def move_to(self, instant: Instant) -> None:
        assert instant >= self._now, "time does not go back"
        self._now = instant


class Outside:
    """What all processes share: storage, the FHIR server, the provider, and what waits to be delivered."""

    def __init__(self, start: Instant) -> None:
        self.clock = ManualClock(start)
        self.patients = MemoryPatients()
        self.indexes = MemoryIndexes()
        self.documents = MemoryDocuments()
        self.queue = MemoryQueue()
        self.fhir = MemoryFhir(self.clock)
        self.provider = Provider(self.clock)
        self.webhooks = MemoryWebhooks({"partner": "signed", "team": "teams"})
        self.refused: set[str] = set()
        """Ids of resources and posts that were refused for good."""
        self.tries: dict[str, list[Instant]] = defaultdict(list)
        """When posts were tried in vain, by id."""
        self.requests: list[Request] = []
        """Notifications on the wire; a message of the queue "wire" names one by its place."""
        self.told: list[Job] = []
        """Reports and replies on the wire, likewise for the queue "acs"."""

    def note_try(self, post_id: str) -> None:
        """Note that a post could not be delivered now."""
        self.tries[post_id].append(self.clock.now())


def services(outside: Outside, gate: Gate, seen: gated.Seen) -> Services:
    """Build what a fresh process has; its catalogue is its own, and may be some seconds behind."""
    documents = gated.GatedDocuments(outside.documents, gate)
    channel = gated.GatedChannel(outside.provider, gate)
    return Services(
        patients=gated.GatedPatients(outside.patients, gate, seen),
        indexes=gated.indexes(outside.indexes, gate),
        documents=documents,
        queue=gated.GatedQueue(outside.queue, gate),
        fhir=gated.GatedFhir(outside.fhir, gate, outside.refused),
        channels={"sms": channel, "email": channel},
        definitions=PublishedDefinitions(documents, POLICY, CATALOGUE_SECONDS, _seconds(outside.clock)),
        clock=outside.clock,
        policy=POLICY,
        webhooks=gated.GatedWebhooks(outside.webhooks, gate, outside.refused, outside.note_try),
    )


def _seconds(clock: ManualClock) -> Callable[[], float]:
    return lambda: clock.now() / SECOND


async def carry_out(outside: Outside, ready: Services, queue: str, letter: Letter) -> None:
    """Do what a message asks, as functions/ does: what can never work is recorded and acknowledged."""
    trigger = Trigger(letter.letter_id, letter.deliveries)
    try:
        await _work(outside, ready, queue, letter.body, trigger)
    except Rejected as rejected:
        await record_rejection(ready, trigger.trigger_id, rejected)


async def _work(outside: Outside, ready: Services, queue: str, body: bytes, trigger: Trigger) -> None:
    match queue:
        case "wire":
            request = outside.requests[int(body)]
            await hear(ready, senders.SOURCE, request, senders.EVIDENCE, Limits())
        case "acs":
            told = outside.told[int(body)]
            await ready.queue.send(EVENTS if isinstance(told, Happened) else REPORTS, encode_job(told))
        case "staff":
            await _staff(ready, body.decode(), trigger)
        case "publications":
            version = await _published(ready, body.decode())
            if version:
                await start_population(ready, version, SHARDS)
        case _:
            await _job(ready, decode_job(body), trigger)


async def _published(ready: Services, what: str) -> str:
    """Publish or switch something; for which version everybody is to be looked at."""
    if what.isdigit():
        return (await publish(ready, batch(int(what)))).population
    word, _, url = what.partition(" ")
    if word in ("on", "off"):
        switched = await controls.switch_sending(ready, on=word == "on", by="sim", reason="test")
    else:
        switched = await _SWITCHES[word](ready, url, "sim", "test")
    return switched.population


_SWITCHES = {
    "pause": controls.pause_journey,
    "resume": controls.resume_journey,
    "stop": controls.stop_journey,
}


async def _staff(ready: Services, what: str, trigger: Trigger) -> None:
    """Pause or resume a patient in a journey."""
    patient, action, url = what.split(" ")
    key = patient_key(patient)
    held = (await ready.patients.load(key, patient)).record.enrolments.values()
    theirs = [e.enrolment_id for e in held if split_canonical(e.journey)[0] == url]
    asked = [EnrolmentAsked(name, action, "sim", "test") for name in theirs]  # type: ignore[arg-type] # one of them
    if asked:
        await react(ready, key, asked, trigger, patient)


async def _job(ready: Services, job: Job, trigger: Trigger) -> None:
    match job:
        case Change():
            await take_change(ready, job, trigger)
        case Changes(changes=several):
            for change in several:
                await ready.queue.send(CHANGES, encode_job(change))
        case Wake():
            await wake(ready, job, trigger)
        case WakeMany():
            await wake_many(ready, job, trigger)
        case Refresh():
            await refresh(ready, job, trigger)
        case Report():
            await take_report(ready, job, trigger)
        case Inbound():
            await take_inbound(ready, job, trigger)
        case Happened():
            await take_event(ready, job, trigger)
        case Grant():
            await grant(ready, job, trigger)
        case Recovery():
            await recover(ready, job)
        case Populate():
            await populate(ready, job, trigger, page=1, seconds=0.0)
