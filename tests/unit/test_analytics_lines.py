"""Lines of the analytics log, as the real engine tells them; and a rebuild of the log tells the same ones."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from msgspec.structs import replace

from shared.adapters.happened_log import FiledLog
from shared.catalogue import Document
from shared.events import DeliveryReported, EnrolAsked, InboundReceived, PersonErased, WakeupDue
from shared.fhir.instants import DAY, HOUR, Instant
from shared.patient.record import Decision, PatientRecord, patient_key
from shared.ports.happened import COLUMNS, Line
from shared.retention import Retention
from shared.usecases.analytics import telling
from shared.usecases.analytics.fold import fold
from shared.usecases.analytics.lines import happened
from shared.usecases.analytics.rebuild import rebuild
from shared.usecases.operations.running import Progress
from shared.usecases.operations.written import LongWork, save_work
from shared.usecases.privacy.erase import erase
from shared.usecases.publish import publish
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services
from shared.usecases.take_in import take_in
from tests.unit.analytics_kit import files_of, memory_log
from tests.unit.memory_kit import HIGH, Time, person, result, segments, server
from tests.unit.privacy_kit import ANN, JOURNEY, NUMBERS, definitions, fresh

SPLIT = {
    "id": "which",
    "kind": "split",
    "ways": [{"name": "a", "weight": 1, "next": "hello"}, {"name": "b", "weight": 1, "next": "hello"}],
}
GOAL = {"title": "no longer high", "any_of": [{"not_in_segment": HIGH}]}


def _journey() -> tuple[Document, ...]:
    """Put a split before the journey's message, and a goal behind it."""
    journey, template = definitions()
    changed = {**journey.body, "steps": [SPLIT, *journey.body["steps"]], "goal": GOAL}
    return replace(journey, body=changed), template


async def _life(log: FiledLog, clock: Time) -> Services:
    """Let two patients live through the journey: messages, reports, an answer, a no, the goal."""
    services = replace(fresh(clock), happened=log)
    await segments(services)
    await publish(services, _journey())
    for name, number in NUMBERS.items():
        telecom = [{"system": "phone", "value": number, "use": "mobile"}]
        await server(services).update(person(name, telecom=telecom))
        await server(services).update(result(f"r-{name}", name, 9.8))
        await take_in(services, name)
        clock.passes(HOUR)
        asked = EnrolAsked(JOURNEY, "once", "asked for", results={"@campaign": "run-1"})
        await react(services, patient_key(name), [asked], Trigger(f"enrol-{name}"))
    await _reports(services, clock)
    clock.passes(DAY)
    await server(services).update(result("r-ann-2", "ann", 7.0, at="2026-03-02T09:00:00Z"))
    await take_in(services, "ann")
    said = InboundReceived("reply-1", "sms", NUMBERS["ann"], "Thank you", clock.now())
    await react(services, ANN, [said], Trigger("reply"))
    clock.passes(HOUR)
    stop = InboundReceived("reply-2", "sms", NUMBERS["bob"], "STOP", clock.now())
    await react(services, patient_key("bob"), [stop], Trigger("stop"))
    clock.passes(31 * DAY)
    await react(services, patient_key("bob"), [WakeupDue(clock.now())], Trigger("wake"))
    await log.flush()
    return services


async def _reports(services: Services, clock: Time) -> None:
    for name in NUMBERS:
        (message,) = await services.patients.messages(patient_key(name))
        for status in ("delivered", "clicked"):
            clock.passes(HOUR)
            told = DeliveryReported(message.message_id, status, clock.now())  # type: ignore[arg-type]
            await react(services, patient_key(name), [told], Trigger(f"{status}-{name}"))


def _told(log: FiledLog) -> list[Line]:
    """Return the lines that stand in files of the log."""
    bodies = [body for name, (body, _) in sorted(files_of(log).held.items()) if name.endswith(".jsonl")]
    return [msgspec.json.decode(line, type=Line) for body in bodies for line in body.splitlines()]


def _alike(lines: Iterable[Line]) -> set[Line]:
    """Leave out places among what happened at one instant: they are no part of what a line is."""
    return {replace(line, n=0) for line in lines}


def _of(lines: Iterable[Line], key: str) -> list[tuple[str, str, str]]:
    found = sorted((line for line in lines if line.key == key), key=lambda line: (line.at, line.n))
    return [(line.kind, line.what, line.step) for line in found]


async def test_a_life_is_told_line_by_line(tmp_path: Path) -> None:
    log = memory_log(tmp_path)
    await _life(log, Time())
    lines = _told(log)
    ann = _of(lines, ANN)
    way = next(what for kind, what, step in ann if kind == "way" and step == "which")
    assert set(ann) == {
        ("segment", "entered", ""),
        ("segment", "left", ""),
        ("journey", "entered", ""),
        ("way", way, "which"),
        ("way", "run-1", "@campaign"),
        ("step", "came", "which"),
        ("message", "planned", "hello"),
        ("message", "sent", "hello"),
        ("message", "delivered", "hello"),
        ("message", "clicked", "hello"),
        ("step", "came", "rest"),
        ("journey", "completed", ""),
        ("message", "answered", ""),
    }
    assert [line.goal for line in lines if line.key == ANN and line.what == "completed"] == [True]
    bob = [line for line in lines if line.key == patient_key("bob")]
    (no,) = [line for line in bob if line.what == "opted-out"]
    (sent,) = [line for line in bob if line.what == "sent"]
    assert (no.message, no.channel, sent.language) == (sent.message, "sms", "en")


