"""What is too old goes, and nothing that is younger; what people said of being written to never does."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from pydantic import ValidationError

from shared.adapters.memory import MemoryIndexes
from shared.effects import IndexLink, IndexMessage
from shared.errors import Rejected
from shared.events import PersonErased
from shared.fhir.choice import Choice
from shared.fhir.fact import Fact
from shared.fhir.instants import DAY, Instant
from shared.patient.engagement import ENGAGEMENT
from shared.patient.facts import Facts
from shared.patient.record import Decision, PatientRecord, TimelineLine, patient_key
from shared.patient.state import Message, Unusable
from shared.retention import Retention
from shared.usecases.privacy.reads import READS, Read, note, reads_of
from shared.usecases.react import Trigger, react
from shared.usecases.rejections import REJECTIONS, record_rejection
from shared.usecases.retention.prune import Pruned, prune_patient
from shared.usecases.retention.walk import RETENTION, WALK, progress, run_retention
from shared.usecases.services import Services
from tests.unit.crash_kit import Crash, fragile
from tests.unit.memory_kit import Time
from tests.unit.patient.records import steady
from tests.unit.privacy_kit import ANN, fresh, lived

KEPT = Retention(messages="P100D", timeline="P200D", engagement="P150D", links="P100D")
KEY = patient_key("p")


def message(number: int, days: int, now: Instant, status: str = "completed") -> Message:
    at = Instant(now - days * DAY)
    name = f"m{number}"
    return Message(name, "e", 1, "s", "j|1", "t|1", "sms", "+1", "en", status, at, at)  # type: ignore[arg-type]


def engaged(number: int, days: int, now: Instant) -> Fact:
    at = Instant(now - days * DAY)
    return Fact(ENGAGEMENT, f"f{number}", "1", at, codes=("engagement|sent",), start=at, end=at)


async def held(services: Services, ages: list[tuple[int, int, int]]) -> PatientRecord:
    """Store a record with a message, a fact and a commit's line of each of these ages in days."""
    now = services.clock.now()
    record = PatientRecord(
        KEY,
        "p",
        opt_outs=(Choice("sms", "+1", Instant(1), "reply"),),
        opt_ins=(Choice("email", "", Instant(1), "page", "marketing"),),
        unusable=(Unusable("email", "a@b.example", "hard-bounce", Instant(1)),),
        facts=Facts.of_facts(*(engaged(n, fact, now) for n, (_, fact, _) in enumerate(ages))),
    )
    stored = await services.patients.load(KEY, "p")
    for number, (age, _, line) in enumerate(sorted(ages, key=lambda each: -each[2])):
        told = TimelineLine(Instant(now - line * DAY), "message", "said")
        decision = Decision(record, timeline=(told,), messages=(message(number, age, now),))
        stored = await services.patients.commit(stored, replace(decision, record=record))
    return record


_ages = st.tuples(*[st.integers(0, 400)] * 3)


