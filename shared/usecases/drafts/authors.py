"""Who has written in a definition: whoever has saved a draft of it is no judge of it, whoever hands it in.

Kept beyond the draft: one that was published, thrown away or made into something else has its authors still.
"""

from __future__ import annotations

import msgspec

from shared.patient.record import identify
from shared.ports import Documents
from shared.usecases.drafts.kept import AUTHORS, DraftKind, Wanted, page_of_drafts


async def has_written(documents: Documents, kind: DraftKind, name: str, who: str) -> bool:
    """Say whether somebody has ever saved a draft of a definition, "url|version". Raises Unavailable."""
    canonical = f"{kind} {name}"
    found = await documents.get(AUTHORS, identify("authors", canonical))
    if found is not None and who in msgspec.json.decode(found[0], type=list[str]):
        return True
    place = ""
    while True:
        drafts, place = await page_of_drafts(documents, place, 100, Wanted(kind, who))
        if any(draft.document.canonical == canonical for draft in drafts):
            return True
        if not place:
            return False
