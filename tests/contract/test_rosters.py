"""The Roster port: who is and was in a journey, by campaign run; who waits before one, in what order."""

from __future__ import annotations

import asyncio

import pytest
from storage_kit import PAGED

from shared.effects import AskEntry, IndexEnrolment
from shared.patient.record import identify, patient_key
from shared.ports import Entry

JOURNEY = "https://hearthline.example/journeys/o'hara & co?x=1#y"
OTHER = "https://hearthline.example/journeys/other"


def key(number: int) -> str:
    return patient_key(f"patient-{number}")


def enrolment(number: int, order: int = 1, **changes: object) -> IndexEnrolment:
    said = {"journey": f"{JOURNEY}|1.0.0", "status": "active", "entered": 5, "order": order, **changes}
    return IndexEnrolment(identify("enrolment", number), **said)


async def everybody(indexes, **asked: object) -> set[str]:
    return {row.enrolment.enrolment_id for row in await indexes.roster(JOURNEY, **asked)}


async def test_a_row_brings_back_all_that_was_said(indexes):
    said = enrolment(
        1,
        status="completed",
        ended=9,
        goal=True,
        step="ask",
        results={"which": "short", "@campaign": "run|1"},
    )
    await indexes.apply(key(1), said)
    (row,) = await indexes.roster(JOURNEY)
    assert (row.key, row.enrolment, row.run, row.inside) == (key(1), said, "run|1", False)
    assert await indexes.roster(OTHER) == ()


async def test_whoever_ends_is_inside_no_more_and_stays_in_the_roster(indexes):
    await indexes.apply(key(1), enrolment(1))
    await indexes.apply(key(2), enrolment(2, status="on-hold"))
    assert len(await indexes.roster(JOURNEY, inside=True)) == 2
    for _ in range(2):
        await indexes.apply(key(1), enrolment(1, 2, status="revoked", ended=7))
    (left,) = await indexes.roster(JOURNEY, inside=True)
    assert left.key == key(2)
    assert len(await indexes.roster(JOURNEY)) == 2


async def test_a_row_that_is_written_late_changes_nothing(indexes):
    """Two triggers may drain in the other order than they committed: the later commit stands, inside too."""
    await indexes.apply(key(1), enrolment(1, 3, status="completed", ended=7))
    await indexes.apply(key(1), enrolment(1, 2))
    assert await indexes.roster(JOURNEY, inside=True) == ()
    (row,) = await indexes.roster(JOURNEY)
    assert row.enrolment.order == 3


async def test_rows_written_at_once_end_with_the_latest(indexes):
    turns = [
        enrolment(1, n, status="active" if n % 2 else "completed", results={"n": str(n)}) for n in range(1, 7)
    ]
    await asyncio.gather(*(indexes.apply(key(1), turn) for turn in reversed(turns)))
    assert await indexes.roster(JOURNEY, inside=True) == ()
    (row,) = await indexes.roster(JOURNEY)
    assert row.enrolment.results == {"n": "6"}


async def test_all_versions_share_a_roster_and_a_run_has_its_part(indexes):
    await indexes.apply(key(1), enrolment(1, results={"@campaign": "run-1"}))
    await indexes.apply(key(2), enrolment(2, journey=f"{JOURNEY}|2.0.0", results={"@campaign": "run-2"}))
    await indexes.apply(key(3), enrolment(3))
    assert len(await everybody(indexes)) == 3
    assert await everybody(indexes, run="run-2") == {identify("enrolment", 2)}
    assert await everybody(indexes, run="") == {identify("enrolment", 3)}
    assert await everybody(indexes, run="run") == set()


async def test_whether_a_run_has_brought_somebody(indexes):
    await indexes.apply(key(1), enrolment(1, status="completed", results={"@campaign": "run-1"}))
    assert await indexes.enrolled(JOURNEY, "run-1", key(1))
    assert not await indexes.enrolled(JOURNEY, "run-1", key(2))
    assert not await indexes.enrolled(JOURNEY, "run-2", key(1))
    assert not await indexes.enrolled(OTHER, "run-1", key(1))


@pytest.mark.parametrize("indexes", PAGED, indirect=True)
async def test_a_roster_is_read_page_by_page(indexes):
    said = [enrolment(n, results={"@campaign": f"run-{n % 3}"}) for n in range(60)]
    await asyncio.gather(*(indexes.apply(key(n), each) for n, each in enumerate(said)))
    for asked in ({}, {"run": "run-1"}, {"inside": True}, {"run": "run-1", "inside": True}):
        found, after = [], ""
        while page := await indexes.roster(JOURNEY, after=after, limit=7, **asked):
            found += page
            after = page[-1].place
        assert len({row.key for row in found}) == len(found) == (20 if "run" in asked else 60)


async def test_who_asked_first_comes_first(indexes):
    waiting = [
        Entry(key(n), JOURNEY, identify("enrolment", n), at) for n, at in enumerate((30, 9, 10**15, 9))
    ]
    for entry in waiting:
        await indexes.apply(entry.key, AskEntry(entry.journey, entry.enrolment_id, entry.asked))
    in_order = tuple(sorted(waiting, key=lambda entry: (entry.asked, entry.enrolment_id)))
    assert await indexes.entries(JOURNEY) == in_order
    assert await indexes.entries(JOURNEY, limit=2) == in_order[:2]
    assert await indexes.entries(JOURNEY, in_order[1]) == in_order[2:]
    assert await indexes.entries(OTHER) == ()


async def test_asking_again_changes_nothing_and_who_is_dropped_is_gone(indexes):
    asked = AskEntry(JOURNEY, "e-1", 7)
    for _ in range(2):
        await indexes.apply(key(1), asked)
    (entry,) = await indexes.entries(JOURNEY)
    for _ in range(2):
        await indexes.drop_entry(entry)
    assert await indexes.entries(JOURNEY) == ()


async def test_the_journeys_before_which_somebody_waits(indexes):
    assert await indexes.journeys_asked() == ()
    for n, url in enumerate((JOURNEY, OTHER, JOURNEY, "urn:third")):
        await indexes.apply(key(n), AskEntry(url, identify("enrolment", n), n))
    assert sorted(await indexes.journeys_asked()) == sorted([JOURNEY, OTHER, "urn:third"])
    for entry in await indexes.entries(JOURNEY):
        await indexes.drop_entry(entry)
    assert sorted(await indexes.journeys_asked()) == sorted([OTHER, "urn:third"])
