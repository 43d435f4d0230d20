"""Open a link: from the token in an address to whose it is and what it leads to, or to nothing at all.

Whether a token was never made, is too old, or is of a person who was erased cannot be told from outside.
"""

from __future__ import annotations

from msgspec import Struct

from shared.effects import IndexLink
from shared.message.links import LinkKind, verify
from shared.pages.frame import Imprint
from shared.patient.record import PatientRecord
from shared.usecases.services import Services


class Opened(Struct, frozen=True):
    """A link that works."""

    key: str
    """Opaque key of the patient."""
    link: IndexLink
    record: PatientRecord


async def find_link(services: Services, token: str, *kinds: LinkKind) -> tuple[str, IndexLink] | None:
    """Return whose link this is, by key, and what it leads to; None for one of none of these kinds.

    A guess costs no look-up. Raises Unavailable.
    """
    if not verify(token, services.policy):
        return None
    found = await services.indexes.link(token)
    if found is None or (kinds and found[1].kind not in kinds):
        return None
    expires = found[1].expires
    return found if expires is None or services.clock.now() < expires else None


async def open_link(services: Services, token: str, *kinds: LinkKind) -> Opened | None:
    """Return a link with its patient's record; None where there is nothing to open. Raises Unavailable."""
    found = await find_link(services, token, *kinds)
    if found is None:
        return None
    key, link = found
    record = (await services.patients.load(key)).record
    known = record.patient_id and record.erased is None
    return Opened(key, link, record) if known else None


def imprint_of(services: Services) -> Imprint:
    """Return who stands behind the pages."""
    policy = services.policy
    website = policy.website
    if website and "://" not in website:
        website = f"https://{website}"
    return Imprint(policy.organisation, policy.phone, website, policy.address)
