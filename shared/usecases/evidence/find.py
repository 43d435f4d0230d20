"""Find whose message it is: long work, as the rows of everybody may have to be looked through."""

from __future__ import annotations

from typing import Any

from shared.errors import Rejected
from shared.usecases.evidence.story import whose
from shared.usecases.operations.running import Progress
from shared.usecases.operations.written import LongWork
from shared.usecases.services import Services


async def find_message(services: Services, work: LongWork, progress: Progress) -> dict[str, Any]:
    """Return the key of the patient whose message `work.params["message"]` is.

    Raises Rejected (unknown-message), Unavailable, and what `Progress.tell` raises.
    """
    await progress.tell(0, phase="looking")
    key = await whose(services, work.params["message"])
    if not key:
        raise Rejected("there is no such message here", "unknown-message")
    return {"patient": key, "message": work.params["message"]}
