"""Who is erased is forgotten: nothing of them is left, nothing is taken in again, nobody writes to them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.adapters.blobs_memory import MemoryBlobs
from shared.adapters.memory import MemoryDocuments, MemoryIndexes, MemoryPatients
from shared.catalogue import build_catalogue
from shared.decide import decide
from shared.deciding.erasure import erased
from shared.errors import Rejected, Unavailable
from shared.events import (
    CompartmentRead,
    DefinitionsPublished,
    EngagementAged,
    EnrolAsked,
    Event,
    InboundReceived,
    PersonErased,
    RecordReread,
    ResourceChanged,
    WakeupDue,
)
from shared.fhir.instants import DAY, HOUR, Instant
from shared.message.policy import Keys, Policy
from shared.message.printed import line_name, pdf_name
from shared.patient.engagement import ENGAGEMENT
from shared.patient.facts import Facts
from shared.patient.record import Decision, PatientRecord, patient_key
from shared.patient.state import Message
from shared.usecases.audit import audit_everyone
from shared.usecases.inbound.take import take_inbound
from shared.usecases.jobs import Change, Inbound
from shared.usecases.privacy.erase import erase
from shared.usecases.privacy.marks import MARKS, Marks
from shared.usecases.privacy.written import is_written_here, written
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services
from shared.usecases.sweep import sweep
from shared.usecases.take_change import take_change
from shared.usecases.take_in import take_in
from tests.unit.crash_kit import Crash, fragile
from tests.unit.memory_kit import Time, person, server
from tests.unit.patient.records import contents, persons, records, steady
from tests.unit.privacy_kit import ANN, BOB, JOURNEY, NUMBERS, SECRET, lived, phone

WHO = ("u17", "asked for it in writing")
NOTHING = build_catalogue((), "", Policy())


def everything(services: Services) -> str:
    """Write out all that is stored."""
    patients, indexes, documents = services.patients, services.indexes, services.documents
    assert isinstance(patients, MemoryPatients)
    assert isinstance(indexes, MemoryIndexes)
    assert isinstance(documents, MemoryDocuments)
    stores = (patients._chunks, patients._messages, patients._timeline)
    rows = (indexes._rows, indexes._links, indexes._members, indexes._enrolled, indexes._entries)
    marks = {name: body for (kind, name), (body, _) in documents._bodies.items() if kind == MARKS}
    return repr((stores, rows, indexes._wakeups, marks))


def of(services: Services, key: str) -> str:
    """Write out what the stores hold under a patient's key."""
    patients = services.patients
    assert isinstance(patients, MemoryPatients)
    return repr((patients._chunks[key], patients._messages[key], patients._timeline[key]))


async def test_nothing_of_the_person_is_left_and_of_others_everything():
    clock = Time()
    services = await lived(clock)
    before = of(services, BOB)
    done = await erase(services, "ann", *WHO)
    assert (done.key, done.at, done.marks, done.before) == (ANN, clock.at, 2, False)
    assert done.rows >= 5
    left = everything(services)
    assert [word for word in (NUMBERS["ann"], "Ann", "r-ann", "v-ann", "token-ann") if word in left] == []
    assert [word for word in (NUMBERS["bob"], "Bob", "token-bob") if word not in left] == []
    assert of(services, BOB) == before
    record = (await services.patients.load(ANN)).record
    assert record == PatientRecord(
        ANN, "", sequence=record.sequence, erased=clock.at, catalogue=record.catalogue
    )
    assert await services.indexes.traces(ANN, [JOURNEY]) == ()
    assert await services.indexes.due(Instant(clock.at + 400 * DAY), 10) != ()


async def test_again_it_finds_nothing_to_do():
    services = await lived(Time())
    await erase(services, "Patient/ann", *WHO)
    left = everything(services)
    assert (await erase(services, "ann", *WHO)).before
    assert everything(services) == left


