"""Rejections: what could not be used, of what came from outside."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field

from functions.admin.call import TheCall
from functions.admin.paging import Cursor, Limit, Page, cursor_of, place_of
from functions.admin.routes import Routes
from functions.admin.shapes import Moment, example, moment
from shared.usecases.rejections import page_of_rejections

routes = Routes("running")


class RejectionState(BaseModel):
    """One job that could not be used; nothing that it said."""

    model_config = example(
        at="2026-03-02T09:00:00.000Z",
        code="no-patient",
        reason="the resource is about no patient",
        trigger="changes-4711",
    )

    at: Moment
    code: str = Field(description="Stable", examples=["no-patient"])
    reason: str = Field(description="For people", examples=["the resource is about no patient"])
    trigger: str = Field(description="Id of the message: by it the log tells more", examples=["changes-4711"])


@routes("listRejections")
async def list_rejections(
    call: TheCall,
    limit: Limit = 50,
    cursor: Cursor = "",
    code: Annotated[str, Query(max_length=60, description="Only those of this code")] = "",
) -> Page[RejectionState]:
    """List rejections, the latest first; with a filter a page may be short, or empty, and not the last."""
    found = await page_of_rejections(call.services.documents, place_of(cursor, code), limit)
    shown = [
        RejectionState(at=moment(each.at), code=each.code, reason=each.reason, trigger=each.trigger_id)
        for _, each in found
        if code in ("", each.code)
    ]
    return Page(items=shown, next=cursor_of(found[-1][0], code) if len(found) == limit else "")
