"""One queue's sender on Service Bus, with an SDK that fails as told: what becomes of it, and of who waits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.servicebus import ServiceBusMessage
from azure.servicebus.exceptions import (
    MessagingEntityNotFoundError,
    ServiceBusConnectionError,
    ServiceBusServerBusyError,
)

from shared.adapters.bus_lane import BUSY, LARGEST, MOST, Lane
from shared.errors import Unavailable


class Sender:
    """Stands for the SDK's: must be used by one task at a time, and never after it failed."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._busy = False
        self.failed = False
        self.closed = False

    async def send_messages(self, some: ServiceBusMessage | Sequence[ServiceBusMessage]) -> None:
        assert (self._busy, self.failed, self.closed) == (False, False, False)
        self._busy = True
        await asyncio.sleep(0)
        self._busy = False
        if self._service.failures and (failure := self._service.failures.pop(0)) is not None:
            self.failed = True
            raise failure
        self._service.batches.append([some] if isinstance(some, ServiceBusMessage) else list(some))

    async def close(self) -> None:
        self.closed = True


class Service:
    """The service behind it: what each try comes to, and what it took."""

    def __init__(self, *failures: Exception | None) -> None:
        self.failures = list(failures)
        self.batches: list[list[ServiceBusMessage]] = []
        self.senders: list[Sender] = []

    def open(self) -> Sender:
        self.senders.append(Sender(self))
        return self.senders[-1]

    def lane(self) -> Lane:
        return Lane("changes", self.open)  # type: ignore[arg-type]  # the part of a sender that a lane uses

    def sizes(self) -> list[int]:
        return [len(batch) for batch in self.batches]


def broken() -> Exception:
    return ServiceBusConnectionError()


async def send(lane: Lane, size: int = 1) -> None:
    await lane.send(ServiceBusMessage(b"x"), size)


async def test_a_crowd_goes_in_batches_of_a_bounded_number() -> None:
    service = Service()
    lane = service.lane()
    await asyncio.gather(*(send(lane) for _ in range(2 * MOST + 1)))
    assert service.sizes() == [MOST, MOST, 1]
    assert len(service.senders) == 1


async def test_a_batch_holds_no_more_than_a_message_may_be() -> None:
    service = Service()
    lane = service.lane()
    await asyncio.gather(*(send(lane, LARGEST // 4) for _ in range(9)))
    assert service.sizes() == [4, 4, 1]


async def test_one_after_another_is_no_batch() -> None:
    service = Service()
    lane = service.lane()
    for _ in range(3):
        await send(lane)
    assert service.sizes() == [1, 1, 1]


async def test_a_kept_sender_that_fails_is_replaced_once_with_the_same_messages() -> None:
    """The same message ids: what did arrive the first time is told twice under one name."""
    service = Service(None, broken())
    lane = service.lane()
    await send(lane)
    again = ServiceBusMessage(b"again", message_id="a")
    await lane.send(again, 5)
    assert service.batches[1] == [again]
    assert [sender.closed for sender in service.senders] == [True, False]


async def test_a_sender_that_fails_at_first_is_unavailable_to_all_who_wait() -> None:
    service = Service(broken())
    lane = service.lane()
    done = await asyncio.gather(*(send(lane) for _ in range(3)), return_exceptions=True)
    assert [str(each) for each in done] == [
        "Service Bus took nothing for changes (ServiceBusConnectionError)"
    ] * 3
    assert all(isinstance(each, Unavailable) for each in done)
    await send(lane)
    assert service.sizes() == [1]


async def test_two_failures_in_a_row_are_unavailable() -> None:
    service = Service(None, broken(), broken())
    lane = service.lane()
    await send(lane)
    with pytest.raises(Unavailable):
        await send(lane)
    await send(lane)
    assert service.sizes() == [1, 1]


async def test_a_namespace_that_throttles_is_left_alone_for_a_while() -> None:
    service = Service(None, ServiceBusServerBusyError())
    lane = service.lane()
    await send(lane)
    with pytest.raises(Unavailable) as refused:
        await send(lane)
    assert refused.value.retry_after == BUSY
    assert len(service.senders) == 1


async def test_a_queue_that_the_deployment_did_not_make_is_named() -> None:
    with pytest.raises(Unavailable, match="Service Bus has no queue changes: the deployment makes them"):
        await send(Service(MessagingEntityNotFoundError()).lane())


async def test_a_failure_says_its_kind_and_none_of_the_words_that_the_service_used() -> None:
    secret = ClientAuthenticationError("tenant 1234 has no identity at hospital.example")
    with pytest.raises(Unavailable) as refused:
        await send(Service(secret).lane())
    assert str(refused.value) == "Service Bus took nothing for changes (ClientAuthenticationError)"
    assert refused.value.__cause__ is None


async def test_a_bug_in_the_client_is_raised_and_its_sender_is_used_no_more() -> None:
    service = Service(AttributeError("'NoneType' object has no attribute 'create_sender_link'"))
    lane = service.lane()
    with pytest.raises(AttributeError):
        await send(lane)
    await send(lane)
    assert len(service.senders) == 2
