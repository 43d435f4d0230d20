"""The benchmarks' pure parts: percentiles, targets and the shape of the report; nothing is timed here."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import people
from benchmarks.__main__ import summary
from benchmarks.bare import _moved
from benchmarks.cpu import Meter, of_machine, of_process, since
from benchmarks.documents import one_message, segments
from benchmarks.feed import Fed, events
from benchmarks.full_path import BARE, works
from benchmarks.full_path import summary as path_summary
from benchmarks.growth import in_memory
from benchmarks.imports import import_times, most
from benchmarks.latency import summary as latency_summary
from benchmarks.report import at_least, at_most, below, percentile, spread, targets, tidy
from benchmarks.sizes import FULL, QUICK, Sizes
from benchmarks.suite import SUITE
from shared.adapters.tables import Write
from shared.catalogue import build_catalogue
from shared.fhir.notification import Heard, Limits, Request
from shared.fhir.parse_notification import parse
from shared.fhir.project import project
from shared.message.contact import addresses
from shared.message.policy import Policy


def fed(seconds: float, host: float, messages: int = 100) -> Fed:
    return Fed(100, seconds, {"host": host, "driver": 0.1}, 0.0, 0, messages)


def test_percentiles_are_values_that_were_measured() -> None:
    hundred = list(range(100, 0, -1))
    assert [percentile(hundred, p) for p in (0, 1, 50, 99, 100)] == [1, 1, 50, 99, 100]
    assert percentile([7.0], 99) == 7.0
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50), st.floats(0, 100))
def test_a_share_of_the_values_is_no_greater_than_their_percentile(
    values: list[float], percent: float
) -> None:
    found = percentile(values, percent)
    assert found in values
    assert sum(value <= found for value in values) >= percent / 100 * len(values) - 1e-9


def test_targets_say_what_was_wanted_and_whether_it_was_met() -> None:
    assert at_least(150, 150) == {"value": 150, "target": ">= 150", "met": True}
    assert at_most(1.51, 1.5) == {"value": 1.51, "target": "<= 1.5", "met": False}
    assert below(1.0, 1.0)["met"] is False


def test_rounding_does_not_decide_whether_a_target_is_met() -> None:
    assert at_most(1.50004, 1.5) == {"value": 1.5, "target": "<= 1.5", "met": False}
    assert (tidy(123456.0), tidy(0.00012346)) == (123500.0, 0.0001235)


def test_a_spread_has_the_best_the_middle_and_the_worst() -> None:
    assert spread([3.0, 1.0, 2.0]) == {"best": 1.0, "median": 2.0, "worst": 3.0}


def test_every_target_of_a_report_is_found_and_the_missed_are_listed() -> None:
    results = {"a": {"x": at_most(1, 2), "rates": [1, 2]}, "b": {"c": {"y": at_least(1, 2)}}}
    assert [name for name, _ in targets(results)] == ["a.x", "b.c.y"]
    report = summary(results, {"quick": True, "seconds": 1.0})
    assert report["targets"] == {"a.x": "1.0 <= 2", "b.c.y": "1.0 >= 2"}
    assert report["missed"] == ["b.c.y"]
    assert report["results"] == results
    assert json.loads(json.dumps(report))["run"]["quick"] is True


def test_the_full_path_is_held_to_rate_ratio_and_cpu() -> None:
    full = [fed(1.0, 0.4), fed(0.5, 0.2), fed(0.8, 0.3)]
    plain = [fed(0.5, 0.0), fed(0.5, 0.0), fed(0.5, 0.0)]
    found = path_summary(full, plain, 150)
    assert found["changes_per_second"] == at_least(200, 150)
    assert found["ratio_to_bare"] == at_most(1.6, 1.5)
    assert found["worker_cpu_ms_per_change"] == at_most(2.0, 3.0)
    assert found["cpu_ms_per_change"] == {"host": 2.0, "driver": 1.0}
    assert (found["messages"], found["failed"]) == (300, 0)


def test_latencies_are_summed_up() -> None:
    found = latency_summary([float(n) for n in range(1, 201)])
    assert found == {"p50_ms": 100, "p90_ms": 180, "p99_ms": 198, "changes": 200}


def test_what_importtime_writes_is_read() -> None:
    lines = [
        "import time: self [us] | cumulative | imported package",
        "import time:       250 |        250 |   _io",
        "noise",
        "import time:      1500 |       1750 | encodings",
    ]
    assert most(import_times(lines)) == {"encodings": 1.5, "_io": 0.25}
    assert most(import_times(lines), 1) == {"encodings": 1.5}


def test_cpu_is_read_for_processes_and_the_machine() -> None:
    meter = Meter({})
    sum(n * n for n in range(200_000))
    used = meter.read()
    assert used.cpu["driver"] >= 0
    assert used.seconds > 0
    assert of_machine() >= of_process(1)
    assert since({"a": 1.0}, {"a": 1.5, "b": 9.0}) == {"a": 0.5}


def test_the_quick_run_is_smaller_in_everything_that_it_counts() -> None:
    for field in fields(Sizes):
        quick, full = getattr(QUICK, field.name), getattr(FULL, field.name)
        smaller = quick <= full if not isinstance(full, tuple) else max(quick) <= max(full)
        assert smaller, field.name
    usual = {"import", "full_path", "record", "clients", "segments", "patients"}
    usual |= {"cold_start", "views", "audit_trail"}
    assert set(SUITE) == usual | {
        "evaluation",
        "populate",
        "wakeups",
        "messages",
        "preview",
        "simulation",
        "analytics",
    }


def test_notifications_are_understood_as_what_they_say() -> None:
    names = [people.observation_id(7, 3, sends=True), people.observation_id(8, 3, sends=False)]
    headers = {"content-type": "application/json"}
    heard = parse(Request("POST", "/events", headers, {}, events(names)), Limits())
    assert isinstance(heard, Heard)
    assert [str(change.key) for told in heard.notifications for change in told.changes] == [
        f"Observation/{name}" for name in names
    ]


def test_patients_and_observations_are_projected_whole() -> None:
    found = project(people.observation(people.observation_id(7, 3, sends=True)), people.ZONE)
    assert found.patients == ("p-7",)
    assert people.resource("Patient", "p-7") == people.patient(7)
    assert people.resource("Location", "1") is None
    for number in (0, 599, BARE + 599):
        assert addresses(people.person(number), "sms", people.START, "US") == (people.phone(number),)


def test_every_work_is_a_new_observation_and_one_in_so_many_sends() -> None:
    made = works(100, 10, 50) + works(100, 10, 50)
    assert len({one.observation for one in made}) == 200
    assert sum(one.sends for one in made) == 4
    assert {one.number for one in works(100, 10, 1, BARE)} == set(range(BARE, BARE + 10))


def test_bare_writes_go_to_another_patient_and_guard_its_head() -> None:
    told = [Write("merge", "k", "k-0", {"a": 1}, "old"), Write("upsert", "k", "k-t-1", {"b": 2})]
    assert _moved(told, "k", "z", "new", "9") == [
        Write("merge", "z", "z-0", {"a": 1}, "new"),
        Write("upsert", "z", "z-t-19", {"b": 2}),
    ]


def test_the_definitions_of_the_benchmarks_are_valid() -> None:
    built = build_catalogue((*one_message(), *segments(40)), "v", Policy(zone=people.ZONE.key))
    assert len(built.segments) == 40
    touched = [
        s
        for s in built.segments.all
        if ("Observation", "code", f"{people.LOINC}|{people.SILENT}") in s.touches
    ]
    assert len(touched) == 10


async def test_growth_is_reported_by_size_and_as_a_ratio() -> None:
    found = await in_memory((10, 20, 1001), 4)
    growth = ["decide_cpu_us_growth", "react_cpu_us_growth"]
    beyond = {f"{name}_at_1001" for name in growth}
    assert set(found) == {"10", "20", "1001", *growth, *beyond}
    assert set(found["20"]) == {"decide_cpu_us", "react_cpu_us", "compile_cpu_s", "memory_mib"}
    assert [name for name, _ in targets(found)] == growth
