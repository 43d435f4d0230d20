"""Who has written in a template: whoever has saved a draft of it is no judge of it, whoever hands it in."""

from __future__ import annotations

from shared.ports import Documents
from shared.usecases.drafts.kept import Draft, Wanted, page_of_drafts


async def has_drafted(documents: Documents, template: str, who: str) -> bool:
    """Say whether somebody has saved a draft of a template, "url|version". Raises Unavailable."""
    place = ""
    while True:
        found, place = await page_of_drafts(documents, place, 100, Wanted("template", who))
        if any(_canonical(draft) == template for draft in found):
            return True
        if not place:
            return False


def _canonical(draft: Draft) -> str:
    return f"{draft.content.get('url', '')}|{draft.content.get('version', '')}"
