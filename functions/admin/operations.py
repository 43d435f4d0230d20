"""Long work: yours, all of it for Administrators; how far it is, and its end."""

from __future__ import annotations

from functions.admin.call import Call, TheCall
from functions.admin.long_work import OperationState, state_of
from functions.admin.paging import Cursor, Limit, Page, cursor_of, place_of
from functions.admin.routes import Routes
from shared.access.roles import ADMINISTRATORS
from shared.errors import Rejected
from shared.usecases.operations.running import cancel
from shared.usecases.operations.written import LongWork, load_work, page_of_work

routes = Routes("operations")


@routes("listOperations")
async def list_operations(call: TheCall, limit: Limit = 50, cursor: Cursor = "") -> Page[OperationState]:
    """List long work, the latest first; a page may be short where others' work lies between."""
    found = await page_of_work(call.services.documents, place_of(cursor), limit)
    more = cursor_of(found[-1].operation) if len(found) == limit else ""
    return Page(items=[state_of(work) for work in found if _may_see(call, work)], next=more)


@routes("getOperation")
async def get_operation(call: TheCall, operation: str) -> OperationState:
    """Say how far it is."""
    return state_of(await _own(call, operation))


@routes("cancelOperation")
async def cancel_operation(call: TheCall, operation: str) -> OperationState:
    """Have it end at its next step; what it has done until then stays done."""
    work = await _own(call, operation)
    await call.begins("", work.kind, operation)
    return state_of(await cancel(call.services, operation))


async def _own(call: Call, operation: str) -> LongWork:
    work, _ = await load_work(call.services.documents, operation)
    if not _may_see(call, work):
        raise Rejected("there is no such operation", "unknown-operation")
    return work


def _may_see(call: Call, work: LongWork) -> bool:
    return work.by == call.caller.subject or call.caller.has(ADMINISTRATORS)
