"""How long a dry run takes: a hundred thousand patients, three touches over ninety days, on all cores.

Three patients in ten are in the journey's segment. The time is that of the whole run, workers' start and all;
the records lie packed in memory, as a store would hand them over.
"""

from __future__ import annotations

import gc
import os
import resource
import time
from collections.abc import Iterator
from typing import Any

from benchmarks import people
from benchmarks.documents import journey, one_message, shares
from benchmarks.full_path import Tell
from benchmarks.report import Json, at_least, below, tidy
from shared.catalogue import Document
from shared.fhir.fact import Fact, Value
from shared.fhir.instants import DAY, Instant
from shared.message.policy import Policy
from shared.patient.facts import Facts
from shared.patient.packed import HEAD
from shared.patient.packing import pack
from shared.patient.record import PatientRecord, patient_key
from shared.usecases.simulation.assumptions import Assumptions
from shared.usecases.simulation.playing import Parcel, play
from shared.usecases.simulation.report import report
from shared.usecases.simulation.stage import Plan, set_stage

MANY = 100_000
SECONDS = 60.0
"""For all of them, on two cores."""
_FACTS = 40
_PERCENT = 30
_TEMPLATE = "https://hearthline.example/benchmarks/templates/one"
_SEGMENT = f"https://hearthline.example/benchmarks/segments/share-{_PERCENT}"
_SEND = {"kind": "send", "template": _TEMPLATE, "channels": ["sms"]}
_ANSWERS = [
    {"when": {"answer": {"words": ["yes"]}}, "as": "coming", "next": "done"},
    {"when": {"answer": {"any": True}}, "as": "unclear", "next": "second"},
]
_STEPS: list[dict[str, Any]] = [
    {**_SEND, "id": "first"},
    {"id": "reply", "kind": "wait_for", "cases": _ANSWERS, "timeout": "P7D"},
    {**_SEND, "id": "second"},
    {"id": "three-weeks", "kind": "wait", "duration": "P21D"},
    {**_SEND, "id": "third"},
    {"id": "done", "kind": "exit", "reason": "over"},
]


def measure(patients: int, tell: Tell) -> Json:
    """Play so many; how long it took, and what came of it."""
    plan = _plan()
    tell(f"packing {patients} patients")
    parcels = list(_parcels(patients))
    gc.collect()
    began, spent = time.perf_counter(), _cpu()
    played = play(parcels, [plan], os.cpu_count() or 1, lambda done: tell(f"{done} patients played"))
    seconds = time.perf_counter() - began
    made = report(played.counts[0], set_stage(plan))
    return {
        "patients": made.patients,
        "days": len(made.days),
        "entered": sum(each.entered for each in made.journeys),
        "messages": sum(each.sent for each in made.channels.values()),
        "workers": os.cpu_count(),
        "seconds": tidy(seconds),
        "seconds_per_100000": below(seconds * MANY / patients, SECONDS),
        "patients_per_second": at_least(patients / seconds, MANY / SECONDS),
        "cpu_seconds": tidy(_cpu() - spent),
    }


def _cpu() -> float:
    """Return the CPU seconds of this process and of the workers that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _plan() -> Plan:
    asks = journey(
        "three-touches",
        {
            "trigger": {"segment_member": {"segment": _SEGMENT}},
            "exit_when": {"segment_left": True},
            "steps": _STEPS,
        },
    )
    documents: tuple[Document, ...] = (asks, *shares(_PERCENT), *one_message()[1:])
    end = Instant(people.START + 90 * DAY)
    return Plan(documents, Policy(zone=people.ZONE.key), Assumptions(), people.START, end)


def _parcels(count: int) -> Iterator[Parcel]:
    """Pack patients: facts of a hundred sorts, as only the share counts, and a head for each."""
    sorts = [_facts(percent) for percent in range(100)]
    for number in range(count):
        name = f"p-{number}"
        record = PatientRecord(patient_key(name), name, person=people.person(number))
        yield Parcel(record.key, {HEAD: pack(record)[HEAD], **sorts[number % 100]})


def _facts(percent: int) -> dict[str, bytes]:
    at = Instant(people.START - DAY)
    own = Fact(
        "Observation",
        "share",
        "1",
        at,
        status="final",
        codes=(people.SHARE,),
        start=at,
        value=Value(number=percent, unit="1"),
    )
    chunks = pack(PatientRecord("", "", facts=Facts.of_facts(*people.facts(_FACTS), own)))
    return {name: chunk for name, chunk in chunks.items() if name != HEAD}
