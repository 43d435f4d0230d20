"""Who is calling, and what they may do."""

from __future__ import annotations

from pydantic import BaseModel, Field

from functions.admin.call import TheCall
from functions.admin.routes import Routes
from functions.admin.shapes import example
from shared.access.table import OPERATIONS

routes = Routes("me")


class Me(BaseModel):
    """The caller as the API knows them."""

    model_config = example(
        subject="0d5c8b5e-6a1f-4a3b-9f55-3d7a1f6a2b10",
        application=False,
        roles=["Marketer"],
        operations=["getMe", "listSegments"],
    )

    subject: str = Field(description="Your opaque id", examples=["0d5c8b5e-6a1f-4a3b-9f55-3d7a1f6a2b10"])
    application: bool
    roles: list[str] = Field(examples=[["Marketer"]])
    operations: list[str] = Field(description="What you may call", examples=[["listSegments"]])


@routes("getMe")
async def get_me(call: TheCall) -> Me:
    """Say who the caller is."""
    caller = call.caller
    allowed = [operation.name for operation in OPERATIONS.values() if operation.allows(caller)]
    return Me(
        subject=caller.subject,
        application=caller.application,
        roles=sorted(caller.roles),
        operations=allowed,
    )
