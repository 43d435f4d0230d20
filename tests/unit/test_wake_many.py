"""Many wake-ups at once: all are woken, once each, whatever goes wrong with one of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.adapters.memory import MemoryQueue
from shared.errors import Unavailable
from shared.fhir.instants import Instant
from shared.patient.record import patient_key
from shared.ports import Stored
from shared.queues import WAKEUPS
from shared.usecases.jobs import Wake, WakeMany, decode_job
from shared.usecases.react import Trigger
from shared.usecases.services import Services
from shared.usecases.wake import BATCH, FEW, queue_due, wake_many
from tests.unit.memory_kit import Time, in_memory

NOW = Time().at


def _bodies(services: Services) -> list[bytes]:
    assert isinstance(services.queue, MemoryQueue)
    return [letter.body for letter in services.queue.queues[WAKEUPS]]


def woken(bodies: list[bytes]) -> list[Wake]:
    found = []
    for body in bodies:
        job = decode_job(body)
        assert isinstance(job, Wake | WakeMany)
        found += job.wakes if isinstance(job, WakeMany) else [job]
    return found


@given(st.integers(0, 3 * FEW))
async def test_every_wakeup_goes_on_the_queue_once_and_leaves_the_index(count: int) -> None:
    services = in_memory(Time())
    for n in range(count):
        await services.indexes.schedule(f"k{n}", Instant(NOW - n))
    assert await queue_due(services) == count
    bodies = _bodies(services)
    assert sorted(w.key for w in woken(bodies)) == sorted(f"k{n}" for n in range(count))
    assert len(bodies) == count if count <= FEW else len(bodies) <= count // BATCH + 2
    assert await services.indexes.due(NOW, 10) == ()


class _Troubled:
    """Patients one of whom cannot be read."""

    def __init__(self, inner: object, troubled: str, trouble: Exception) -> None:
        self._inner, self._troubled, self._trouble = inner, troubled, trouble
        self.loaded: list[str] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    async def load(self, key: str, patient_id: str = "") -> Stored:
        if key == self._troubled:
            raise self._trouble
        self.loaded.append(key)
        return await self._inner.load(key, patient_id)  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize("trouble", [Unavailable("throttled"), ValueError("a damaged record")])
async def test_what_is_wrong_with_one_is_not_the_others_poison(trouble: Exception) -> None:
    keys = [patient_key(f"p{n}") for n in range(20)]
    services = in_memory(Time())
    patients = _Troubled(services.patients, keys[7], trouble)
    services = replace(services, patients=patients)
    await wake_many(services, WakeMany(tuple(Wake(key, NOW) for key in keys)), Trigger("t"))
    assert sorted(patients.loaded) == sorted(set(keys) - {keys[7]})
    assert woken(_bodies(services)) == [Wake(keys[7], NOW)]
