"""Files of dead letters: what Event Grid gave up, seen by counts and ids, replayed or thrown away."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from shared.errors import Rejected, Unavailable
from shared.fhir.dead_letter import COMMUNICATION, kind_of, read_dead_letters
from shared.fhir.notification import Heard
from shared.ports.running import DeadLetterFiles
from shared.usecases.replay import LIMITS, Replayed, replay
from shared.usecases.services import Services

MOST_IDS = 100
"""Ids of events that are named; all are counted."""

_WORDS = re.compile(r"[A-Za-z0-9 ,._:-]{1,120}")
_STRANGE = "…"


class LookedInto(Struct, frozen=True):
    """What is in a file: nothing that an event says of anybody."""

    events: int
    reasons: dict[str, int]
    """Why they were given up, as Event Grid says it."""
    changes: dict[str, int]
    """What they tell of: "Observation updated", "SMSReceived" and the like."""
    ids: tuple[str, ...]


async def look_into(services: Services, name: str) -> LookedInto:
    """Say what is in a file. Raises Rejected (unknown-dead-letter; or what is no such file), Unavailable."""
    found = read_dead_letters(await read_file(services, name), LIMITS)
    letters = found.letters
    told = found.parsed.notifications if isinstance(found.parsed, Heard) else ()
    changes = Counter(f"{each.key.resource_type} {each.action}" for one in told for each in one.changes)
    changes += Counter(_known(kind_of(each).removeprefix(COMMUNICATION)) for each in found.reports)
    return LookedInto(
        events=len(letters),
        reasons=_counted(letter.reason or "not told" for letter in letters),
        changes=dict(changes.most_common()),
        ids=tuple(letter.event_id for letter in letters[:MOST_IDS] if letter.event_id),
    )


async def replay_file(services: Services, name: str) -> Replayed:
    """Queue the events of a file, as often as it is asked for. Raises Rejected, Unavailable."""
    return await replay(services, await read_file(services, name))


async def read_file(services: Services, name: str) -> bytes:
    """Read a file. Raises Rejected (unknown-dead-letter), Unavailable."""
    body = await files(services).get(name)
    if body is None:
        raise Rejected("there is no such file of dead letters", "unknown-dead-letter")
    return body


def files(services: Services) -> DeadLetterFiles:
    """Return where the files are. Raises Unavailable where nobody said so."""
    found = services.deployment.dead_letters
    if found is None:
        raise Unavailable("there is no place for dead letters")
    return found


def _counted(reasons: Iterable[str]) -> dict[str, int]:
    return dict(Counter(map(_known, reasons)).most_common())


def _known(word: str) -> str:
    return word if _WORDS.fullmatch(word) else _STRANGE
