"""Long work: yours, all of it for Administrators; how far it is, and its end."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from msgspec.structs import replace

from functions.admin.call import Call, TheCall
from functions.admin.long_work import OperationState, state_of
from functions.admin.paging import Cursor, Limit, Page, cursor_of, place_of
from functions.admin.routes import Routes
from functions.admin.shapes import WorkStatus
from shared.access.roles import ADMINISTRATORS
from shared.errors import Rejected
from shared.usecases.operations.running import cancel
from shared.usecases.operations.written import LongWork, load_work, page_of_work

routes = Routes("operations")


@routes("listOperations")
async def list_operations(
    call: TheCall,
    limit: Limit = 50,
    cursor: Cursor = "",
    status: Annotated[WorkStatus | None, Query(description="Only work that stands so")] = None,
    kind: Annotated[str, Query(max_length=60, description="Only work of this kind")] = "",
) -> Page[OperationState]:
    """List long work, the latest first, without results; a page may be short where other work lies."""
    place = place_of(cursor, status, kind)
    found = await page_of_work(call.services.documents, place, limit)
    shown = [
        state_of(replace(work, result={}))
        for work in found
        if _may_see(call, work) and status in (None, work.status) and kind in ("", work.kind)
    ]
    more = cursor_of(found[-1].operation, status, kind) if len(found) == limit else ""
    return Page(items=shown, next=more)


@routes("getOperation")
async def get_operation(call: TheCall, operation: str) -> OperationState:
    """Say how far it is; what came of it is for whoever asked, as it is told by what they may see."""
    return _shown(call, await _own(call, operation))


@routes("cancelOperation")
async def cancel_operation(call: TheCall, operation: str) -> OperationState:
    """Have it end at its next step; what it has done until then stays done."""
    work = await _own(call, operation)
    await call.begins("", work.kind, operation)
    return _shown(call, await cancel(call.services, operation))


def _shown(call: Call, work: LongWork) -> OperationState:
    return state_of(work if work.by == call.caller.subject else replace(work, result={}))


async def _own(call: Call, operation: str) -> LongWork:
    work, _ = await load_work(call.services.documents, operation)
    if not _may_see(call, work):
        raise Rejected("there is no such operation", "unknown-operation")
    return work


def _may_see(call: Call, work: LongWork) -> bool:
    return work.by == call.caller.subject or call.caller.has(ADMINISTRATORS)
