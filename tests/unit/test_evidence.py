"""Evidence tells the whole story in order, from what was written down as it happened."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from shared.errors import Rejected
from shared.events import SendSettled
from shared.fhir.choice import Choice
from shared.fhir.instants import MINUTE, Instant
from shared.message.trail import answered, claimed
from shared.patient.record import Decision
from shared.patient.state import Unusable
from shared.usecases.evidence.story import of_message, of_patient
from shared.usecases.privacy.erase import erase
from shared.usecases.privacy.readable import readable
from shared.usecases.privacy.reads import reads_of
from shared.usecases.services import Services
from tests.unit.memory_kit import Time
from tests.unit.privacy_kit import ANN, BASE, JOURNEY, NUMBERS, lived

SEEN = ("Patient/ann|1",)


async def told(clock: Time) -> tuple[Services, str]:
    """Give Ann's message two tries, a choice and a contact point that does not work; the message's id."""
    services = await lived(clock)
    (message,) = await services.patients.messages(ANN)
    message = replace(message, calls=())
    stored = await services.patients.load(ANN)
    record = stored.record
    message = replace(message, calls=claimed(record, message, "q-1", SEEN, clock.at))
    settled = SendSettled(message.message_id, "deferred", reason="throttled", code="temporary")
    message = replace(message, calls=answered(message, settled, Instant(clock.at + MINUTE)))
    message = replace(message, calls=claimed(record, message, "q-2", SEEN, Instant(clock.at + 2 * MINUTE)))
    settled = SendSettled(message.message_id, "accepted", "Outgoing_1")
    message = replace(message, calls=answered(message, settled, Instant(clock.at + 3 * MINUTE)))
    said = Choice(
        "sms", "", Instant(clock.at + 9 * MINUTE), "page", "marketing", wording="No adverts", evidence="p-1"
    )
    lost = Unusable("email", "ann@old.example", "hard-bounce", Instant(clock.at + 8 * MINUTE))
    changed = replace(record, opt_outs=(*record.opt_outs, said), unusable=(lost,))
    await services.patients.commit(stored, Decision(changed, messages=(message,)))
    return services, message.message_id


async def test_the_story_of_a_patient_is_in_order_and_whole():
    services, message_id = await told(Time())
    story = await of_patient(services, "ann", "u17")
    instants = [each.at for each in story.happenings]
    assert instants == sorted(instants)
    kinds = [each.kind for each in story.happenings]
    assert {"segment", "journey", "message", "inbound", "call", "answer", "choice", "unusable"} <= set(kinds)
    texts = "\n".join(each.text for each in story.happenings)
    for words in (
        "Entered segment high: ",
        "Entered Care: asked for",
        "Sent by SMS",
        "Thank you, all is well",
        f"Try 1 by SMS to {NUMBERS['ann']}, claimed by q-1",
        "Try 1 was deferred (temporary): throttled",
        "Try 2 was accepted, known to the provider as Outgoing_1",
        'Said no to marketing by SMS, known by page: "No adverts"',
        "ann@old.example takes no more messages by email: hard-bounce",
    ):
        assert words in texts
    assert story.patient == "Patient/ann"
    assert [each.message_id for each in story.messages] == [message_id]


async def test_definitions_are_named_with_the_digest_of_what_was_published():
    services, _ = await told(Time())
    found = {each.canonical: each.digest for each in (await of_patient(services, "ann", "u17")).definitions}
    assert {f"{JOURNEY}|1", f"{BASE}/templates/hello|1", f"{BASE}/segments/high|1.0.0"} <= found.keys()
    assert all(len(digest) == 64 for digest in found.values())


async def test_what_was_looked_at_is_named_with_its_version():
    services, message_id = await told(Time())
    story = await of_message(services, message_id, "u17")
    (first, _) = [each for each in story.happenings if each.kind == "call"]
    assert "Patient/ann|1" in first.refs
    assert f"catalogue {story.catalogue}" in first.refs


async def test_the_story_of_a_message_leaves_out_what_is_of_others():
    services, message_id = await told(Time())
    for whose in ("", "ann"):
        story = await of_message(services, message_id, "u17", whose)
        assert [each.message_id for each in story.messages] == [message_id]
        texts = [each.text for each in story.happenings]
        assert any(text.startswith("Entered Care") for text in texts)
        assert not any("Thank you" in text or "old.example" in text for text in texts)


async def test_it_is_noted_who_read_it_and_nobody_reads_unnamed():
    services, message_id = await told(Time())
    await of_patient(services, "ann", "u17")
    await of_message(services, message_id, "u18")
    assert {(read.what, read.key, read.by) for read in await reads_of(services, ANN)} == {
        ("evidence", ANN, "u17"),
        ("evidence", ANN, "u18"),
    }
    with pytest.raises(Rejected, match="somebody must be named"):
        await of_patient(services, "ann", " ")


async def test_what_is_not_there_is_said():
    services, message_id = await told(Time())
    for which, whose, code in (
        ("nothing", "", "unknown-message"),
        (message_id, "bob", "unknown-message"),
        (message_id, "carl", "unknown-patient"),
    ):
        with pytest.raises(Rejected) as rejected:
            await of_message(services, which, "u17", whose)
        assert rejected.value.code == code


async def test_of_somebody_erased_only_that_is_told():
    services, _ = await told(Time())
    await erase(services, "ann", "u17", "asked for it")
    story = await of_patient(services, "ann", "u17")
    assert (story.patient, story.happenings, story.messages) == ("", (), ())
    assert story.erased == services.clock.now()


async def test_the_story_can_be_written_as_json():
    services, _ = await told(Time())
    body = json.loads(json.dumps(readable(await of_patient(services, "ann", "u17"))))
    assert body["messages"][0]["calls"][0]["at"] == "2026-03-02T09:00:00.000Z"
    assert body["happenings"][0]["at"].endswith("Z")