async def test_nothing_is_taken_in_again():
    """Neither a notification nor a whole compartment, a reply, a sweep or an audit brings anything back."""
    clock = Time()
    services = await lived(clock)
    await erase(services, "ann", *WHO)
    left = everything(services)
    await server(services).update(person("ann", active=True))
    await take_change(services, Change("Patient", "ann"), Trigger("heard"))
    await take_change(services, Change("Appointment", "v-ann"), Trigger("heard"))
    await take_in(services, "ann")
    await take_inbound(services, Inbound("i2", "sms", NUMBERS["ann"], "hello", clock.at), Trigger("reply"))
    await react(services, ANN, [EnrolAsked(JOURNEY, "again", "asked for")], Trigger("again"), "ann")
    assert await sweep(services) == 0
    assert everything(services) == left
    clock.passes(HOUR)
    found = await audit_everyone(services, repair=False)
    assert [each for each in found.named if each.key == ANN] == []


@pytest.mark.parametrize("calls", range(1, 40))
async def test_a_crash_anywhere_is_made_good_by_asking_again(calls):
    services, whole = await lived(Time()), await lived(Time())
    await erase(whole, "ann", *WHO)
    weak = fragile(services, calls)
    weak = replace(weak, marks=Marks(weak.documents, weak.policy.keys, 0))
    try:
        await erase(weak, "ann", *WHO)
    except Crash:
        await erase(services, "ann", *WHO)
    assert everything(services) == everything(whole)


async def test_somebody_must_do_it_for_a_reason_and_there_must_be_such_a_person_and_a_secret():
    services = await lived(Time())
    for patient, by, reason, code in (
        ("ann", " ", "asked", "no-reason"),
        ("ann", "u17", "", "no-reason"),
        ("carl", *WHO, "unknown-patient"),
        ("Location/l1", *WHO, "unknown-patient"),
        ("x/../y", *WHO, "bad-reference"),
    ):
        with pytest.raises(Rejected) as rejected:
            await erase(services, patient, by, reason)
        assert rejected.value.code == code
    without = replace(services, policy=Policy(), marks=None)
    with pytest.raises(Rejected, match="HEARTHLINE_LINK_SECRETS"):
        await erase(without, "ann", *WHO)
    assert (await services.patients.load(ANN)).record.person is not None


async def arrives(services: Services, name: str, number: str) -> None:
    """Take in a patient with this number, and let the journey say hello."""
    telecom = [{"system": "phone", "value": number, "use": "mobile"}]
    await server(services).update(person(name, telecom=telecom))
    await take_in(services, name)
    await react(services, patient_key(name), [EnrolAsked(JOURNEY, "once", "asked for")], Trigger(name))


async def test_nobody_writes_to_the_number_again_until_that_is_lifted():
    services = await lived(Time())
    await erase(services, "ann", *WHO)
    sent = len(phone(services).sent)
    await arrives(services, "carl", "(206) 555-0123")
    (message,) = await services.patients.messages(patient_key("carl"))
    assert len(phone(services).sent) == sent
    assert (message.status, message.code) == ("not-done", "erased")
    assert message.status_reason == "the contact point is that of a person who was erased"
    assert services.marks is not None
    assert await services.marks.lift("sms", NUMBERS["ann"])
    assert not await services.marks.lift("sms", NUMBERS["ann"])
    await arrives(services, "dora", NUMBERS["ann"])
    assert [m.to for m in phone(services).sent[sent:]] == [NUMBERS["ann"]]


async def test_letters_and_landlines_and_old_numbers_are_marked_too():
    services = await lived(Time())
    telecom = [
        {"system": "phone", "value": "(206) 555-0144", "use": "home", "period": {"end": "2020-01-01"}},
        {"system": "email", "value": "ann@Example.org"},
        {"system": "fax", "value": "+12065550155"},
    ]
    home = [{"use": "home", "line": ["1 Main St"], "city": "Seattle", "postalCode": "98101"}]
    names = [{"family": "Lee", "given": ["Ann"]}]
    await server(services).update(person("ann", telecom=telecom, address=home, name=names))
    await take_in(services, "ann")
    assert (await erase(services, "ann", *WHO)).marks == 5
    marks = services.marks
    assert marks is not None
    assert await marks.hold("sms", NUMBERS["ann"])  # a message went there
    assert await marks.hold("sms", "+12065550144")
    assert await marks.hold("email", "ann@example.org")
    assert await marks.hold("letter", "Ann Lee\n1 Main St\nSeattle 98101")
    assert not await marks.hold("sms", "+12065550155")


