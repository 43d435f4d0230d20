"""The ports' ways to forget: rows of messages and timelines, and all that the indexes hold of a patient."""

from __future__ import annotations

import pytest
from record_kit import KEY, begun, everything, texts
from storage_kit import a_fact, a_message, deciding, line

from shared.effects import (
    AskEntry,
    IndexContact,
    IndexEnrolment,
    IndexLink,
    IndexMember,
    IndexMessage,
    IndexReference,
)
from shared.patient.facts import Facts
from shared.patient.record import PatientRecord, patient_key
from shared.ports import Wakeup

JOURNEY = "https://j.example/care"
OTHER = patient_key("p2")


def enrolment(name: str, run: str = "") -> IndexEnrolment:
    return IndexEnrolment(name, f"{JOURNEY}|1", "active", 5, 1, results={"@campaign": run} if run else {})


EFFECTS = (
    IndexMember("https://s.example", True, 5, 1),
    IndexMember("https://t.example", False, 5, 1),
    IndexReference("Location/1"),
    IndexContact("sms", "+15550100"),
    IndexMessage("message-0001"),
    IndexLink("token-1", "click", "message-0001", "https://clinic.example", expires=9),
    enrolment("e1"),
    enrolment("e2", "run-1"),
    AskEntry(JOURNEY, "e3", 7),
)
KINDS = ["contact", "entries", "link", "member", "member", "message", "reference"]
"""Of what is found, beside rows of rosters: who is inside a journey has two of them in tables."""


async def filled(indexes, key: str = KEY) -> None:
    for effect in EFFECTS:
        await indexes.apply(key, effect)


async def test_all_that_names_a_patient_is_found(indexes):
    await filled(indexes)
    await indexes.apply(OTHER, IndexLink("token-2", "click"))
    await indexes.apply(OTHER, IndexContact("sms", "+15550100"))
    await indexes.apply(OTHER, enrolment("e9"))
    kinds = [trace.kind for trace in await indexes.traces(KEY, [JOURNEY])]
    assert [kind for kind in kinds if kind != "roster"] == KINDS
    assert kinds.count("roster") in (2, 4)
    assert {trace.kind for trace in await indexes.traces(OTHER, [JOURNEY])} == {"contact", "link", "roster"}
    assert await indexes.traces(patient_key("p3"), [JOURNEY]) == ()


async def test_what_is_dropped_is_gone_and_the_others_stay(indexes):
    await filled(indexes)
    await indexes.apply(OTHER, IndexContact("sms", "+15550100"))
    found = await indexes.traces(KEY, [JOURNEY])
    for _ in range(2):
        await indexes.drop_traces(found)
    assert await indexes.traces(KEY, [JOURNEY]) == ()
    assert await indexes.patients_of_contact("sms", "+15550100") == (OTHER,)
    assert await indexes.link("token-1") is None
    assert await indexes.patient_of_message("message-0001") is None
    assert await indexes.roster(JOURNEY) == ()
    assert await indexes.entries(JOURNEY) == ()
    assert await indexes.members("https://s.example") == ()


@pytest.mark.parametrize("effect", EFFECTS[2:6], ids=lambda effect: type(effect).__name__)
async def test_a_row_is_withdrawn(indexes, effect):
    await indexes.apply(KEY, effect)
    for _ in range(2):
        await indexes.withdraw(KEY, effect)
    assert await indexes.traces(KEY, []) == ()


async def test_links_are_walked_page_by_page(indexes):
    wanted = {f"token-{n}": IndexLink(f"token-{n}", "click", f"m{n}", expires=n or None) for n in range(7)}
    for link in wanted.values():
        await indexes.apply(KEY, link)
    await indexes.apply(KEY, IndexContact("sms", "+15550100"))
    found, after = [], ""
    while rows := await indexes.links(after, 3):
        assert len(rows) <= 3
        found += rows
        after = rows[-1].place
    assert {row.link.token: row.link for row in found} == wanted
    assert {row.key for row in found} == {KEY}


async def test_wake_ups_are_no_traces(indexes):
    await indexes.schedule(KEY, 5)
    assert await indexes.traces(KEY, []) == ()
    await indexes.unschedule([Wakeup(KEY, 5)])
    assert not await indexes.scheduled(Wakeup(KEY, 5))


async def test_messages_are_dropped_one_by_one(patients):
    stored = await begun(patients)
    messages = tuple(a_message(n) for n in range(90))
    await patients.commit(stored, deciding(stored.record, messages=messages))
    gone = [message.message_id for message in messages[:88]]
    for _ in range(2):
        await patients.drop_messages(KEY, gone)
    assert await patients.messages(KEY) == messages[88:]
    await patients.drop_messages(KEY, [gone[0], messages[88].message_id])
    assert await patients.messages(KEY) == messages[89:]


async def test_the_timeline_loses_its_oldest_commits_only(patients):
    stored = await patients.load(KEY, "p1")
    for n in range(5):
        decision = deciding(stored.record, line(f"{n}a", at=10 * n), line(f"{n}b", at=10 * n + 9))
        stored = await patients.commit(stored, decision)
    assert await patients.drop_timeline(KEY, 0) == 0
    assert await patients.drop_timeline(KEY, 25) == 2
    assert await patients.drop_timeline(KEY, 25) == 0
    assert await texts(patients) == [f"{n}{part}" for n in (2, 3, 4) for part in "ab"]
    stored = await patients.load(KEY)
    await patients.commit(stored, deciding(stored.record, line("next", at=50)))
    assert (await texts(patients))[-1] == "next"


async def test_an_erased_record_has_nothing_left(patients):
    """More commits and messages than one transaction takes; the neighbour keeps everything."""
    neighbour = await begun(patients, a_fact(1), key=OTHER)
    stored = await patients.load(KEY, "p1")
    stored = await patients.commit(stored, deciding(everything(), line("first")))
    for n in range(103):
        messages = (a_message(n),)
        stored = await patients.commit(stored, deciding(stored.record, line(str(n)), messages=messages))
    facts = stored.record.facts
    for kind in facts.types:
        facts = facts.without(kind, facts.of(kind).keys())
    empty = PatientRecord(KEY, "", facts=facts, erased=5)
    await patients.commit(stored, deciding(empty))
    for _ in range(2):
        await patients.erase(KEY)
    found = (await patients.load(KEY)).record
    assert (found.patient_id, found.person, len(found.facts), found.erased) == ("", None, 0, 5)
    assert found.facts == Facts()
    assert await patients.messages(KEY) == ()
    assert await patients.timeline(KEY) == ()
    assert (await patients.load(OTHER)).record == neighbour.record
