"""The record of a patient by opaque key, as the admin API names people."""

from __future__ import annotations

from shared.errors import Rejected
from shared.ports import Stored
from shared.usecases.services import Services


async def known(services: Services, key: str) -> Stored:
    """Return what is stored of somebody who was not erased.

    Raises Rejected (unknown-patient), Unavailable.
    """
    stored = await services.patients.load(key)
    if not stored.etag or stored.record.erased is not None:
        raise Rejected("there is no such patient here", "unknown-patient")
    return stored
