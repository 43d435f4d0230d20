"""What is asked for under one Idempotency-Key is done once: at the same time, again, after a crash."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.access.roles import Role
from shared.errors import Unavailable
from shared.fhir.instants import DAY, MINUTE
from shared.retention import Retention
from shared.usecases import asked_once
from shared.usecases.asked_once import ASKED, STALE, answer, claim, drop_old_answers
from shared.usecases.operations.written import LONG_WORK
from shared.usecases.retention.walk import run_retention
from tests.admin.admin_kit import Desk, code_of
from tests.unit.memory_kit import Time, in_memory

KEY = "key-of-one-request"


class Yielding:
    """Documents that let others go on before each step, as a network does."""

    def __init__(self, documents: Any) -> None:
        self._documents = documents
        self.broken = False
        """Whether answers cannot be kept."""

    async def get(self, kind: str, name: str) -> tuple[bytes, str] | None:
        await asyncio.sleep(0)
        found: tuple[bytes, str] | None = await self._documents.get(kind, name)
        return found

    async def put(self, kind: str, name: str, body: bytes, etag: str | None) -> str:
        await asyncio.sleep(0)
        if self.broken and kind == ASKED and etag is None:
            raise Unavailable("storage is away")
        etag_now: str = await self._documents.put(kind, name, body, etag)
        return etag_now

    async def delete(self, kind: str, name: str) -> None:
        await asyncio.sleep(0)
        if self.broken and kind == ASKED:
            raise Unavailable("storage is away")
        await self._documents.delete(kind, name)

    def all(self, kind: str) -> AsyncIterator[tuple[str, bytes]]:
        found: AsyncIterator[tuple[str, bytes]] = self._documents.all(kind)
        return found

    async def page(self, kind: str, after: str = "", limit: int = 100) -> tuple[tuple[str, bytes], ...]:
        found: tuple[tuple[str, bytes], ...] = await self._documents.page(kind, after, limit)
        return found


@pytest.fixture
def desk() -> Desk:
    """Give the API over services in memory with documents that yield."""
    clock = Time()
    plain = in_memory(clock)
    return Desk(replace(plain, documents=Yielding(plain.documents)), clock)


async def reconcile(desk: Desk, by: str = "ann", key: str = KEY, **more: Any) -> httpx.Response:
    """Ask for something that is long work."""
    return await desk.call("POST", "/reconciliations", Role.FHIR_SYNC_ADMIN, {}, by=by, key=key, **more)


async def works(desk: Desk) -> int:
    """Count what was started."""
    return len([name async for name, _ in desk.services.documents.all(LONG_WORK)])


async def test_of_many_at_once_one_is_carried_out(desk: Desk) -> None:
    answers = await asyncio.gather(*(reconcile(desk) for _ in range(12)))
    done = [each for each in answers if each.status_code == 202]
    assert len([each for each in done if "Idempotency-Replayed" not in each.headers]) == 1
    assert {code_of(each) for each in answers if each.status_code != 202} <= {"under-way"}
    assert len({each.json()["operation"] for each in done}) == 1
    assert await works(desk) == 1
    again = await reconcile(desk)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (202, "true")
    assert again.headers["Location"] == done[0].headers["Location"]
    assert await works(desk) == 1


async def test_keys_are_the_callers_own(desk: Desk) -> None:
    first, second = await reconcile(desk, "ann"), await reconcile(desk, "bob")
    assert first.json()["operation"] != second.json()["operation"]


async def test_another_request_under_the_same_key_is_refused(desk: Desk) -> None:
    await reconcile(desk)
    other = await desk.call("POST", "/reconciliations", Role.FHIR_SYNC_ADMIN, {"x": 1}, by="ann", key=KEY)
    assert (other.status_code, code_of(other)) == (422, "idempotency-key-reused")
    query = await reconcile(desk, params={"x": "1"})
    assert code_of(query) == "idempotency-key-reused"
    assert await works(desk) == 1


async def test_what_was_refused_may_be_put_right(desk: Desk) -> None:
    """A mistake does not use the key up."""
    wrong = await desk.call("POST", "/reconciliations", Role.FHIR_SYNC_ADMIN, {"x": 1}, by="ann", key=KEY)
    assert wrong.status_code == 422
    assert (await reconcile(desk)).status_code == 202


async def test_an_answer_that_cannot_be_kept_is_given_all_the_same(desk: Desk) -> None:
    """As after a crash before the answer: it is under way for a while, then done again, as the same work."""
    desk.services.documents.broken = True  # type: ignore[attr-defined]
    first = await reconcile(desk)
    desk.services.documents.broken = False  # type: ignore[attr-defined]
    assert first.status_code == 202
    assert code_of(await reconcile(desk)) == "under-way"
    desk.clock.passes(STALE + MINUTE)
    again = await reconcile(desk)
    assert again.json()["operation"] == first.json()["operation"]
    assert "Idempotency-Replayed" not in again.headers
    assert await works(desk) == 1


@pytest.mark.parametrize("key", ["short", " " * 20, "k" * 201, "a key with spaces", "tab\tin the key"])
async def test_keys_have_a_shape(desk: Desk, key: str) -> None:
    told = await reconcile(desk, key=key)
    assert (told.status_code, code_of(told)) == (400, "idempotency-key-required")
    assert await works(desk) == 0


async def test_answers_are_forgotten_after_a_day(desk: Desk) -> None:
    documents = desk.services.documents
    await reconcile(desk)
    desk.clock.passes(DAY - MINUTE)
    await reconcile(desk, key="key-of-the-next-day")
    desk.clock.passes(2 * MINUTE)
    await run_retention(desk.services, Retention())
    assert len([name async for name, _ in documents.all(ASKED)]) == 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 12), st.booleans()), max_size=20))
def test_a_request_is_never_carried_out_by_two_at_a_time(steps: list[tuple[str, int, bool]]) -> None:
    """Whatever comes, in whatever order, and whoever dies: while one is at it nobody else is."""

    async def play() -> None:
        documents, now = in_memory(Time()).documents, 0
        busy: dict[str, int] = {}
        for name, minutes, ends in steps:
            now += minutes * MINUTE
            ours, known = await claim(documents, name, "asked", now)
            if ours:
                assert now - busy.get(name, -STALE) >= STALE
                busy[name] = now
                if ends:
                    given = asked_once.Asked(now, "asked", 202, first=known.first)
                    await answer(documents, name, given)
                    busy[name] = now + DAY * 1000
            else:
                assert name in busy
            assert known.first <= now

    asyncio.run(play())


async def test_only_old_answers_go() -> None:
    documents = in_memory(Time()).documents
    for number in range(250):
        await answer(documents, f"name-{number:03d}", asked_once.Asked(number * MINUTE, "asked", 202))
    assert await drop_old_answers(documents, DAY + 99 * MINUTE) == 100
    assert len([name async for name, _ in documents.all(ASKED)]) == 150
