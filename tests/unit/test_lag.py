"""A FHIR server that lags behind what it told us: asked again soon, then later, and believed at last."""

from __future__ import annotations

import pytest

from shared.errors import Unavailable
from shared.usecases.jobs import Change
from shared.usecases.react import Trigger
from shared.usecases.services import Services
from shared.usecases.take_change import AGAIN, LAG, take_change
from tests.unit.memory_kit import Time, in_memory, person, record, result, server


@pytest.fixture
async def services() -> Services:
    """Hold version 1 of a result, where another is told of."""
    opened = in_memory(Time())
    await server(opened).update(person("7"))
    await server(opened).update(result("r", "7", 9.5))
    return opened


@pytest.mark.parametrize("told", [Change("Observation", "r", "2"), Change("Observation", "unknown", "1")])
async def test_a_server_that_lags_is_asked_again_after_a_moment_and_then_after_longer(
    services: Services, told: Change
) -> None:
    """The pauses count where the queue does not wait longer by itself, as on Service Bus."""
    pauses = []
    for delivery in range(1, LAG):
        with pytest.raises(Unavailable, match="does not yet show") as lags:
            await take_change(services, told, Trigger("t", delivery))
        pauses.append(lags.value.retry_after)
    assert pauses == list(AGAIN)


async def test_it_is_believed_at_last(services: Services) -> None:
    await take_change(services, Change("Observation", "r", "2"), Trigger("t", LAG))
    found = (await record(services, "7")).facts.get("Observation/r")
    assert found is not None
    assert found.version == "1"


async def test_a_change_that_was_put_off_for_long_is_no_reason_to_wait(services: Services) -> None:
    """It counts how often it was handed out before, whatever it waited for."""
    await take_change(services, Change("Observation", "r", "2"), Trigger("t", LAG + 40))
    assert len((await record(services, "7")).facts) == 1
