"""The parts of a dry run: what is supposed, what arrives, what a message costs, what it needs."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.document import Document
from shared.fhir.calendar import Duration
from shared.fhir.fact import Fact, Person
from shared.fhir.instants import DAY, Instant
from shared.journey.pace import Capacity
from shared.patient.facts import Facts
from shared.patient.record import PatientRecord, patient_key
from shared.usecases.simulation.arrivals import split
from shared.usecases.simulation.assumptions import LENGTHS, SHARES, read_assumptions
from shared.usecases.simulation.chance import share
from shared.usecases.simulation.cost import parts
from shared.usecases.simulation.needed import needed
from shared.usecases.simulation.slots import count_free, read_slot
from shared.usecases.simulation.wording import ending, plainly
from tests.unit.simulation_kit import ADULTS, START, documents, journey, people, plan, reported


def test_what_is_said_of_a_channel_beats_what_is_said_of_all_and_that_beats_what_is_usual() -> None:
    found = read_assumptions([("delivered", "0.5"), ("delivered:email", "0.9"), ("opened", "0.3")])
    assert [found.share("delivered", each) for each in ("sms", "email")] == [0.5, 0.9]
    assert [found.share("opened", each) for each in ("sms", "email")] == [0.0, 0.3]
    assert found.share("clicked", "email") == SHARES["clicked:email"]
    assert found.share("clicked", "whatsapp") == 0


def test_all_that_is_supposed_is_stated() -> None:
    found = read_assumptions(
        [("answered:yes", "0.5"), ("event:visited", "0.1"), ("slots", "4"), ("answer-after", "PT1H")],
        [("sms", "0.01")],
        currency="EUR",
    )
    stated = found.stated()
    assert stated.keys() >= {*SHARES, *LENGTHS}
    assert stated["answered:yes"] == "0.5"
    assert (stated["event:visited"], stated["slots"], stated["answer-after"]) == ("0.1", "4", "1 hour")
    assert stated["price sms"] == "0.01 EUR"
    assert found.lengths == {"answer-after": Duration(micros=3_600_000_000)}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("delivred", "1", "'delivred' is nothing that can be assumed; there are delivered, opened"),
        ("delivered:fax", "1", "nothing that can be assumed"),
        ("delivered", "2", "delivered: 2 is no share from 0 to 1"),
        ("delivered", "many", "delivered: 'many' is no number"),
        ("opened", "nan", "is no number"),
        ("answer-after", "2 hours", "not an ISO 8601 duration"),
        ("answer-after", "-P1D", "lies before"),
        ("slots", "-1", "no number of slots"),
    ],
)
def test_what_cannot_be_supposed_is_said(name: str, value: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_assumptions([(name, value)])


def test_answers_are_of_no_more_than_everybody() -> None:
    with pytest.raises(ValueError, match=r"of step a add up to 1\.2"):
        read_assumptions([("answered:a/yes", "0.6"), ("answered:yes", "0.9"), ("answered:a/no", "0.6")])
    read_assumptions([(f"answered:{n}", "0.1") for n in range(10)])


@pytest.mark.parametrize(("channel", "price"), [("fax", "1"), ("sms", "-1"), ("sms", "dear")])
def test_a_price_is_one_of_a_channel(channel: str, price: str) -> None:
    with pytest.raises(ValueError, match=channel):
        read_assumptions([], [(channel, price)])


@given(st.text(max_size=8), st.lists(st.text(max_size=8), max_size=3))
def test_chance_is_a_share_and_repeats_itself(seed: str, what: list[str]) -> None:
    assert 0 <= share(seed, *what) < 1
    assert share(seed, *what) == share(seed, *what)


def test_chance_is_spread_evenly() -> None:
    found = [share("1", str(n)) for n in range(4000)]
    assert all(abs(sum(part <= each < part + 0.25 for each in found) - 1000) < 120 for part in (0, 0.25, 0.5))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        *(("", 1), ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3)),
        *(("€" * 80, 1), ("€" * 81, 2), ("ñ" * 160, 1)),
        *(("í" * 70, 1), ("í" * 71, 2), ("😀" * 35, 1), ("😀" * 36, 2)),
    ],
)
def test_an_sms_is_paid_for_by_its_parts(text: str, count: int) -> None:
    assert parts("sms", text) == count
    assert parts("email", text) == 1


def test_reasons_are_said_of_anybody() -> None:
    assert plainly("Consent/c-1 denies it") == "Consent denies it"
    assert plainly("no longer in the segment (HbA1c 9.1 % (on Monday) > 9 %)") == "no longer in the segment"
    assert plainly("its time is up, as of 2026-03-02T09:00:00.000Z") == "its time is up"
    assert ending("Left Visit: Appointment/7 is cancelled", "Visit") == "Appointment is cancelled"
    assert ending("Completed Visit", "Visit") == "came to its end"
    assert ending("Revoked: the journey was stopped", "Visit") == "the journey was stopped"


def test_a_journey_needs_what_it_names_and_what_that_names() -> None:
    body = journey()
    own, *others = documents(body)
    apart = Document("segment", "x.yaml", {"url": "https://example.org/segments/x", "member_of": ADULTS})
    older = Document("journey", "old.yaml", {**body, "version": "0"})
    assert needed(own, [*others, apart, older]) == (own, *others)
    assert apart in needed(own, [*others, apart], "https://example.org/segments/x")


def facts(*found: Fact) -> PatientRecord:
    return PatientRecord(patient_key("p"), "p", person=Person("p"), facts=Facts.of_facts(*found))


def test_resources_arrive_when_they_were_recorded_or_on_their_date() -> None:
    start, end = Instant(10 * DAY), Instant(20 * DAY)
    before = Fact("Observation", "a", updated=Instant(0), start=Instant(9 * DAY))
    within = Fact("Encounter", "b", updated=Instant(12 * DAY), start=Instant(8 * DAY), end=Instant(11 * DAY))
    planned = Fact("Appointment", "c", updated=Instant(30 * DAY), start=Instant(15 * DAY))
    record = facts(before, within, planned)
    assert split(record, "none", start, end) == (record, [])
    known, arriving = split(record, "recorded", start, end)
    assert ({f.reference for f in known.facts}, arriving) == ({"Observation/a"}, [(12 * DAY, within)])
    known, arriving = split(record, "dated", start, end)
    assert {f.reference for f in known.facts} == {"Observation/a", "Appointment/c"}
    assert arriving == [(11 * DAY, within)]


def test_who_died_later_lives_until_then_and_who_was_recorded_later_is_nobody_until_then() -> None:
    start, end = Instant(10 * DAY), Instant(20 * DAY)
    dead = Person("p", version="3", updated=Instant(15 * DAY), deceased=True, deceased_at=Instant(12 * DAY))
    record = PatientRecord(patient_key("p"), "p", person=dead)
    known, [(at, news)] = split(record, "dated", start, end)
    assert known.person is not None
    assert (known.person.deceased, at) == (False, 12 * DAY)
    assert isinstance(news, Person)
    assert news.deceased
    known, arriving = split(record, "recorded", start, end)
    assert (known.person, arriving) == (None, [(15 * DAY, dead)])


def test_who_dies_in_the_course_of_it_hears_nothing_more() -> None:
    body = {**people(1)[0], "deceasedDateTime": "2026-03-05T09:00:00Z"}
    wanted = plan(assume={"delivered": "1", "answered": "0"})
    assert reported(wanted, [body]).concerned == 0
    made = reported(wanted, [body], "dated")
    assert made.channels["sms"].sent == 1
    assert sum(made.journeys[0].revoked.values()) == 1


def slot(**more: Any) -> dict[str, Any]:
    kinds = {
        "serviceType": [{"coding": [{"system": "s", "code": "x"}]}],
        "schedule": {"reference": "Schedule/1"},
    }
    return {"resourceType": "Slot", "status": "free", "start": "2026-03-05T10:00:00Z", **kinds, **more}


@pytest.mark.parametrize(
    ("asked", "fits"),
    [
        ({"service_type": ["x"]}, True),
        ({"service_type": ["s|x"], "schedule": ["Schedule/1"]}, True),
        ({"service_type": ["y", "x"]}, True),
        ({"service_type": ["y"]}, False),
        ({"service_type": ["x"], "specialty": ["x"]}, False),
        ({"schedule": ["Schedule/2"]}, False),
        ({"service_type": ["x"], "within": "P2D"}, False),
    ],
)
def test_free_slots_count_if_they_are_of_the_sort_and_soon(asked: dict[str, Any], fits: bool) -> None:
    found = read_slot(slot(), UTC)
    assert found is not None
    assert count_free((found,), Capacity.model_validate(asked), START, UTC) == fits


@pytest.mark.parametrize("change", [{"status": "busy"}, {"start": "soon"}, {"resourceType": "Schedule"}])
def test_other_slots_are_none(change: dict[str, str]) -> None:
    assert read_slot(slot(**change), UTC) is None
