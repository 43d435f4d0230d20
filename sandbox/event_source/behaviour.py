"""How badly the sandbox's Event Grid behaves: what it may do to each event between reading and sending it."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Annotated

import msgspec

Chance = Annotated[float, msgspec.Meta(ge=0, le=1)]
Milliseconds = Annotated[float, msgspec.Meta(ge=0, le=600_000)]


class Behaviour(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `PUT /sandbox/behaviour` sets; every field has its well-behaved default. Times are real, in ms."""

    duplicate: Chance = 0.0
    """How likely an event is sent twice."""
    reorder: Chance = 0.0
    """How likely an event is kept back for a while, so that later ones overtake it."""
    window_ms: Milliseconds = 200.0
    """The longest that a reordered event, or the second of two, is kept back."""
    delay_ms: Milliseconds = 0.0
    """How long every event is kept back."""
    drop: Chance = 0.0
    """How likely an event is never sent: only reconciliation can find that change."""
    hold: bool = False
    """Whether everything is kept back until this is false again."""
    batch: Annotated[int, msgspec.Meta(ge=1, le=5000)] = 64
    """The most events in one request; 1 is Azure's default."""
    seed: int = 1
    """Where chance starts; setting the behaviour starts it anew."""


class Chances:
    """Draws what happens to each event; the same seed and the same events give the same fates."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self._random = Random(behaviour.seed)

    def fates(self) -> Sequence[float]:
        """Draw the copies of the next event: the seconds that each is kept back; none when it is dropped."""
        asked, draw = self.behaviour, self._random.random
        if draw() < asked.drop:
            return ()
        late = draw() * asked.window_ms if draw() < asked.reorder else 0.0
        again = (draw() * asked.window_ms,) if draw() < asked.duplicate else ()
        return [(asked.delay_ms + wait) / 1000 for wait in (late, *again)]
