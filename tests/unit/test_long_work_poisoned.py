"""Long work that meets a bug: tried as often as any message, and failed once that is poison."""

from __future__ import annotations

from typing import Any

import pytest

from functions import operations
from shared.errors import Unavailable
from shared.queues import MOST_DELIVERIES
from shared.usecases.jobs import Operate
from shared.usecases.operations.running import GIVEN_UP, start
from shared.usecases.operations.written import LongWork, load_work
from shared.usecases.react import Trigger
from shared.usecases.services import Services
from tests.unit.memory_kit import Time, in_memory


@pytest.fixture
def services() -> Services:
    return in_memory(Time())


@pytest.fixture
async def work(services: Services) -> LongWork:
    return await start(services, "count", "ann", {}, "x")


def _meets(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    async def fails(*_: Any) -> dict[str, Any]:
        raise error

    monkeypatch.setattr(operations, "does", lambda kind: fails)


async def _delivered(services: Services, work: LongWork, *, last: bool) -> None:
    await operations._operate(services, Operate(work.operation), Trigger("m"), last=last)


async def _status(services: Services, work: LongWork) -> tuple[str, str]:
    found, _ = await load_work(services.documents, work.operation)
    return found.status, found.problem


async def test_a_bug_fails_it_at_the_last_delivery_alone(
    services: Services, work: LongWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    _meets(monkeypatch, ZeroDivisionError())
    for _ in range(MOST_DELIVERIES - 1):
        with pytest.raises(ZeroDivisionError):
            await _delivered(services, work, last=False)
        assert await _status(services, work) == ("running", "")
    with pytest.raises(ZeroDivisionError):
        await _delivered(services, work, last=True)
    assert await _status(services, work) == ("failed", GIVEN_UP)
    await _delivered(services, work, last=True)  # put back from the poison queue, it has failed already


async def test_what_waits_for_another_system_never_fails(
    services: Services, work: LongWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    _meets(monkeypatch, Unavailable("the FHIR server is away"))
    with pytest.raises(Unavailable):
        await _delivered(services, work, last=True)
    assert await _status(services, work) == ("running", "")
