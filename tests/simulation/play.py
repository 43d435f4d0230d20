"""Play a history in a world: calmly, so that it can be compared, or in a storm of everything at once."""

from __future__ import annotations

from shared.catalogue import Catalogue, build_catalogue
from shared.fhir.instants import DAY, HOUR, MINUTE, SECOND, Instant
from shared.fhir.notification import Request
from shared.fhir.references import ResourceKey
from shared.usecases.jobs import Happened, Inbound, Job, Report
from shared.usecases.publish import load_shelf
from tests.simulation import senders
from tests.simulation.happenings import (
    Action,
    Asked,
    Delete,
    Phase,
    Publication,
    Replied,
    Style,
    Switch,
    Told,
    Write,
)
from tests.simulation.process import POLICY
from tests.simulation.publications import batch
from tests.simulation.world import World

MOST_HOURS = 40
"""In which everybody is let in who waits before a journey: it takes one an hour."""

_RANK = ("", "sent", "failed", "delivered", "opened", "clicked")


class Player:
    """Does to a world what a history says."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.outside = world.outside
        self._number = 0

    # Actions

    def act(self, action: Action) -> None:
        """Let one thing happen outside; what it brings about waits on the queues."""
        match action:
            case Write(resource, style):
                self._write(resource, style)
            case Delete(key, style):
                self._delete(key, style)
            case Replied(inbound_id, sender, text):
                self._say(Inbound(inbound_id, "sms", sender, text, self.outside.clock.now()))
            case Publication(number):
                self._put("publications", str(number))
            case Switch(what, url):
                self._put("publications", f"{what} {url}")
            case Told(event_id, name, patient):
                self._say(Happened(event_id, name, patient, self.outside.clock.now()))
            case Asked(patient, asked, journey):
                self._put("staff", f"{patient} {asked} {journey}")

    def _write(self, resource: dict[str, object], style: Style) -> None:
        version = self.world.run(self.outside.fhir.update(dict(resource)))
        key = ResourceKey(str(resource["resourceType"]), str(resource["id"]))
        stored = self.world.run(self.outside.fhir.read(key)).resource
        assert stored is not None
        self._tell(style, key, int(version), dict(stored))

    def _delete(self, key: ResourceKey, style: Style) -> None:
        self.world.run(self.outside.fhir.delete(key))
        version = int(self.world.run(self.outside.fhir.read(key)).version)
        self._tell(style, key, version, None)

    def _tell(self, style: Style, key: ResourceKey, version: int, resource: dict[str, object] | None) -> None:
        now = self.outside.clock.now()
        if style in ("subscription", "gap"):
            self._number += 1
            bundle = senders.bundle(key, version, resource is None, self._number, now)
            self.outside.fhir.note_event("all", self._number, bundle)
            if style == "subscription":
                self._wire(senders.posted(bundle))
        elif style != "none":
            self._wire(senders.request(style, key, version, resource, now))

    def heartbeat(self) -> None:
        """Let the subscription say how far it has come."""
        if self._number:
            self._wire(senders.posted(senders.heartbeat(self._number, self.outside.clock.now())))

    def report(self, report: Report) -> None:
        """Let the provider report."""
        known = self.world.told.get(report.message_id, "")
        self.world.told[report.message_id] = max(known, report.status, key=_RANK.index)
        self._say(report)

    def _say(self, job: Job) -> None:
        self.outside.told.append(job)
        self._put("acs", str(len(self.outside.told) - 1))

    def _wire(self, request: Request) -> None:
        self.outside.requests.append(request)
        self._put("wire", str(len(self.outside.requests) - 1))

    def _put(self, queue: str, body: str) -> None:
        self.world.run(self.outside.queue.send(queue, body.encode()))

    # Time

    def timer(self, name: str) -> None:
        """Fire a timer, again if it crashes, and let everything come to rest."""
        done = self.world.timers_done
        while self.world.timers_done == done:
            self.world.start_timer(name)
            self.world.idle()

    def pass_until(self, target: Instant) -> None:
        """Let time pass, waking at every instant that a row of the index names."""
        clock = self.outside.clock
        while True:
            due = min((due for due, _ in self.outside.indexes._wakeups), default=None)
            if due is None or due > target:
                break
            clock.move_to(max(due, clock.now()))
            self.timer("due")
        clock.move_to(max(target, clock.now()))

    def rest(self) -> None:
        """Let whatever the world still owes us come, at this instant."""
        self.world.idle()
        self.heartbeat()
        self.world.idle()
        self.timer("reconcile")
        self.timer("deletions")
        for _ in range(3):  # one that another writer got ahead of lets nobody in
            if self.outside.indexes._entries:
                self.timer("admit")
        while self.outside.provider.reports:
            self.report(self.outside.provider.reports.pop(0))
            self.world.idle()

    def calm(self, history: tuple[Phase, ...]) -> None:
        """Play a history phase by phase: everything comes to rest before time goes on."""
        for phase in history:
            self.pass_until(Instant(phase.at - MINUTE))
            self.timer("sweep")
            self.pass_until(phase.at)
            for action in phase.actions:
                self.act(action)
                if isinstance(action, Publication | Switch):
                    self.world.idle()
            self.rest()
        self.settle_down()

    def storm(self, history: tuple[Phase, ...], steps: int) -> None:
        """Play a history while everything else is under way; at most `steps` between two phases."""
        choices = self.world.choices
        for number, phase in enumerate(history):
            if number == 1:  # the timers have run since before anything was deleted
                self.world.idle()
                self._undisturbed("reconcile", "deletions")
            self.outside.clock.move_to(max(phase.at, self.outside.clock.now()))
            for action in phase.actions:
                self.act(action)
                self._mix(choices.randrange(steps))
        self.world.faults.rate = 0.0
        self.settle_down()

    def _undisturbed(self, *timers: str) -> None:
        """Fire timers without faults: one that asks for every type would hardly ever end with them."""
        faults = self.world.faults
        rate, faults.rate = faults.rate, 0.0
        for timer in timers:
            self.timer(timer)
        faults.rate = rate

    def _mix(self, steps: int) -> None:
        """Take some steps of whatever comes: workers, timers, reports, seconds."""
        choices = self.world.choices
        for _ in range(steps):
            what = choices.random()
            if what < 0.02:
                self.world.start_timer(
                    choices.choice(("due", "due", "reconcile", "deletions", "sweep", "admit"))
                )
            elif what < 0.04 and self.outside.provider.reports:
                reports = self.outside.provider.reports
                self.report(reports.pop(choices.randrange(len(reports))))
            elif what < 0.06:
                moved = self.outside.clock.now() + choices.randrange(20 * SECOND)
                self.outside.clock.move_to(Instant(moved))
            else:
                self.world.busy()

    def settle_down(self) -> None:
        """Bring the world to rest: what waits is delivered, claims run out, journeys come to their ends."""
        self.rest()
        for pause in (20 * MINUTE, 20 * MINUTE, 3 * HOUR, DAY, 4 * DAY, 40 * DAY):
            self.pass_until(Instant(self.outside.clock.now() + pause))
            self.timer("sweep")
            self.rest()
        self.timer("sweep")
        self.rest()
        for _ in range(MOST_HOURS):
            if self.outside.indexes._entries:
                self.pass_until(Instant(self.outside.clock.now() + HOUR))
                self.rest()
        self.pass_until(self.outside.clock.now())

    def catalogue(self) -> Catalogue:
        """Return what is published, compiled anew."""
        shelf, _ = self.world.run(load_shelf(self.outside.documents))
        documents = [d for d in batch(1) if d.canonical in shelf.documents]
        return build_catalogue(documents, shelf.version, POLICY, controls=shelf.controls)
