"""What nobody told us of is found: gaps in numbers, fresh starts, reconciliation, replayed dead letters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest
from ward import Ward

from sandbox.plan import app_settings
from sandbox.play import resources as make
from shared.fhir.counters import Counter
from shared.fhir.instants import MINUTE, iso
from tests.unit.fhir.test_subscription_bundle import bundle, event, status

ROOT = Path(__file__).parents[2]
HOOKS = "/api/fhir/notifications/hooks"
SERVERS = "http://fhir.hospital.example/r4/Subscription/"


def notification(
    ward: Ward, subscription: str, number: int, *focuses: str, kind: str = "event-notification"
) -> dict[str, Any]:
    """Make an id-only notification; its events are numbered up to `number`."""
    first = number - len(focuses) + 1
    events = [event(first + place, focus, timestamp=iso(ward.now)) for place, focus in enumerate(focuses)]
    told = status(
        *events,
        type=kind,
        eventsSinceSubscriptionStart=str(number),
        subscription={"reference": SERVERS + subscription},
    )
    return {**bundle(told), "timestamp": iso(ward.now)}


async def hear(ward: Ward, *bundles: dict[str, Any]) -> None:
    for each in bundles:
        assert ward.product.call("POST", HOOKS, each).status == 200
    look = await ward.product.idle()
    assert look.poisoned == {}


async def counted(ward: Ward, highest: int) -> list[Counter]:
    async with ward.product.opened() as services:
        found = [
            msgspec.json.decode(body, type=Counter) async for _, body in services.documents.all("counters")
        ]
    return [counter for counter in found if counter.highest == highest]


def results(ward: Ward, patient_id: str, count: int) -> list[str]:
    """Write results of which nobody is told; the last one is above 9 %."""
    values = [*(6.0 for _ in range(count - 1)), 9.9]
    for place, value in enumerate(values):
        ward.put(make.hba1c(patient_id, place + 1, value, ward.now))
    return [f"Observation/{patient_id}-hba1c-{place + 1}" for place in range(count)]


@pytest.mark.parametrize("asks", ["$events", "_lastUpdated"])
async def test_a_gap_in_the_numbers_is_recovered(ward: Ward, asks: str) -> None:
    """Numbers 2 and 3 never came; the server tells of them, or is searched if it cannot."""
    patient_id, number = f"r-gap{len(asks)}", f"+155555530{len(asks):02d}"
    highest = 400 + len(asks)
    await ward.admit(patient_id, number)
    names = results(ward, patient_id, 4)
    order = [names[3], *names[:3]]  # what is lost includes nothing that anybody else would bring
    await hear(ward, notification(ward, patient_id, highest - 3, order[1]))
    if asks == "$events":
        lost = notification(ward, patient_id, highest - 1, order[0], order[2])
        ward.fhir.events[patient_id, highest - 2] = lost
    await hear(ward, notification(ward, patient_id, highest, order[3]))
    assert len(ward.sent(number)) == 1
    record = await ward.record(patient_id)
    assert {name for name in names if record.facts.get(name) is not None} == set(names)
    asked = [target for target in ward.fhir.asked if "$events" in target]
    assert any(
        f"eventsSinceNumber={highest - 2}&eventsUntilNumber={highest - 1}" in target for target in asked
    )
    (counter,) = await counted(ward, highest)
    assert [gap for gap in counter.missing if gap[1] >= highest - 3] == []


async def test_a_counter_that_goes_backwards_is_recovered_by_a_search(ward: Ward) -> None:
    """The server forgot its subscription and began anew: what came in between is searched."""
    await ward.admit("r-back", "+15555553050")
    names = results(ward, "r-back", 3)
    await hear(ward, notification(ward, "r-back", 300, names[0]))
    ward.pass_time(MINUTE)
    await hear(ward, notification(ward, "r-back", 0, kind="handshake"))
    assert len(ward.sent("+15555553050")) == 1
    assert any(counter.starts == 1 for counter in await counted(ward, 0))


async def test_an_empty_notification_makes_us_look(ward: Ward) -> None:
    await ward.admit("r-empty", "+15555553060")
    results(ward, "r-empty", 1)
    assert ward.product.call("POST", HOOKS + "/Observation").status == 200
    await ward.product.idle()
    assert len(ward.sent("+15555553060")) == 1


async def test_reconciliation_finds_a_dropped_change_and_then_nothing_more(ward: Ward) -> None:
    await ward.admit("r-dropped", "+15555553070")
    await ward.run_timer("reconciliation")
    results(ward, "r-dropped", 1)
    assert ward.sent("+15555553070") == []
    await ward.run_timer("reconciliation")
    assert len(ward.sent("+15555553070")) == 1
    before = await ward.record("r-dropped")
    await ward.run_timer("reconciliation")
    after = await ward.record("r-dropped")
    assert after.sequence == before.sequence
    assert len(ward.sent("+15555553070")) == 1


def dead(events: list[dict[str, Any]], reason: str = "MaxDeliveryAttemptsExceeded") -> bytes:
    letter = {"deadLetterReason": reason, "deliveryAttempts": 30, "lastDeliveryOutcome": "NotFound"}
    return orjson.dumps([{**each, **letter} for each in events])


def command(ward: Ward, *words: str | Path, settings: bool = True) -> subprocess.CompletedProcess[str]:
    """Run `hearthline replay`, told of the deployment by a settings file or by the environment."""
    given = app_settings(ward.product.stack.plan, ward.product.stack.access_key)
    file = ward.product.stack.plan.folder / "local.settings.json"
    file.write_text(json.dumps({"IsEncrypted": False, "Values": given}))
    more = ("--settings", str(file)) if settings else ()
    return subprocess.run(
        [sys.executable, "-m", "cli.main", "replay", *more, *map(str, words)],
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "160"} | ({} if settings else given),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("settings", [True, False])
async def test_dead_letters_are_replayed_and_again_change_nothing(
    ward: Ward, tmp_path: Path, settings: bool
) -> None:
    number, patient_id = f"+1555555308{settings:d}", f"r-dead-{settings:d}"
    await ward.admit(patient_id, number)
    events = [ward.put(make.hba1c(patient_id, 1, value, ward.now)) for value in (9.4, 9.9)]
    events += [ward.put(make.pulse(patient_id, place, ward.now)) for place in range(3)]
    blobs = tmp_path / "deadletter" / "2026" / "3"
    blobs.mkdir(parents=True)
    (blobs / "one.json").write_bytes(dead(events[:2]))
    (blobs / "two.json").write_bytes(
        dead([*events[2:], {**events[0], "subject": "rubbish"}], "[bold]Unauthorized")
    )
    done = command(ward, tmp_path / "deadletter", settings=settings)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].strip() == "5 changes queued from 2 of 2 files."
    assert "MaxDeliveryAttemptsExceeded: 2" in done.stdout
    assert "[bold]Unauthorized: 4" in done.stdout
    assert "not queued: not a literal FHIR reference" in done.stdout
    assert patient_id not in done.stdout
    await ward.product.idle()
    assert len(ward.sent(number)) == 1
    before = await ward.record(patient_id)
    assert before.facts.get(f"Observation/{patient_id}-hba1c-1").version == "2"  # type: ignore[union-attr]
    assert command(ward, blobs / "one.json", blobs / "two.json", settings=settings).returncode == 0
    await ward.product.idle()
    assert (await ward.record(patient_id)).sequence == before.sequence
    assert len(ward.sent(number)) == 1


async def test_a_file_that_is_no_dead_letter_is_told_and_the_others_are_replayed(
    ward: Ward, tmp_path: Path
) -> None:
    await ward.admit("r-mixed", "+15555553090")
    good = ward.put(make.hba1c("r-mixed", 1, 9.9, ward.now))
    (tmp_path / "a.json").write_text("[{")
    (tmp_path / "b.json").write_bytes(dead([good]))
    (tmp_path / "c.json").write_text("[]")
    done = command(ward, tmp_path)
    assert done.returncode == 1
    assert "a.json" in done.stdout
    assert "not replayed: the body is not JSON" in done.stdout
    assert done.stdout.splitlines()[-1].strip() == "1 changes queued from 1 of 3 files."
    await ward.product.idle()
    assert len(ward.sent("+15555553090")) == 1


def test_wrong_settings_are_told_at_once(ward: Ward, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"[]")
    (tmp_path / "settings.json").write_text(json.dumps({"Values": {"HEARTHLINE_FHIR_URL": "ftp://x"}}))
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("HEARTHLINE", "Azure"))}
    bare["COLUMNS"] = "300"
    for file, said in (
        (tmp_path / "settings.json", "HEARTHLINE_FHIR_URL"),
        (tmp_path / "a.json", "is no settings file"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "cli.main", "replay", "--settings", file, tmp_path / "a.json"],
            cwd=ROOT, env=bare, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 1
        assert said in done.stderr
        assert "Traceback" not in done.stdout + done.stderr
