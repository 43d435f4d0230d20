"""The Definitions port: the published catalogue, cached, and asked for again when it is some seconds old."""

from __future__ import annotations

import time
from collections.abc import Callable

from shared.catalogue import Catalogue, build_catalogue, publication
from shared.errors import Conflict, Unavailable
from shared.message.policy import Policy
from shared.ports import Documents
from shared.usecases.publish import load_documents, load_shelf


class PublishedDefinitions:
    """Definitions over the Documents port; `now` counts seconds."""

    def __init__(
        self, documents: Documents, policy: Policy, seconds: float, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._documents = documents
        self._policy = policy
        self._seconds = seconds
        self._now = now
        self._catalogue: Catalogue | None = None
        self._asked = 0.0

    async def current(self, seen: str = "") -> Catalogue:
        """Return the catalogue in force, none older than version `seen`, with which a record was decided.

        An instance that has not yet heard of a publication must not undo what another did by it. Raises
        Unavailable while none, or none as new, can be read.
        """
        held = self._catalogue
        if held is None or publication(seen) > publication(held.version):
            held = await self._ask()
        elif self._now() - self._asked > self._seconds:
            held = await self._renew(held)
        if publication(seen) > publication(held.version):
            raise Unavailable("the catalogue that a record was decided with cannot be read")
        return held

    async def _renew(self, held: Catalogue) -> Catalogue:
        """Ask again; meanwhile others go on with what is held, as does this caller when that fails."""
        self._asked = self._now()
        try:
            return await self._ask()
        except (Conflict, Unavailable):
            return held

    async def _ask(self) -> Catalogue:
        asked = self._now()
        shelf, _ = await load_shelf(self._documents)
        held = self._catalogue
        if held is None or publication(shelf.version) > publication(held.version):
            documents = await load_documents(self._documents, shelf)
            made = build_catalogue(
                documents,
                shelf.version,
                self._policy,
                shelf.publications,
                controls=shelf.controls,
            )
            held = self._catalogue  # another caller may have asked meanwhile
            if held is None or publication(made.version) > publication(held.version):
                held = self._catalogue = made
        self._asked = max(self._asked, asked)
        return held