async def test_who_shares_no_number_is_written_to():
    services = await lived(Time())
    await erase(services, "ann", *WHO)
    await arrives(services, "carl", "+12065550777")
    assert phone(services).sent[-1].to == "+12065550777"


class Counting(MemoryDocuments):
    """Documents that count how often all of a kind are read."""

    def __init__(self) -> None:
        super().__init__()
        self.walks = 0

    async def all(self, kind):
        self.walks += 1
        async for found in super().all(kind):
            yield found


async def test_marks_are_read_once_a_minute_and_stand_for_other_secrets_too():
    documents, time = Counting(), [0.0]
    marks = Marks(documents, Keys((SECRET,)), 60.0, lambda: time[0])
    for _ in range(100):
        assert not await marks.hold("sms", "+12065550123")
    assert documents.walks == 1
    elsewhere = Marks(documents, Keys((SECRET,)))
    services = replace(await lived(Time()), documents=documents, marks=elsewhere)
    await erase(services, "ann", *WHO)
    assert await elsewhere.hold("sms", "+12065550123")
    assert not await marks.hold("sms", "+12065550123")
    time[0] = 61.0
    assert await marks.hold("sms", "+12065550123")
    assert await marks.hold("whatsapp", "+12065550123")
    assert not await marks.hold("email", "+12065550123")
    assert documents.walks == 3
    rotated = Marks(documents, Keys((b"another secret that is long enough....", SECRET)), 0)
    assert await rotated.hold("sms", "+12065550123")
    assert not await Marks(documents, Keys((b"another",)), 0).hold("sms", "+12065550123")


class Away(MemoryDocuments):
    """Documents that cannot be read."""

    async def all(self, kind):
        raise Unavailable("away")
        yield ""


async def test_nothing_is_sent_while_nobody_can_say_who_was_erased():
    services = await lived(Time())
    services = replace(services, marks=Marks(Away(), services.policy.keys, 0))
    sent = len(phone(services).sent)
    await arrives(services, "carl", "+12065550777")
    (message,) = await services.patients.messages(patient_key("carl"))
    assert (message.status, len(phone(services).sent)) == ("preparation", sent)


async def test_linked_records_are_named_and_stay():
    services = await lived(Time())
    other = {"other": {"reference": "Patient/bob"}, "type": "seealso"}
    await server(services).update(person("ann", link=[other]))
    await take_in(services, "ann")
    assert (await erase(services, "ann", *WHO)).linked == ("Patient/bob",)
    assert (await services.patients.load(BOB)).record.person is not None


async def test_a_relatives_number_is_not_marked():
    """A message about the patient went to a carer: the carer goes on to be written to for others."""
    services = await lived(Time())
    stored = await services.patients.load(ANN)
    (message,) = await services.patients.messages(ANN)
    carers = replace(message, message_id="m2", to="+12065550888", party="RelatedPerson/r1")
    await services.patients.commit(stored, Decision(stored.record, messages=(carers,)))
    assert (await erase(services, "ann", *WHO)).marks == 2
    assert services.marks is not None
    assert not await services.marks.hold("sms", "+12065550888")


async def test_a_mark_says_nothing_of_whom_it_is():
    services = await lived(Time())
    await erase(services, "ann", *WHO)
    assert services.marks is not None
    said = await services.marks.every()
    assert sorted(mark.what for mark in said) == ["contact", "patient"]
    assert {mark.by for mark in said} == {"u17"}


_events: st.SearchStrategy[Event] = st.one_of(
    st.builds(ResourceChanged, st.one_of(contents, persons)),
    st.builds(CompartmentRead, st.lists(contents, max_size=3).map(tuple)),
    st.builds(RecordReread, st.lists(contents, max_size=3).map(tuple)),
    st.builds(InboundReceived),
    st.builds(WakeupDue),
    st.builds(EnrolAsked),
    st.builds(EngagementAged),
    st.just(DefinitionsPublished()),
    st.builds(PersonErased, st.text(), st.just(False)),
)


