"""Whose story may go another way as nobody knows what became of a message: that does not count as broken.

Only where the message belongs to a journey that asks for it: whether it arrived, or what was answered to it.
"""

from __future__ import annotations

import json
from functools import cache

from shared.fhir.canonical import split_canonical
from tests.simulation.publications import batch
from tests.simulation.world import World


@cache
def _asking() -> frozenset[str]:
    """Return the urls of journeys that ask what became of their messages.

    Nobody answers "asks" in the histories that are compared.
    """
    bodies = [d.body for d in batch(1) if d.kind == "journey" and not d.body["url"].endswith("/asks")]
    words = ('"message": {', '"answer": {', '"fallback": true')
    return frozenset(body["url"] for body in bodies if any(word in json.dumps(body) for word in words))


def in_doubt(world: World) -> set[str]:
    """Return the keys of the patients whose journeys wait for word of a message that is not known."""
    return {
        key
        for key, messages in world.outside.patients._messages.items()
        for message in messages.values()
        if message.status == "unknown" and split_canonical(message.journey)[0] in _asking()
    }
