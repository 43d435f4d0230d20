"""A scene: a world without chance, for the story of one fault; what breaks where is spelled out."""

from __future__ import annotations

from random import Random
from typing import Any

from shared.fhir.references import ResourceKey
from shared.patient.record import PatientRecord
from tests.simulation import invariants
from tests.simulation.faults import Faults
from tests.simulation.happenings import Delete, Publication, Replied, Style, Write
from tests.simulation.hospital import START, Hospital
from tests.simulation.play import Player
from tests.simulation.world import World

type Json = dict[str, Any]


class Scene:
    """A hospital of three patients, its definitions published."""

    def __init__(self, *, patients: bool = True) -> None:
        self.world = World(Random(0), Faults(Random(0)), START)
        self.player = Player(self.world)
        self.hospital = Hospital(0)
        self.player.act(Publication(0))
        self.world.idle()
        for name in ("ann", "bob", "cal") if patients else ():
            self.write(self.hospital._patient(name))

    def write(self, resource: Json, style: Style = "event-grid", *, wait: bool = True) -> None:
        """Write a resource; with `wait`, until all that it brings about is done."""
        self.player.act(Write(resource, style))
        if wait:
            self.world.idle()

    def delete(self, resource: Json, style: Style = "event-grid") -> None:
        self.player.act(Delete(ResourceKey(resource["resourceType"], resource["id"]), style))
        self.world.idle()

    def reply(self, number: str, text: str, name: str) -> None:
        self.player.act(Replied(name, number, text))
        self.world.idle()

    def crash(self, point: str, visit: int = 0) -> None:
        """Crash at a point, at so many visits from now."""
        self.world.faults.target = (point, self.world.faults.visits[point] + visit)

    def step_to(self, point: str) -> None:
        """Let one worker go on until it stands at a point."""
        while not any(parked.point == point for parked in self.world.gate.parked):
            waiting = self.world.outside.queue.waiting()
            if self.world.gate.parked:
                self.world.step()
            else:
                self.world.start_letter(waiting[0])

    def meanwhile(self, point: str) -> None:
        """Let all others finish while one worker stands at a point; it goes on only afterwards."""
        number = next(parked.worker for parked in self.world.gate.parked if parked.point == point)
        held = [parked for parked in self.world.gate.parked if parked.worker == number]
        worker = self.world.workers.pop(number)
        self.world.gate.drop(number)
        self.world.idle()
        self.world.gate.parked += held
        self.world.workers[number] = worker

    def record(self, name: str) -> PatientRecord:
        return invariants.records(self.world.outside)[name]

    def lines(self, name: str) -> list[str]:
        """Return what the timeline says."""
        rows = self.world.outside.patients._timeline[self.record(name).key]
        return [line.text for lines in rows for line in lines]

    def broken(self) -> list[str]:
        """Bring the world to rest, and judge it."""
        self.player.settle_down()
        return invariants.broken(self.world, self.player.catalogue())
