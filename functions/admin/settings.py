"""The settings in force, without secrets."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from functions.admin.call import TheCall
from functions.admin.paging import Cursor, Limit, Page, paged
from functions.admin.routes import Routes
from functions.admin.shapes import example

routes = Routes("running")


class SettingState(BaseModel):
    """One setting in force; docs/operations.md says what each is for."""

    model_config = example(
        name="HEARTHLINE_REGION", value="US", secret=False, set=True, given=False, count=None
    )

    name: str = Field(description="Of its environment variable", examples=["HEARTHLINE_REGION"])
    value: Any = Field(description="Null for a secret, and where there is none", examples=["US"])
    secret: bool = Field(description="It is one, or holds some, which are left out")
    set: bool = Field(description="It has a value, if only its default", examples=[True])
    given: bool = Field(description="Somebody set it: it is not the default")
    count: int | None = Field(None, description="Of a list of secrets, how many", examples=[None])


@routes("getSettings")
async def get_settings(call: TheCall, limit: Limit = 200, cursor: Cursor = "") -> Page[SettingState]:
    """Read what this deployment was started with, by name; of secrets only whether they are set."""
    found = call.services.deployment.settings()
    states = [
        SettingState(
            name=each.name,
            value=each.value,
            secret=each.secret,
            set=each.set,
            given=each.given,
            count=each.count,
        )
        for each in sorted(found, key=lambda each: each.name)
    ]
    return paged(states, limit, cursor, lambda each: each.name)
