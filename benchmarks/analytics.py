"""Analytics: what it costs a change to tell what happened, and what figures cost as lines grow.

A journey's lines as they come: each person enters, goes a way, is sent a message that is opened, waits, and
half of them reach the goal. Questions are asked through the log: files in memory, work in DuckDB.
"""

from __future__ import annotations

import gc
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import people
from benchmarks.documents import one_message
from benchmarks.full_path import Tell
from benchmarks.growth import _memory
from benchmarks.report import Json, at_most, below, tidy
from benchmarks.world import store_patients
from shared.adapters.happened_log import FiledLog
from shared.adapters.happened_memory import MemoryHappenedFiles
from shared.catalogue import build_catalogue
from shared.decide import decide_all
from shared.events import ResourceChanged
from shared.fhir.instants import DAY, HOUR, Instant
from shared.fhir.project import project
from shared.message.policy import Policy
from shared.patient.record import patient_key
from shared.ports.happened import Line, Question
from shared.usecases.analytics import funnel, goals, messages
from shared.usecases.analytics.lines import happened

_JOURNEY = "https://hearthline.example/benchmarks/journeys/one|1.0.0"
_TEMPLATE = "https://hearthline.example/benchmarks/templates/one|1.0.0"
_LINES = 10
"""Of a person."""
_DAYS = 30
_SILENT_US = 20.0
_SECONDS = 5.0
_REPEATS = 3


async def measure(counts: Sequence[int], reactions: int, tell: Tell) -> Json:
    """Measure telling, and questions over so many lines."""
    tell("telling what happened")
    told = await _telling(reactions)
    found = {}
    for count in counts:
        tell(f"figures of {count} lines")
        found[str(count)] = await _asking(count)
    first, last = found[str(counts[0])], found[str(counts[-1])]
    slowest = max(last[name] for name in ("funnel_s", "goals_s", "messages_s"))
    grown = sum(last[n] for n in _ASKED) / sum(first[n] for n in _ASKED) / (counts[-1] / counts[0])
    return {
        "telling": told,
        "asking": found,
        "slowest_s": below(slowest, _SECONDS),
        "growth_per_line": at_most(grown, 1.5),
    }


_ASKED = ("funnel_s", "goals_s", "messages_s")


async def _telling(reactions: int) -> dict[str, object]:
    """Hold what a change costs to tell against what it costs to decide."""
    silent, sending = await _ratio(reactions, sends=False), await _ratio(reactions, sends=True)
    return {
        "nothing_us": below(silent[1], _SILENT_US),
        "nothing_of_decide": tidy(silent[1] / silent[0]),
        "sending_us": tidy(sending[1]),
        "sending_of_decide": at_most(sending[1] / sending[0], 0.2),
    }


async def _ratio(reactions: int, *, sends: bool) -> tuple[float, float]:
    """Return the CPU of deciding and of telling, in microseconds; the least disturbed half."""
    catalogue = build_catalogue(one_message(), "1-benchmark", Policy(zone=people.ZONE.key))
    services = _memory(catalogue)
    await store_patients(services, range(reactions), 100)
    decided, told = [], []
    for patient in range(reactions):
        name = people.observation_id(patient, 0, sends=sends)
        event = ResourceChanged(project(people.observation(name), people.ZONE).content)
        record = (await services.patients.load(patient_key(f"p-{patient}"))).record
        began = time.process_time()
        decision = decide_all(record, [event], catalogue, services.clock.now())
        between = time.process_time()
        happened(record, [event], decision)
        decided.append(between - began)
        told.append(time.process_time() - between)
    half = reactions // 2
    return 1e6 * sum(sorted(decided)[:half]) / half, 1e6 * sum(sorted(told)[:half]) / half


async def _asking(count: int) -> dict[str, float]:
    """Return seconds of folding, of questions over what is folded, and of one over lines that are not."""
    with tempfile.TemporaryDirectory(prefix="hearthline-benchmark-") as folder:
        files = MemoryHappenedFiles()
        log = FiledLog(files, Path(folder))
        log.tell(_lines(count // _LINES))
        began = time.perf_counter()
        await log.flush()
        written = time.perf_counter() - began
        gc.collect()
        fresh = await _least(log, messages.asked(["channel", "day"]), 1)
        began = time.perf_counter()
        for day in await log.days():
            await log.fold(day)
        folded = time.perf_counter() - began
        questions = {"funnel_s": funnel._STEPS, "goals_s": goals._GOALS}
        found = {name: await _least(log, sql, _REPEATS) for name, sql in questions.items()}
        found["messages_s"] = await _least(log, messages.asked(["channel", "day"]), _REPEATS)
        size = sum(len(body) for body, _ in files.held.values())
        return {
            "write_s": tidy(written),
            "fold_s": tidy(folded),
            "messages_not_folded_s": fresh,
            **found,
            "bytes_per_line": tidy(size / count),
            "peak_memory_mib": tidy(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        }


async def _least(log: FiledLog, sql: str, repeats: int) -> float:
    params = {
        "since": people.START,
        "until": Instant(people.START + 2 * _DAYS * DAY),
        "journey": _JOURNEY.partition("|")[0],
        "channel": "",
        "template": "",
        "zone": people.ZONE.key,
    }
    named = {name: value for name, value in params.items() if f"${name}" in sql}
    if "timezone" in sql:
        named["journey"] = ""
    took = []
    for _ in range(repeats):
        began = time.perf_counter()
        table = await log.ask(Question(sql, named, people.START))
        took.append(time.perf_counter() - began)
        assert table.rows
    return tidy(min(took))


def _lines(persons: int) -> Iterator[Line]:
    for person in range(persons):
        at = Instant(people.START + (person % _DAYS) * DAY + person % 86_400 * 1_000_000)
        key, enrolment, message = (f"{salt}{person:031x}" for salt in "abc")
        way, later = "ab"[person % 2], Instant(at + HOUR)
        said = (enrolment, _JOURNEY)
        yield Line(at, "journey", "entered", key, 0, "", *said)
        yield Line(at, "way", way, key, 0, "", *said, "which")
        yield Line(at, "step", "came", key, 1, "", *said, "which")
        for what, when in (("planned", at), ("sent", later), ("delivered", later), ("opened", later)):
            about = (message, _TEMPLATE, "sms", "en", "care")
            yield Line(when, "message", what, key, 0, "", *said, "send", False, *about)
        yield Line(at, "step", "came", key, 2, "", *said, "wait")
        yield Line(later, "step", "came", key, 3, "", *said, "out")
        yield Line(later, "journey", "completed", key, 0, "", *said, "", person % 2 == 0)
