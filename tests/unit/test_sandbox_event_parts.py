"""The event source's pure parts: shapes on the wire, retry ladder, mailbag, fates."""

from __future__ import annotations

import json
import os
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.event_source import retry
from sandbox.event_source.behaviour import Behaviour, Chances
from sandbox.event_source.changes import Change, Kind
from sandbox.event_source.mailbag import BATCH_BYTES, Mailbag, Parcel
from sandbox.event_source.schemas import SCHEMAS, DeadLetter, validation_event

DATA = Path(os.environ.get("HEARTHLINE_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
FIXTURES = DATA / "notifications" / "azure"
needs_fixtures = pytest.mark.skipif(not FIXTURES.is_dir(), reason="no HEARTHLINE_DATA, no ../shared/data")

CHANGE = Change(7, "Patient", "p1", 2, "2026-03-01T08:00:00.123Z", Kind.UPDATED)


def parcel(position: int, size: int = 10) -> Parcel:
    return Parcel(position, {"id": "x" * size}, published=0.0)


def shape(value: object) -> object:
    """Keep names, types and the constants that do not name somebody's subscription."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return type(value).__name__


@needs_fixtures
@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize(
    ("schema", "prefix", "constants"),
    [
        ("eventgrid", "eventgrid-schema-", ("eventType", "dataVersion", "metadataVersion")),
        ("cloudevents", "cloudevents-", ("type", "dataschema", "specversion")),
    ],
)
def test_events_have_the_shape_that_azure_sends(
    schema: str, prefix: str, constants: tuple[str, ...], kind: Kind
) -> None:
    genuine = json.loads((FIXTURES / f"{prefix}FhirResource{kind}.json").read_text())
    ours = SCHEMAS[schema].event(Change(1, "Patient", "p1", 1, CHANGE.at, kind), "host")
    assert shape(ours) == shape(genuine)
    assert {name: ours[name] for name in constants} == {name: genuine[name] for name in constants}


@needs_fixtures
def test_the_validation_event_has_the_shape_that_azure_sends() -> None:
    [genuine] = json.loads((FIXTURES / "eventgrid-SubscriptionValidationEvent.json").read_text())
    del genuine["data"]["validationUrl"]  # for people who answer by hand; the sandbox serves no such page
    ours = validation_event("code", CHANGE.at)
    assert shape(ours) == shape(genuine)
    assert ours["eventType"] == genuine["eventType"]


def test_an_event_says_what_changed_where_and_when() -> None:
    event = SCHEMAS["eventgrid"].event(CHANGE, "127.0.0.1:7070")
    assert event["subject"] == "127.0.0.1:7070/Patient/p1"
    assert event["eventTime"] == "2026-03-01T08:00:00.1230000Z"
    assert event["data"] == {
        "resourceType": "Patient",
        "resourceFhirAccount": "127.0.0.1:7070",
        "resourceFhirId": "p1",
        "resourceVersionId": 2,
    }


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_repeated_event_keeps_its_id_and_another_version_has_another(schema: str) -> None:
    write = SCHEMAS[schema].event
    newer = Change(8, "Patient", "p1", 3, CHANGE.at, Kind.UPDATED)
    assert write(CHANGE, "a")["id"] == write(CHANGE, "a")["id"] != write(newer, "a")["id"]


def test_dead_letters_add_their_five_words_in_each_schemas_case() -> None:
    letter = DeadLetter("MaxDeliveryAttemptsExceeded", "NotFound", 30, "2026-01-01", "2026-01-02")
    camel = SCHEMAS["eventgrid"].dead({"id": "1"}, letter)
    lower = SCHEMAS["cloudevents"].dead({"id": "1"}, letter)
    assert camel == {
        "id": "1",
        "deadLetterReason": "MaxDeliveryAttemptsExceeded",
        "deliveryAttempts": 30,
        "lastDeliveryOutcome": "NotFound",
        "publishTime": "2026-01-01",
        "lastDeliveryAttemptTime": "2026-01-02",
    }
    assert lower == {key.lower(): value for key, value in camel.items()}


def test_waits_follow_the_ladder_with_at_most_a_tenth_more() -> None:
    for attempt, rung in enumerate((10, 30, 60, 300, 600, 1800, 3600, 10800, 21600, 43200), start=1):
        wait = retry.next_wait(500, attempt, 0, Random(attempt))
        assert isinstance(wait, float)
        assert rung <= wait <= rung * 1.1


@pytest.mark.parametrize(("status", "least"), [(408, 120), (503, 30), (None, 10), (404, 10)])
def test_some_answers_make_the_first_wait_longer(status: int | None, least: int) -> None:
    wait = retry.next_wait(status, 1, 0, Random(1))
    assert isinstance(wait, float)
    assert least <= wait <= least * 1.1


@pytest.mark.parametrize("status", [400, 401, 403, 413])
def test_some_answers_are_final(status: int) -> None:
    assert isinstance(retry.next_wait(status, 1, 0, Random(1)), retry.GiveUp)


def test_attempts_and_age_have_an_end() -> None:
    assert retry.next_wait(500, 30, 0, Random(1)) == retry.GiveUp("MaxDeliveryAttemptsExceeded")
    assert retry.next_wait(500, 5, 86_000, Random(1)) == retry.GiveUp("TimeToLiveExceeded")


@pytest.mark.parametrize(
    ("status", "word"),
    [(404, "NotFound"), (500, "InternalServerError"), (599, "GenericError"), (None, "Aborted")],
)
def test_outcomes_have_names(status: int | None, word: str) -> None:
    assert retry.outcome(status) == word


def test_a_batch_holds_what_is_due_and_no_more_than_was_asked() -> None:
    bag = Mailbag(0)
    for position in range(1, 6):
        bag.add(position, [(float(position), parcel(position))])
    assert [one.position for one in bag.take(3.5, most=2)] == [1, 2]
    assert [one.position for one in bag.take(3.5, most=9)] == [3]
    assert bag.next_due() == 4.0


def test_a_batch_stays_below_64_kib_but_carries_one_giant() -> None:
    bag = Mailbag(0)
    bag.add(1, [(0.0, parcel(1, BATCH_BYTES * 2))])
    bag.add(2, [(0.0, parcel(2, BATCH_BYTES // 2))])
    bag.add(3, [(0.0, parcel(3, BATCH_BYTES))])
    assert [[one.position for one in bag.take(0.0, most=9)] for _ in range(3)] == [[1], [2], [3]]


@given(st.permutations(range(6)), st.sets(st.integers(0, 5)))
def test_a_restart_reads_from_the_first_change_still_owed(order: list[int], dropped: set[int]) -> None:
    """Whatever the order of settling, nothing owed lies at or before `settled_to`, and all is in the end."""
    bag = Mailbag(100)
    parcels = {n: [parcel(101 + n), parcel(101 + n)] for n in range(6) if n not in dropped}
    for n in range(6):
        bag.add(101 + n, [(0.0, one) for one in parcels.get(n, [])])
    owed = set(parcels)
    for n in order:
        for one in parcels.get(n, []):
            bag.settle(one)
        owed.discard(n)
        assert bag.settled_to == (min(owed) + 100 if owed else 106)
        assert len(bag) == 2 * len(owed)


def test_the_well_behaved_send_each_event_once_at_once() -> None:
    chances = Chances(Behaviour())
    assert [list(chances.fates()) for _ in range(50)] == [[0.0]] * 50


def test_misbehaviour_is_as_frequent_as_asked_and_the_same_for_a_seed() -> None:
    asked = Behaviour(duplicate=0.5, reorder=0.5, drop=0.25, delay_ms=10, window_ms=100, seed=7)
    first, second = (
        [list(chances.fates()) for _ in range(400)] for chances in (Chances(asked), Chances(asked))
    )
    assert first == second
    assert 60 < sum(not fates for fates in first) < 140
    assert 100 < sum(len(fates) == 2 for fates in first) < 200
    assert all(0.01 <= wait <= 0.11 for fates in first for wait in fates)
