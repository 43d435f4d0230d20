"""Write a segment's members to the FHIR server as a Group: long work, begun by writeSegmentGroup.

From the beginning after a crash: a Group that says the same already stays.
"""

from __future__ import annotations

from typing import Any

import msgspec

from shared.usecases.groups import MOST, write_groups
from shared.usecases.operations.running import Progress
from shared.usecases.operations.written import LongWork
from shared.usecases.services import Services


async def write_segment_group(services: Services, work: LongWork, progress: Progress) -> dict[str, Any]:
    """Write the Groups of the segment whose url is in the parameters; which were, and which stayed.

    Raises Rejected (unknown-segment), Conflict where somebody else wrote a Group meanwhile, Unavailable.
    """

    async def tell(groups: int) -> None:
        await progress.tell(groups, phase=f"writing Groups of {MOST} members at most")

    done = await write_groups(services, work.params["url"], tell)
    return {"groups": [msgspec.to_builtins(each) for each in done]}
