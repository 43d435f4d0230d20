"""Switch what runs: pause, resume and stop a journey for all, stop everything that sends, end an A/B test.

A switch is a publication of its own (shared.usecases.shelf): every instance hears of it within seconds, and
whoever publishes then has everybody looked at (shared.usecases.populate), as after any other.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from shared.errors import Conflict, Rejected
from shared.fhir.canonical import split_canonical
from shared.journey.controls import Controls
from shared.journey.definition import parse_journey
from shared.journey.steps.split import SplitStep
from shared.usecases.services import Services
from shared.usecases.shelf import (
    Shelf,
    Switching,
    in_turn,
    load_documents,
    load_shelf,
    save_shelf,
)

SWITCHINGS = "switchings"
"""Kind of the documents that say who switched what, named by the number of the publication."""

_encode = msgspec.json.Encoder(order="deterministic").encode

type Action = Literal["pause", "resume", "stop", "sending on", "sending off", "winner"]
type _Change = Callable[[Controls], Controls]


class Asked(Struct, frozen=True):
    """What somebody wants switched, who, and why."""

    action: Action
    by: str
    """An opaque id of a person, or the name of what did it by itself."""
    reason: str
    what: str = ""
    """Url of the journey; for a winner, "url|version step way"."""


class Switched(Struct, frozen=True):
    """What came of it."""

    controls: Controls
    version: str
    population: str = ""
    """The latest version for which everybody is to be looked at; "" where nobody need be for this."""
    changed: bool = True
    """It was not so before."""


async def pause_journey(services: Services, url: str, by: str, reason: str) -> Switched:
    """Let everybody in a journey stand still, nobody be told anything, and who would enter wait."""
    return await _switch_journey(services, Asked("pause", by, reason, url), paused=True, stopped=None)


async def resume_journey(services: Services, url: str, by: str, reason: str) -> Switched:
    """Let a journey go on; after a stop, let it take people in again."""
    return await _switch_journey(services, Asked("resume", by, reason, url), paused=False, stopped=False)


async def stop_journey(services: Services, url: str, by: str, reason: str) -> Switched:
    """Make everybody leave a journey at once, and nobody enter it."""
    return await _switch_journey(services, Asked("stop", by, reason, url), paused=False, stopped=True)


def _any(held: Controls) -> None:
    """Let it stand as it does."""


async def switch_sending(
    services: Services, *, on: bool, by: str, reason: str, check: Callable[[Controls], None] = _any
) -> Switched:
    """Stop, or let go on, everything that sends: the kill switch.

    `check` raises where what is switched now is not what they have read.
    """
    asked = Asked("sending on" if on else "sending off", by, reason)

    def change(held: Controls) -> Controls:
        check(held)
        return replace(held, sending=on)

    # off, there is nothing to wake anybody for: each message is looked at before it is sent
    return await _switch(services, asked, change, everybody=on)


async def set_winner(
    services: Services, canonical: str, step: str, way: str, by: str, reason: str
) -> Switched:
    """Let everybody who comes to a split of a version ("url|version") take one way from now on.

    Raises Rejected where there is no such version, step or way.
    """
    await _check_way(services, canonical, step, way)

    def won(held: Controls) -> Controls:
        ways = {**held.winners.get(canonical, {}), step: way}
        return replace(held, winners={**held.winners, canonical: ways})

    asked = Asked("winner", by, reason, f"{canonical} {step} {way}")
    return await _switch(services, asked, won, everybody=False)


async def controls(services: Services) -> Controls:
    """Return what is switched now."""
    return (await load_shelf(services.documents))[0].controls


async def switchings(services: Services) -> tuple[Switching, ...]:
    """Return who switched what, when and why, oldest first."""
    found = {switching.number: switching async for switching in _kept(services)}
    last = (await load_shelf(services.documents))[0].switched
    if last is not None:
        found[last.number] = last
    return tuple(found[number] for number in sorted(found))


async def page_of_switchings(services: Services, after: str, limit: int) -> tuple[tuple[Switching, ...], str]:
    """Return some switchings in order beyond a place, and the place to go on from, "" at the end."""
    rows = await services.documents.page(SWITCHINGS, after, limit)
    found = [msgspec.json.decode(body, type=Switching) for _, body in rows]
    if len(rows) == limit:
        return tuple(found), rows[-1][0]
    last = (await load_shelf(services.documents))[0].switched
    if last is not None and f"{last.number:09}" > max(after, rows[-1][0] if rows else ""):
        found.append(last)  # whoever threw it did not live to write it down
    return tuple(found), ""


async def _kept(services: Services) -> AsyncIterator[Switching]:
    async for _, body in services.documents.all(SWITCHINGS):
        yield msgspec.json.decode(body, type=Switching)


async def _switch_journey(
    services: Services, asked: Asked, *, paused: bool, stopped: bool | None
) -> Switched:
    def change(held: Controls) -> Controls:
        still = held.paused | {asked.what} if paused else held.paused - {asked.what}
        over = held.stopped
        if stopped is not None:
            over = over | {asked.what} if stopped else over - {asked.what}
        return replace(held, paused=still, stopped=over)

    return await _switch(services, asked, change, everybody=True)


async def _switch(services: Services, asked: Asked, change: _Change, *, everybody: bool) -> Switched:
    """Switch, in turn. Raises Rejected (no such journey, nobody, no reason), Conflict, Unavailable."""
    if not (asked.by.strip() and asked.reason.strip()):
        raise Rejected("a switch needs somebody who throws it, and a reason", "no-reason")
    return await in_turn(partial(_switch_once, services, asked, change, everybody))


async def _switch_once(services: Services, asked: Asked, change: _Change, everybody: bool) -> Switched:
    shelf, etag = await load_shelf(services.documents)
    _check_journey(shelf, asked)
    wanted = change(shelf.controls)
    if wanted == shelf.controls:
        return Switched(wanted, shelf.version, shelf.population, changed=False)
    following = shelf.following(shelf.documents, (), wanted)
    number = int(following.version.partition("-")[0])
    said = Switching(number, asked.action, asked.by, asked.reason, services.clock.now(), asked.what)
    following = replace(following, switched=said)
    if everybody:
        following = replace(following, population=following.version, changed_at=time.time())
    if shelf.switched is not None:  # whoever threw that switch may not have lived to write it down
        await _keep(services, shelf.switched)
    await save_shelf(services.documents, following, etag)
    await _keep(services, said)
    return Switched(wanted, following.version, following.version if everybody else "")


async def _keep(services: Services, switching: Switching) -> None:
    """Write down who switched what; once is enough."""
    try:
        await services.documents.put(SWITCHINGS, f"{switching.number:09}", _encode(switching), "")
    except Conflict:
        return


def _check_journey(shelf: Shelf, asked: Asked) -> None:
    if asked.action in ("pause", "resume", "stop") and not any(
        name.startswith(f"journey {asked.what}|") for name in shelf.documents
    ):
        raise Rejected("no journey of this url is published", "unknown-journey")


async def _check_way(services: Services, canonical: str, step: str, way: str) -> None:
    shelf, _ = await load_shelf(services.documents)
    url, version = split_canonical(canonical)
    for document in await load_documents(services.documents, shelf):
        if document.kind == "journey" and (document.body.get("url"), document.body.get("version")) == (
            url,
            version,
        ):
            steps = parse_journey(document.body, document.where).steps
            splits = [each for each in steps if isinstance(each, SplitStep) and each.id == step]
            if any(way == each.name for split in splits for each in split.ways):
                return
            raise Rejected("that version has no such split, or the split no such way", "unknown-way")
    raise Rejected("no such version of a journey is published", "unknown-journey")
