"""Which source a notification is of: one of the settings, or a stored one, looked up for some seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from shared.errors import Rejected, Unavailable
from shared.fhir.sources import Source
from shared.ports import Clock, Documents
from shared.ports.running import Seals
from shared.usecases.sources.heard import write_heard
from shared.usecases.sources.stored import StoredSource, all_sources, opened

NEVER = float("-inf")

OFTEN = 60.0
"""Seconds of real time between two notes of one source, by one instance."""


class NotifyingSources:
    """Those who may notify us. A stored source that was changed, or removed, counts for `seconds` more.

    All stored ones are read at once, so that whoever makes up names has us read no more often.
    """

    def __init__(
        self,
        documents: Documents | None = None,
        configured: Sequence[Source] = (),
        seals: Seals | None = None,
        clock: Clock | None = None,
        seconds: float = 0.0,
        real_time: Callable[[], float] = time.monotonic,
    ) -> None:
        self.configured, self.seals = tuple(configured), seals
        self._documents, self._clock = documents, clock
        self._seconds, self._real_time = seconds, real_time
        self._read = NEVER
        self._noted: dict[str, float] = {}
        self._stored: Mapping[str, StoredSource] = {}

    async def find(self, name: str | None) -> Source:
        """Return the source of that name, the first one of the settings for None.

        Raises Rejected (unknown-source), Unauthenticated (without a secret yet), Invalid, Unavailable.
        """
        for source in self.configured:
            if name in (None, source.name):
                return source
        stored = (await self._known()).get(name) if name is not None else None
        if stored is None or self._clock is None:
            raise Rejected("no such source of notifications is configured", "unknown-source")
        return opened(stored, self.seals, self._clock.now())

    async def note_heard(self, name: str) -> None:
        """Write down that a source was heard of, once a minute at most; that it cannot be is no failure."""
        now = self._real_time()
        if self._documents is None or self._clock is None or now - self._noted.get(name, NEVER) < OFTEN:
            return
        self._noted[name] = now
        with suppress(Unavailable):
            await write_heard(self._documents, name, self._clock.now())

    async def _known(self) -> Mapping[str, StoredSource]:
        now = self._real_time()
        if self._documents is not None and now - self._read >= self._seconds:
            self._stored = {each.name: each for each in await all_sources(self._documents)}
            self._read = now
        return self._stored
