"""What is kept of campaigns, as documents: how each stands, how far its runs are, who must wait meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from hashlib import blake2b
from itertools import batched
from typing import Literal

import msgspec
from msgspec import Struct

from shared.fhir.instants import Instant
from shared.journey.campaign_moves import CampaignState, RunRef
from shared.journey.pace import Granted
from shared.ports import Documents

CAMPAIGNS = "campaigns"
"""Kind of the documents that say how a campaign stands, by a digest of its canonical name."""
ACTIVE = "campaigns-active"
"""Kind of the documents that name those with which the timer has something to do."""
RUNS = "campaign-runs"
"""Kind of the documents that say how far a run is, by its id."""
LISTS = "campaign-lists"
"""Kind of the documents that hold the keys of the people on a list, as a run goes by it."""
PARKED = "campaign-parked-"
"""Kind, with the run's id, of the documents of those whose turn came while the campaign was paused."""

REFUSED = "campaign-refused-"
"""Kind, with the run's id, of the documents of those whom the journey's own rules did not let in."""

_PIECE = 15_000
"""Keys of one document of a list."""
_encode = msgspec.json.Encoder(order="deterministic").encode


class Recalling(Struct, frozen=True):
    """Going through those whom the campaign brought about, to stop, pause or resume them."""

    action: Literal["stop", "pause", "resume"]
    runs: tuple[RunRef, ...]
    """Runs to go through."""
    at: int = 0
    """Which of them is gone through now…"""
    place: str = ""
    """…and how far that is, in the roster."""
    turn: int = 1
    not_before: Instant = Instant(0)
    """There is a second turn, some minutes later, for those who were just on their way in."""


class Run(Struct, frozen=True):
    """One run: how far it is with its audience, and how many came of it."""

    run: str
    campaign: str
    """Canonical "url|version"."""
    began: Instant
    cursor: str = ""
    """Keys up to this one have had their turn."""
    granted: Granted = Granted()
    """How many were asked into the journey, and when."""
    pending: tuple[str, ...] = ()
    """Keys counted as asked, and perhaps not yet on the queue: whoever reads this puts them on it again."""
    unseen: tuple[str, ...] = ()
    """Of a run paced by capacity: asked lately, and not in the journey's roster yet."""
    skipped: dict[str, int] = {}
    """How many were left out, by the reason."""
    moves: int = 0
    """How many of the campaign's moves have been heeded."""
    recalling: Recalling | None = None
    parked: bool = False
    """Some may have been parked while it was paused."""
    finished: Instant | None = None
    """When everybody had had their turn, or the pace let in nobody any more."""


async def load_state(documents: Documents, campaign: str) -> tuple[CampaignState, str]:
    """Read how a campaign ("url|version") stands, and the ETag to write over; a draft where nobody said."""
    found = await documents.get(CAMPAIGNS, _name(campaign))
    if found is None:
        return CampaignState(campaign), ""
    return msgspec.json.decode(found[0], type=CampaignState), found[1]


async def save_state(documents: Documents, state: CampaignState, etag: str) -> str:
    """Write how a campaign stands; the new ETag. Raises Conflict when somebody else wrote."""
    return await documents.put(CAMPAIGNS, _name(state.campaign), _encode(state), etag)


async def all_states(documents: Documents) -> AsyncIterator[CampaignState]:
    """Walk all campaigns with which anything was ever done."""
    async for _, body in documents.all(CAMPAIGNS):
        yield msgspec.json.decode(body, type=CampaignState)


async def activate(documents: Documents, campaign: str) -> None:
    """Have the timer look at a campaign from now on; may be repeated."""
    await documents.put(ACTIVE, _name(campaign), campaign.encode(), None)


async def deactivate(documents: Documents, campaign: str) -> None:
    """Have the timer look at it no more."""
    await documents.delete(ACTIVE, _name(campaign))


async def active(documents: Documents) -> tuple[str, ...]:
    """Return the campaigns with which the timer has something to do: one query."""
    return tuple([body.decode() async for _, body in documents.all(ACTIVE)])


async def load_run(documents: Documents, ref: RunRef, campaign: str) -> tuple[Run, str]:
    """Read how far a run is, and the ETag to write over; "" for one that has not begun."""
    found = await documents.get(RUNS, ref.run)
    if found is None:
        return Run(ref.run, campaign, ref.occurrence.begins), ""
    return msgspec.json.decode(found[0], type=Run), found[1]


async def find_run(documents: Documents, run: str) -> Run | None:
    """Read how far a run is by its id alone."""
    found = await documents.get(RUNS, run)
    return None if found is None else msgspec.json.decode(found[0], type=Run)


async def save_run(documents: Documents, run: Run, etag: str) -> str:
    """Write how far a run is; the new ETag. Raises Conflict when another instance wrote."""
    return await documents.put(RUNS, run.run, _encode(run), etag)


async def keep_list(documents: Documents, run: str, url: str, keys: Sequence[str]) -> None:
    """Write down the keys of the people on a list, sorted; may be repeated."""
    pieces = list(batched(keys, _PIECE, strict=False)) or [()]
    for number, piece in enumerate(pieces):
        body = _encode((len(pieces), piece))
        await documents.put(LISTS, f"{run}-{_name(url)}-{number}", body, None)


async def load_list(documents: Documents, run: str, url: str) -> tuple[str, ...] | None:
    """Read them; None where nobody wrote them down."""
    keys: list[str] = []
    number, count = 0, 1
    while number < count:
        found = await documents.get(LISTS, f"{run}-{_name(url)}-{number}")
        if found is None:
            return None
        count, piece = msgspec.json.decode(found[0], type=tuple[int, list[str]])
        keys += piece
        number += 1
    return tuple(keys)


async def park(documents: Documents, run: str, key: str) -> None:
    """Keep somebody for when the campaign is resumed; may be repeated."""
    await documents.put(f"{PARKED}{run}", key, b"{}", None)


async def parked(documents: Documents, run: str) -> tuple[str, ...]:
    """Return the keys of those who are kept."""
    return tuple([key async for key, _ in documents.all(f"{PARKED}{run}")])


async def unpark(documents: Documents, run: str, key: str) -> None:
    """Forget somebody who is kept."""
    await documents.delete(f"{PARKED}{run}", key)


async def refuse(documents: Documents, run: str, key: str, reason: str) -> None:
    """Note why somebody was not let in; may be repeated."""
    await documents.put(f"{REFUSED}{run}", key, reason.encode(), None)


async def why_refused(documents: Documents, run: str, key: str) -> str:
    """Return why somebody was not let in, or ""."""
    found = await documents.get(f"{REFUSED}{run}", key)
    return found[0].decode() if found else ""


async def refusals(documents: Documents, run: str) -> AsyncIterator[str]:
    """Walk the reasons for which somebody was not let in."""
    async for _, body in documents.all(f"{REFUSED}{run}"):
        yield body.decode()


def _name(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()