@steady
@given(st.lists(_ages, max_size=12))
async def test_what_goes_is_older_than_it_is_kept_and_all_that_is_older_goes(ages):
    services = fresh(Time())
    await held(services, ages)
    now = services.clock.now()
    pruned = await prune_patient(services, await services.patients.load(KEY), KEPT)
    after = (await services.patients.load(KEY)).record
    messages = await services.patients.messages(KEY)
    lines = await services.patients.timeline(KEY)
    facts = after.facts.of(ENGAGEMENT).values()
    assert sorted((now - m.created) // DAY for m in messages) == sorted(m for m, _, _ in ages if m <= 100)
    assert sorted((now - (f.start or 0)) // DAY for f in facts) == sorted(f for _, f, _ in ages if f <= 150)
    assert sorted((now - line.at) // DAY for line in lines) == sorted(t for _, _, t in ages if t <= 200)
    assert pruned.messages == len(ages) - len(messages)
    if ages:
        assert (len(after.opt_outs), len(after.opt_ins), len(after.unusable)) == (1, 1, 1)
    again = await prune_patient(services, await services.patients.load(KEY), KEPT)
    assert again == Pruned(1)


async def test_to_the_instant():
    services = fresh(Time())
    now = services.clock.now()
    edge = Instant(now - 100 * DAY)
    at = [replace(message(n, 100, now), created=Instant(edge + n), due=Instant(edge + n)) for n in (-1, 0)]
    stored = await services.patients.load(KEY, "p")
    await services.patients.commit(stored, Decision(stored.record, messages=tuple(at)))
    await prune_patient(services, await services.patients.load(KEY), KEPT)
    assert [m.created for m in await services.patients.messages(KEY)] == [edge]


async def test_a_message_that_is_still_moving_or_was_heard_of_lately_stays():
    services = fresh(Time())
    now = services.clock.now()
    moving, waiting = message(1, 300, now), message(2, 300, now, "preparation")
    heard = replace(message(3, 300, now), delivery="opened", delivery_at=Instant(now - DAY))
    stored = await services.patients.load(KEY, "p")
    record = replace(stored.record, messages={moving.message_id: moving})
    old = message(4, 300, now, "unknown")
    await services.patients.commit(stored, Decision(record, messages=(moving, waiting, heard, old)))
    await services.indexes.apply(KEY, IndexMessage(old.message_id))
    await prune_patient(services, await services.patients.load(KEY), KEPT)
    assert {m.message_id for m in await services.patients.messages(KEY)} == {"m1", "m2", "m3"}
    assert await services.indexes.patient_of_message(old.message_id) is None


async def test_null_keeps_everything():
    services = fresh(Time())
    await held(services, [(4000, 4000, 4000)])
    forever = Retention(messages=None, timeline=None, engagement=None)
    assert await prune_patient(services, await services.patients.load(KEY), forever) == Pruned(1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"messages": "P29D"},
        {"engagement": "P1M"},
        {"timeline": "-P1Y"},
        {"links": "P0D"},
        {"links": "soon"},
        {"emails": "P1Y"},
    ],
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValidationError):
        Retention.model_validate(wrong)


async def test_the_walk_goes_on_where_it_stopped_and_rests_for_days():
    clock = Time()
    services = fresh(clock)
    for number in range(7):
        stored = await services.patients.load(patient_key(str(number)), str(number))
        old = message(number, 300, clock.at)
        await services.patients.commit(stored, Decision(stored.record, messages=(old,)))
    calls = 0
    while (await progress(services)).phase != "done" or not calls:
        await run_retention(services, KEPT, seconds=0.0, page=3)
        calls += 1
    whole = await progress(services)
    assert (whole.pruned.patients, whole.pruned.messages, calls) == (7, 7, 4)
    clock.passes(5 * DAY)
    assert await run_retention(services, KEPT) == Pruned()
    clock.passes(DAY)
    assert (await run_retention(services, KEPT)).patients == 7


async def test_links_go_once_they_expire_or_their_message_is_too_old():
    clock = Time()
    services = fresh(clock)
    now = clock.at
    stored = await services.patients.load(KEY, "p")
    both = (message(1, 99, now), message(2, 101, now))
    await services.patients.commit(stored, Decision(stored.record, messages=both))
    for token, message_id, expires in (
        ("young", "m1", None),
        ("old", "m2", None),
        ("unknown", "m3", None),
        ("over", "m1", now),
        ("ahead", "m2", Instant(now + 1)),
    ):
        await services.indexes.apply(KEY, IndexLink(token, "click", message_id, expires=expires))
    assert (await run_retention(services, Retention(links="P100D"))).links == 2
    assert isinstance(services.indexes, MemoryIndexes)
    assert {row.link.token for row in await services.indexes.links("", 10)} == {"young", "unknown", "ahead"}


async def test_who_read_what_is_kept_as_long_as_the_audit_trail():
    clock = Time()
    services = fresh(clock)
    await note(services, "export", KEY, "u17")
    clock.passes(366 * DAY)
    await note(services, "export", KEY, "u18")
    assert (await run_retention(services, Retention(audit="P365D"))).audit == 1
    assert [read.by for read in await reads_of(services, KEY)] == ["u18"]
    clock.passes(366 * DAY)
    assert (await run_retention(services, Retention(audit=None))).audit == 0
    assert [read.by for read in await reads_of(services, KEY)] == ["u18"]


async def test_who_read_what_before_there_was_a_trail_is_kept_as_long_as_the_timeline():
    clock = Time()
    services = fresh(clock)
    for number, day in enumerate((0, 201)):
        body = msgspec.json.encode(Read(Instant(clock.at + day * DAY), f"u{number}", "export", KEY))
        await services.documents.put(READS, f"{number}", body, "")
    clock.passes(201 * DAY)
    assert (await run_retention(services, KEPT)).documents == 1
    assert [read.by for read in await reads_of(services, KEY)] == ["u1"]


async def test_what_was_rejected_goes_after_a_while():
    clock = Time()
    services = fresh(clock)
    await record_rejection(services, "old", Rejected("no", "bad-job"))
    clock.passes(60 * DAY)
    await record_rejection(services, "young", Rejected("no", "bad-job"))
    await services.documents.put(REJECTIONS, "other", b"[]", None)
    clock.passes(31 * DAY)
    assert (await run_retention(services, KEPT)).documents == 1
    left = [name.rpartition("-")[2] async for name, _ in services.documents.all(REJECTIONS)]
    assert left == ["young", "other"]


async def test_an_erasure_that_stood_still_is_finished():
    services = await lived(Time())
    await react(services, ANN, [PersonErased("u17")], Trigger("erase"), "ann")
    assert await services.patients.messages(ANN) != ()
    await run_retention(services, KEPT)
    assert await services.patients.messages(ANN) == ()
    assert (await services.patients.load(ANN)).record.patient_id == ""


@pytest.mark.parametrize("calls", range(1, 25))
async def test_a_crash_anywhere_is_made_good_by_the_next_call(calls):
    ages = [(300, 300, 300), (50, 50, 50)]
    services, whole = fresh(Time()), fresh(Time())
    for each in (services, whole):
        await held(each, ages)
    await run_retention(whole, KEPT)
    try:
        await run_retention(fragile(services, calls), KEPT)
    except Crash:
        await run_retention(services, KEPT)
    assert (await services.patients.load(KEY)).record == (await whole.patients.load(KEY)).record
    assert await services.patients.messages(KEY) == await whole.patients.messages(KEY)
    assert await services.patients.timeline(KEY) == await whole.patients.timeline(KEY)
    assert (await progress(services)).phase == "done"


async def test_who_saves_second_stops():
    services = fresh(Time())
    await held(services, [(300, 300, 300)])
    taken = await services.documents.put(RETENTION, WALK, b'{"phase":"patients"}', "")
    await run_retention(services, KEPT, seconds=0.0)
    found = await services.documents.get(RETENTION, WALK)
    assert found is not None
    assert found[1] != taken
