"""The PatientStore port: messages, timeline, and what the sweep finds pending."""

from __future__ import annotations

from msgspec.structs import replace
from record_kit import KEY, OUTBOX, begun, everything, texts
from storage_kit import a_message, deciding, line, noise

from shared.patient.record import patient_key
from shared.patient.state import Enrolment, Membership


async def test_a_messages_row_keeps_its_latest_state(patients):
    stored = await begun(patients)
    for status in ("preparation", "in-progress", "completed"):
        message = a_message(status=status, text=noise(100) * (3 if status == "preparation" else 1))
        stored = await patients.commit(stored, deciding(stored.record, messages=(message,)))
    assert await patients.messages(KEY) == (message,)


async def test_messages_come_in_order_of_creation(patients):
    """The ids are in another order than the instants."""
    messages = tuple(a_message(n, created=1_000 - n) for n in range(6))
    stored = await begun(patients)
    await patients.commit(stored, deciding(stored.record, messages=messages))
    assert await patients.messages(KEY) == tuple(reversed(messages))


async def test_messages_of_a_status_are_found_across_patients(patients):
    for n in range(3):
        stored = await begun(patients, key=patient_key(f"p{n}"))
        message = a_message(n, status="unknown" if n else "completed")
        await patients.commit(stored, deciding(stored.record, messages=(message,)))
    found = [(key, message.status) async for key, message in patients.messages_in("unknown")]
    assert sorted(found) == sorted((patient_key(f"p{n}"), "unknown") for n in (1, 2))


async def test_the_timeline_is_in_order_of_commits(patients):
    stored = await begun(patients)
    for n in range(12):
        stored = await patients.commit(stored, deciding(stored.record, line(f"{n}a", at=-n), line(f"{n}b")))
    assert await texts(patients) == ["first", *(f"{n}{part}" for n in range(12) for part in "ab")]


async def test_what_waits_is_pending(patients):
    waiting = {
        "outbox": {"outbox": {e.effect_id: e for e in OUTBOX[:1]}},
        "claim": {"messages": {"m": a_message(status="in-progress")}},
        "late": {"messages": {"m": a_message(status="preparation", due=99)}},
        "flip": {"memberships": {"s": Membership("s|1", False, 1, 99)}},
        "not yet": {"messages": {"m": a_message(status="preparation", due=100)}},
        "on hold": {"enrolments": {"e": Enrolment("e", "j|1", "on-hold", "s", 1, 1, due=5)}},
        "nothing": {},
    }
    for name, state in waiting.items():
        stored = await patients.load(patient_key(name), name)
        await patients.commit(stored, deciding(replace(stored.record, **state)))
    found = {key async for key in patients.pending(100)}
    assert found == {patient_key(name) for name in ("outbox", "claim", "late", "flip")}


async def test_what_no_longer_waits_is_no_longer_pending(patients):
    stored = await patients.load(KEY, "p1")
    stored = await patients.commit(stored, deciding(replace(everything(), messages={})))
    assert [key async for key in patients.pending(10_000)] == [KEY]
    done = replace(stored.record, outbox={}, memberships={}, enrolments={})
    await patients.commit(stored, deciding(done))
    assert [key async for key in patients.pending(10_000)] == []