@steady
@given(records, _events, st.booleans())
def test_an_erased_record_stays_the_very_same_whatever_happens(record, event, finished):
    once = decide(record, PersonErased("u17"), NOTHING, Instant(5)).record
    if finished:
        once = decide(once, PersonErased("u17", finished=True), NOTHING, Instant(6)).record
    after = decide(once, event, NOTHING, Instant(7))
    assert after.record is once
    assert (after.effects, after.timeline, after.messages) == ((), (), ())


@steady
@given(records)
def test_erasing_leaves_nothing_but_that_and_when(record):
    record = replace(record, erased=None, patient_id=record.patient_id or "p")
    once = erased(record, PersonErased("u17"), Instant(5))
    assert (once.person, len(once.facts), once.messages, once.outbox, once.contacts) == (None, 0, {}, {}, ())
    assert once.history.keys() == record.history.keys() | {e.journey_url for e in record.enrolments.values()}
    assert once.facts == Facts()
    done = erased(once, PersonErased("u17", finished=True), Instant(6))
    assert done == PatientRecord(record.key, "", sequence=record.sequence, erased=Instant(5))
    assert erased(record, PersonErased("u17", finished=True), Instant(5)) is record


async def test_old_engagement_goes_and_what_asks_for_it_is_looked_at():
    clock = Time()
    services = await lived(clock)
    clock.passes(10 * DAY)
    before = (await services.patients.load(ANN)).record
    held = before.facts.of(ENGAGEMENT)
    assert {fact.codes for fact in held.values()} == {("engagement|sent",), ("engagement|answered",)}
    catalogue = await services.definitions.current()
    same = decide(before, EngagementAged(Instant(clock.at - 11 * DAY)), catalogue, clock.at)
    assert same.record is before
    await react(services, ANN, [EngagementAged(Instant(clock.at - DAY))], Trigger("age"))
    after = (await services.patients.load(ANN)).record
    assert after.facts == before.facts  # its message may still be heard of
    await react(services, ANN, [WakeupDue(clock.at)], Trigger("time"))
    await react(services, ANN, [EngagementAged(Instant(clock.at - DAY))], Trigger("age again"))
    after = (await services.patients.load(ANN)).record
    assert after.facts.of(ENGAGEMENT) == {}
    assert len(after.facts) == len(before.facts) - len(held)


async def test_what_we_wrote_on_the_server_is_listed():
    services = await lived(Time())
    ours = {"id": "t1", "status": "requested", "identifier": [{"value": "urn:uuid:t1"}]}
    whose = {"for": {"reference": "Patient/ann"}, "subject": {"reference": "Patient/ann"}}
    await server(services).update({"resourceType": "Task", **ours, **whose})
    await server(services).update({"resourceType": "Task", **ours, **whose, "id": "t2"})
    await erase(services, "ann", *WHO)
    assert [each async for each in written(services, "ann")] == [("Task/t1", "requested")]
    assert is_written_here({"id": "q", "identifier": {"value": "urn:uuid:q"}})


async def test_the_letters_that_were_printed_go_too_and_those_of_others_stay():
    blobs = MemoryBlobs()
    services = replace(await lived(Time()), blobs=blobs)
    for key, name in ((ANN, "ann-letter"), (BOB, "bob-letter")):
        stored = await services.patients.load(key)
        about = (name, "e", 1, "s", "j|1", "t|1", "letter", "x", "en", "completed")
        letter = Message(*about, created=Instant(0), due=Instant(0))
        await services.patients.commit(stored, Decision(stored.record, messages=(letter,)))
        for file in (pdf_name("2026-03-02", name), line_name("2026-03-02", name)):
            await blobs.put(file, b"Dear", "application/pdf")
    await erase(services, "ann", *WHO)
    left = [name async for name in blobs.names("letters/")]
    assert len(left) == 2
    assert all("bob-letter" in name for name in left)
