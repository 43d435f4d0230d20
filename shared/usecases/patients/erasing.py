"""Erase a person as long work: the index is scanned for rows that name them, however many others it has."""

from __future__ import annotations

from typing import Any

from shared.errors import Rejected
from shared.fhir.instants import iso
from shared.fhir.references import parse_reference
from shared.patient.record import patient_key
from shared.usecases.operations.running import Progress
from shared.usecases.operations.written import LongWork
from shared.usecases.privacy.erase import Erasure, erase
from shared.usecases.services import Services


def check_can_erase(services: Services) -> None:
    """Refuse what could not be remembered. Raises Rejected (no-secrets)."""
    if services.marks is None and not services.policy.keys.secrets:
        told = "HEARTHLINE_LINK_SECRETS must be set: with it is remembered whom nobody may write to"
        raise Rejected(told, "no-secrets")


async def erase_patient(services: Services, work: LongWork, progress: Progress) -> dict[str, Any]:
    """Forget the person that `params` name by key; may be repeated. Raises Rejected, Unavailable."""
    key = str(work.params["patient"])
    record = (await services.patients.load(key)).record
    await progress.tell(0, None, "removing what is held")
    if record.erased is not None and not record.patient_id:
        return _told(Erasure(key, record.erased, before=True))
    return _told(await erase(services, record.patient_id, work.by, str(work.params["reason"])))


def _told(done: Erasure) -> dict[str, Any]:
    return {
        "patient": done.key,
        "erased": iso(done.at),
        "marks": done.marks,
        "rows": done.rows,
        "before": done.before,
        "linked": [found for each in done.linked if (found := _key(each))],
    }


def _key(reference: str) -> str:
    try:
        return patient_key(parse_reference(reference)[0].resource_id)
    except Rejected:
        return ""
