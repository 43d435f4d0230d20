"""Poison: what queues gave up, by counts and ids; have it done again, or throw it away."""

from __future__ import annotations

from typing import Annotated, Self

from fastapi import Path, Query, Response
from pydantic import BaseModel, Field, model_validator

from functions.admin.call import TheCall
from functions.admin.long_work import OperationState, accepted
from functions.admin.paging import Cursor, Limit, Page, paged
from functions.admin.problems import Refusal
from functions.admin.routes import Routes
from functions.admin.shapes import Body, Moment, Reason, example, moment, moment_or_none
from shared.nearest import nearest
from shared.queues import QUEUES
from shared.usecases.operations.replaying import PURGE, REPLAY, poison_of
from shared.usecases.poison import counts, show
from shared.usecases.poison_shown import Shown, patients_in

routes = Routes("running")

type QueueName = Annotated[
    str, Path(pattern="^[a-z][a-z-]{1,60}$", description="Name of a queue", examples=["changes"])
]
type MessageId = Annotated[str, Field(min_length=1, max_length=100)]


class PoisonCountState(BaseModel):
    """How much a queue gave up."""

    model_config = example(queue="changes", count=2, more=False, oldest="2026-03-02T09:00:00.000Z")

    queue: str = Field(examples=["changes"])
    count: int = Field(examples=[2])
    more: bool = Field(False, description="There are more: nobody counted on")
    oldest: Moment | None = None


class NamedId(BaseModel):
    """An id that a message names."""

    model_config = example(name="resource_type", value="Observation")

    name: str = Field(examples=["resource_type"])
    value: str = Field(examples=["Observation"])


class PoisonState(BaseModel):
    """A message that was given up: what kind of job it is, and ids; nothing that it says."""

    model_config = example(
        message="3f6c1c0a-0000-4000-8000-000000000000",
        kind="change",
        ids=[{"name": "resource_type", "value": "Observation"}, {"name": "resource_id", "value": "o1"}],
        since="2026-03-02T09:00:00.000Z",
        deliveries=8,
        reason="MaxDeliveryCountExceeded",
        trace="0af7651916cd43dd8448eb211c80319c",
    )

    message: str = Field(description="Its id there", examples=["3f6c1c0a-0000-4000-8000-000000000000"])
    kind: str = Field(examples=["change"])
    ids: list[NamedId]
    since: Moment
    deliveries: int | None = Field(None, description="How often it was tried, where the transport tells")
    reason: str = Field("", description="Why it was given up, where the transport tells")
    trace: str = Field("", description="Id of its trace: by it the failure is found in the logs")


class Chosen(Body):
    """Which messages: some by their ids, or all."""

    model_config = example(messages=["3f6c1c0a-0000-4000-8000-000000000000"], all=False)

    messages: list[MessageId] = Field([], max_length=200, examples=[["3f6c1c0a-0000-4000-8000-000000000000"]])
    all: bool = Field(False, description="All that the queue gave up", examples=[False])

    @model_validator(mode="after")
    def _some_or_all(self) -> Self:
        if bool(self.messages) == self.all:
            raise ValueError("name messages by their ids, or say all")
        return self

    @property
    def ids(self) -> list[str] | None:
        """Return the ids, None for all."""
        return None if self.all else self.messages


class ChosenAway(Chosen):
    """Which messages are thrown away, and why."""

    model_config = example(messages=[], all=True, reason="they were of a test")

    reason: Reason


@routes("listPoison")
async def list_poison(call: TheCall, limit: Limit = 50, cursor: Cursor = "") -> Page[PoisonCountState]:
    """Count what each queue gave up: any message there is a bug, and worth a look."""
    found = await counts(poison_of(call.services))
    states = [
        PoisonCountState(
            queue=each.queue, count=each.count, more=each.more, oldest=moment_or_none(each.oldest)
        )
        for each in sorted(found, key=lambda each: each.queue)
    ]
    return paged(states, limit, cursor, lambda each: each.queue)


@routes("listPoisonOf")
async def list_poison_of(
    call: TheCall,
    queue: QueueName,
    limit: Annotated[int, Query(ge=1, le=200, description="Messages at most; Storage shows 32")] = 50,
) -> Page[PoisonState]:
    """Show the first messages that a queue gave up; further ones once these are gone."""
    found = await show(poison_of(call.services), _known(queue), limit)
    await call.reads_each((key for each in found for key in patients_in(each.ids)), "queue", queue)
    return Page(items=[_state(each) for each in found], next="")


@routes("replayPoison", status=202)
async def replay_poison(call: TheCall, queue: QueueName, body: Chosen, response: Response) -> OperationState:
    """Put messages back onto their queue, as new ones; to do it twice does no harm."""
    params = {"queue": _known(queue), "messages": body.ids}
    await call.begins("", "queue", queue)
    return await accepted(call, response, REPLAY, params)


@routes("purgePoison", status=202)
async def purge_poison(
    call: TheCall, queue: QueueName, body: ChosenAway, response: Response
) -> OperationState:
    """Throw messages away for good; what they would have brought about is lost. By whom is written down."""
    params = {"queue": _known(queue), "messages": body.ids, "reason": body.reason}
    await call.begins("", "queue", queue, why=body.reason)
    return await accepted(call, response, PURGE, params)


def _known(queue: str) -> str:
    if queue not in QUEUES:
        near = nearest(queue.removesuffix("-poison"), QUEUES)
        hint = f"did you mean {near}?" if near else f"there are {', '.join(sorted(QUEUES))}"
        raise Refusal(404, "unknown-queue", f"there is no such queue: {hint}")
    return queue


def _state(shown: Shown) -> PoisonState:
    return PoisonState(
        message=shown.letter_id,
        kind=shown.kind,
        ids=[NamedId(name=name, value=value) for name, value in shown.ids],
        since=moment(shown.since),
        deliveries=shown.deliveries,
        reason=shown.reason,
        trace=shown.trace,
    )
