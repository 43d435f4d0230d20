"""The preview of a campaign as long work: its totals alone, as nobody's plan is for those who ask."""

from __future__ import annotations

from collections import Counter
from functools import partial
from itertools import islice
from typing import Any

from shared.access.small_figures import all_rough
from shared.fhir.instants import iso
from shared.usecases.campaigns.moves import find
from shared.usecases.campaigns.preview import PAGE, Plan, Totals, plan, preview
from shared.usecases.operations.running import Progress
from shared.usecases.operations.written import LongWork
from shared.usecases.services import Services
from shared.usecases.simulation.wording import plainly

MOST_REASONS = 40
"""Told each by its words; the others together."""


async def preview_campaign(services: Services, work: LongWork, progress: Progress) -> dict[str, Any]:
    """Go through the audience, from the beginning also after a crash: nothing is written.

    Params: `catalogue` (version), `campaign` (canonical), `most` people, `sees_people`. Raises Rejected where
    no run is to come.
    """
    params = work.params
    await services.definitions.current(params["catalogue"])  # another instance may not have heard of it yet
    definition = await find(services, params["campaign"])
    made, totals = await plan(services, definition), Totals()
    people = await made.audience.size(made.run.cursor)
    of = min(people, params["most"])
    far = partial(_far, of=of, sees_people=params["sees_people"])
    await progress.tell(*far(0), "looking at the audience")
    async for seen in preview(services, definition, made, params["most"]):
        totals.add(seen)
        if totals.looked_at % PAGE == 0:
            await progress.tell(*far(totals.looked_at))
    await progress.tell(*far(totals.looked_at))
    return _told(definition.canonical, made, totals, people, sees_people=params["sees_people"])


def _far(done: int, *, of: int, sees_people: bool) -> tuple[int, int]:
    """Tell how far it is by people, or in hundredths: how many people there are is a figure like others."""
    return (done, of) if sees_people else (100 * done // max(of, 1), 100)


def _told(campaign: str, made: Plan, totals: Totals, people: int, *, sees_people: bool) -> dict[str, Any]:
    figures = {
        "audience": people,
        "looked_at": totals.looked_at,
        "invited": totals.invited,
        "channels": dict(totals.channels),
        "languages": dict(totals.languages),
        "left_out": _by_reason(totals.left_out),
    }
    return {
        "campaign": campaign,
        "occurrence": made.ref.occurrence.name,
        "begins": iso(made.begins),
        "totals": figures if sees_people else all_rough(figures),
        "complete": totals.looked_at >= people,
        "first": iso(totals.first) if totals.first is not None else None,
        "last": iso(totals.last) if totals.last is not None else None,
    }


def _by_reason(left_out: Counter[str]) -> dict[str, int]:
    """Count by what is said of anybody: what is one patient's stands in brackets, and is left out."""
    plain: Counter[str] = Counter()
    for reason, count in left_out.items():
        plain[plainly(reason)] += count
    shown = dict(islice(plain.most_common(), MOST_REASONS))
    rest = plain.total() - sum(shown.values())
    return {**shown, "other reasons": rest} if rest else shown
