"""Whom an opaque key names: of nobody, or of somebody who was forgotten, nothing can be asked for."""

from __future__ import annotations

from shared.errors import Rejected
from shared.ports import Stored
from shared.usecases.services import Services


def unknown() -> Rejected:
    """Return what is raised of a key that names nobody."""
    return Rejected("there is no such patient here", "unknown-patient")


async def stored_of(services: Services, key: str) -> Stored:
    """Return what is stored of a patient, also of one who was erased.

    Raises Rejected (unknown-patient), Unavailable.
    """
    stored = await services.patients.load(key)
    if not stored.etag:
        raise unknown()
    return stored


async def known(services: Services, key: str) -> Stored:
    """Return what is stored of somebody who was not erased: whoever was is as unknown as a stranger.

    Raises Rejected (unknown-patient), Unavailable.
    """
    stored = await stored_of(services, key)
    if stored.record.erased is not None:
        raise unknown()
    return stored
