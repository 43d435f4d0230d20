"""An export has everything that is held of the person, and nothing of others."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from msgspec.structs import fields

from shared.errors import Rejected
from shared.events import InboundReceived
from shared.fhir.fact import Fact
from shared.fhir.instants import Instant
from shared.message.asking import Asking, Offer
from shared.patient.record import PatientRecord
from shared.usecases.inbound import kept
from shared.usecases.privacy.erase import erase
from shared.usecases.privacy.export import README, export
from shared.usecases.privacy.readable import readable
from tests.unit.memory_kit import Time
from tests.unit.patient.records import records, steady
from tests.unit.privacy_kit import ANN, BOB, NUMBERS, lived


async def test_everything_of_the_person_is_in_it_and_nothing_of_others():
    services = await lived(Time())
    held = await export(services, "Patient/ann", "u17")
    text = json.dumps(held)
    for word in (
        NUMBERS["ann"],
        "Lee",
        "Ann",
        "r-ann",
        "v-ann",
        "token-ann",
        "Hello Ann",
        "all is well",
        "high",
    ):
        assert word in text
    for word in (NUMBERS["bob"], "Bob", "r-bob", "token-bob"):
        assert word not in text
    assert [f"  {part}" in README for part in held] == [True] * len(held)
    assert set(held["record"]) == {field.name for field in fields(PatientRecord)}
    kinds = {row["kind"] for row in held["indexes"]["rows"]}
    assert kinds >= {"contact", "link", "member", "reference", "roster"}
    assert held["indexes"]["wake_up"] is not None
    assert [(read["by"], read["what"]) for read in held["reads"]] == [("u17", "export")]
    assert held["about"] == {"patient": "Patient/ann", "key": ANN, "made": "2026-03-02T09:00:00.000Z"}


async def test_a_reply_that_waits_is_in_it_without_the_others_of_the_number():
    services = await lived(Time())
    reply = InboundReceived("i9", "sms", NUMBERS["ann"], "yes please", Instant(1))
    offers = (Offer(BOB, "e9", "Bob", Instant(1)),)
    asking = Asking(reply, offers, Instant(services.clock.now() + 1), ())
    await kept.keep(services, "sms", NUMBERS["ann"], asking, "")
    held = await export(services, "ann", "u17")
    assert held["waiting"] == ["yes please"]
    assert "Bob" not in json.dumps(held)
    await erase(services, "ann", "u17", "asked for it")
    assert (await kept.find(services, "sms", NUMBERS["ann"])) == (None, "")


async def test_nobody_exports_unnamed_or_somebody_unknown():
    services = await lived(Time())
    with pytest.raises(Rejected, match="somebody must be named"):
        await export(services, "ann", "")
    with pytest.raises(Rejected, match="no such patient"):
        await export(services, "carl", "u17")


async def test_of_somebody_erased_there_is_next_to_nothing():
    services = await lived(Time())
    await erase(services, "ann", "u17", "asked for it")
    held = await export(services, "ann", "u17")
    assert (held["messages"], held["timeline"], held["indexes"]["rows"]) == ([], [], [])
    assert {name for name, value in held["record"].items() if value} == {
        "key",
        "sequence",
        "erased",
        "catalogue",
    }


def test_instants_are_written_as_such_and_what_no_calendar_has_as_it_is():
    fact = Fact("Observation", "o", start=Instant(0), end=Instant(2**62))
    assert (readable(fact)["start"], readable(fact)["end"]) == ("1970-01-01T00:00:00.000Z", 2**62)
    assert readable((b"x", frozenset({1}), None, 1.5)) == ["x", [1], None, 1.5]


@steady
@given(records)
def test_any_record_can_be_written(record):
    assert json.loads(json.dumps(readable(record)))["key"] == record.key