async def test_no_line_holds_anything_of_a_person(tmp_path: Path) -> None:
    log = memory_log(tmp_path)
    await _life(log, Time())
    text = b"".join(body for body, _ in files_of(log).held.values()).decode()
    for told in (
        *NUMBERS.values(),
        *(n.removeprefix("+") for n in NUMBERS.values()),
        '"ann',
        "Thank",
        "STOP",
    ):
        assert told not in text


async def test_a_rebuild_tells_what_was_told(tmp_path: Path) -> None:
    """For what both hold: nothing is pruned, and every report was kept before a higher one came."""
    log = memory_log(tmp_path / "told")
    clock = Time()
    services = await _life(log, clock)
    again = memory_log(tmp_path / "again")
    rebuilt = replace(services, happened=again)
    assert await _rebuild(rebuilt) == {"patients": 2, "enrolments": 2}
    assert _alike(_told(again)) == _alike(_told(log))


async def test_a_rebuild_over_a_whole_log_changes_no_figure(tmp_path: Path) -> None:
    log = memory_log(tmp_path)
    services = await _life(log, Time())
    await fold(services, Retention(), everything=True)
    before = await _folded(log, tmp_path)
    await _rebuild(services)
    await fold(services, Retention(), everything=True)
    assert await _folded(log, tmp_path) == before
    assert len(before) > 20


async def _rebuild(services: Services) -> dict[str, Any]:
    work = LongWork("1", "analytics-rebuild", "ann", Instant(0))
    await save_work(services.documents, work, "")
    return await rebuild(services, work, Progress(services, work))


async def _folded(log: FiledLog, folder: Path) -> set[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    names = ", ".join(name for name in COLUMNS if name != "n")
    for name, (body, _) in files_of(log).held.items():
        assert name.endswith(".parquet"), name
        place = folder / name.replace("/", "-")
        place.write_bytes(body)
        rows += duckdb.read_parquet(str(place)).select(names).fetchall()
    assert len(rows) == len(set(rows))
    return set(rows)


async def test_a_change_that_means_nothing_tells_nothing() -> None:
    services = fresh(Time())
    stored = await services.patients.load(ANN, "ann")
    decided: list[Line] = happened(stored.record, (), _nothing(stored.record))
    assert decided == []


def _nothing(record: PatientRecord) -> Decision:
    return Decision(record)


async def test_a_mistake_in_telling_keeps_nothing_from_being_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def mistaken(*_: object) -> list[Line]:
        raise KeyError(NUMBERS["ann"])

    monkeypatch.setattr(telling, "happened", mistaken)
    services = await _life(memory_log(tmp_path), Time())
    assert {message.status for message in await services.patients.messages(ANN)} == {"completed"}
    assert "what happened could not be told" in caplog.text
    assert NUMBERS["ann"] not in caplog.text


async def test_who_is_erased_is_forgotten(tmp_path: Path) -> None:
    log = memory_log(tmp_path)
    services = await _life(log, Time())
    await fold(services, Retention(), everything=True)
    await erase(services, "ann", "u17", "asked for it")
    done = await fold(services, Retention(), everything=True)
    assert done.forgotten == 1
    keys = {row[3] for row in await _folded(log, tmp_path)}
    assert keys == {patient_key("bob")}
    assert (await fold(services, Retention(), everything=True)).forgotten == 0


@pytest.mark.parametrize("finished", [False, True])
async def test_an_erasure_tells_nothing(finished: bool) -> None:
    services = fresh(Time())
    stored = await services.patients.load(ANN, "ann")
    event = PersonErased("u17", finished=finished)
    assert happened(stored.record, (event,), _nothing(stored.record)) == []


async def test_forgetting_goes_on_where_the_time_was_up(tmp_path: Path) -> None:
    log = memory_log(tmp_path)
    services = await _life(log, Time())
    await fold(services, Retention(), everything=True)
    await erase(services, "ann", "u17", "asked for it")
    days = await _days(log)
    for _ in days[:-1]:
        ticks = iter((0.0, 0.0, *(100.0 for _ in days)))
        done = await fold(services, Retention(), everything=True, seconds=1, real_time=lambda: next(ticks))  # noqa: B023
        assert (done.days, done.forgotten) == (1, 0)
    assert (await fold(services, Retention(), everything=True)).forgotten == 1
    assert {row[3] for row in await _folded(log, tmp_path)} == {patient_key("bob")}


async def test_what_is_too_old_goes(tmp_path: Path) -> None:
    log, clock = memory_log(tmp_path), Time()
    services = await _life(log, clock)
    clock.passes(4 * 366 * DAY)
    assert (await fold(services, Retention())).dropped == len(await _days(log)) + 3
    assert files_of(log).held == {}


async def _days(log: FiledLog) -> list[str]:
    return list(await log.days())


def test_nobody_is_named_by_what_a_line_can_say() -> None:
    """Ids, kinds and numbers: no text that somebody wrote has a place in it."""
    assert set(Line.__struct_fields__) - {"at"} == set(COLUMNS) - {"instant"}
    assert {"text", "to", "address", "name", "reason"}.isdisjoint(COLUMNS)
