"""The opt-out list of ACS for one sender: our list is mirrored into it, so that the provider blocks as we do.

`POST /sms/optouts:add` and `:remove`, API version 2026-01-23 (azure-rest-api-specs, communication/data-plane/
Sms). Microsoft switches opt-out management on for a resource on request; where it is off, calls are rejected.
"""

from __future__ import annotations

from typing import Literal

import msgspec
import orjson

from shared.adapters.acs_calls import AcsCalls
from shared.errors import Rejected, Unavailable

_VERSION = "2026-01-23"


class _Item(msgspec.Struct, rename="camel"):
    http_status_code: int
    is_opted_out: bool | None = None


class _Answer(msgspec.Struct):
    value: list[_Item]


_decode = msgspec.json.Decoder(_Answer).decode


class AcsOptOuts:
    """The OptOutList port: which numbers get nothing from `sender`, by the provider's own list."""

    def __init__(self, calls: AcsCalls, sender: str) -> None:
        self._calls = calls
        self._sender = sender

    async def add(self, address: str) -> None:
        """Put a number (E.164) on it. Raises Unavailable, Rejected."""
        await self._ask("add", address)

    async def remove(self, address: str) -> None:
        """Take a number off it. Raises Unavailable, Rejected."""
        await self._ask("remove", address)

    async def check(self, address: str) -> bool:
        """Say whether a number is on it. Raises Unavailable, Rejected."""
        return bool((await self._ask("check", address)).is_opted_out)

    async def _ask(self, action: Literal["add", "remove", "check"], address: str) -> _Item:
        body = orjson.dumps({"from": self._sender, "recipients": [{"to": address}]})
        answer = await self._calls.call("POST", f"/sms/optouts:{action}?api-version={_VERSION}", body)
        try:
            (item,) = _decode(answer).value
        except (msgspec.DecodeError, ValueError):
            raise Unavailable("ACS answers about its opt-out list, but not as it should") from None
        status = item.http_status_code
        if 200 <= status < 300:
            return item
        if status == 429 or status >= 500:
            raise Unavailable(f"ACS cannot change its opt-out list now ({status})")
        raise Rejected(f"ACS does not change its opt-out list ({status})", f"http-{status}")
