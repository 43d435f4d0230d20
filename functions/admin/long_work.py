"""Long work as the API answers it: 202, where to follow it, how far it is, and what came of it."""

from __future__ import annotations

import time
from typing import Any

from fastapi import Response
from pydantic import BaseModel, Field

from functions.admin.call import Call
from functions.admin.routes import PREFIX
from functions.admin.shapes import Moment, WorkStatus, example, moment, moment_or_none
from shared.usecases.operations.running import start
from shared.usecases.operations.written import LongWork, stands_still


class OperationState(BaseModel):
    """How long work stands."""

    model_config = example(
        operation="998227544400000000-0a1b2c3d4e5f",
        kind="reconcile",
        status="running",
        asked="2026-03-02T09:00:00.000Z",
        ended=None,
        done=3,
        of=17,
        phase="searching Encounter",
        cancelling=False,
        stands_still=False,
        result={},
        problem="",
    )

    operation: str = Field(description="Its id", examples=["999998227483600000-0b1f6f8f4a2c"])
    kind: str = Field(examples=["simulate-journey"])
    status: WorkStatus
    asked: Moment
    ended: Moment | None = None
    done: int
    of: int | None = Field(None, description="How much there is to do, where that is known")
    phase: str = Field("", description="What is being done now")
    cancelling: bool = False
    stands_still: bool = Field(False, description="Nobody does it now; within 15 minutes somebody will")
    result: dict[str, Any] = Field(
        {}, description="What came of it, once it has succeeded, to whoever asked for it"
    )
    problem: str = Field("", description="Why it failed")


def state_of(work: LongWork) -> OperationState:
    """Return long work as the API tells of it."""
    return OperationState(
        operation=work.operation,
        kind=work.kind,
        status=work.status,
        asked=moment(work.asked),
        ended=moment_or_none(work.ended),
        done=work.done,
        of=work.of,
        phase=work.phase,
        cancelling=work.cancel and work.ended is None,
        stands_still=stands_still(work, time.time()),
        result=work.result,
        problem=work.problem,
    )


async def accepted(call: Call, response: Response, kind: str, params: dict[str, Any]) -> OperationState:
    """Start long work of a kind in shared.usecases.operations.kinds; for handlers with `status=202`."""
    work = await start(call.services, kind, call.caller.subject, params, call.intent, call.since)
    response.headers["Location"] = f"{PREFIX}/operations/{work.operation}"
    response.headers["Retry-After"] = "1"
    return state_of(work)
