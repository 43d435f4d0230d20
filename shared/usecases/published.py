"""The Definitions port: the published catalogue, cached, and asked for again when it is some seconds old."""

from __future__ import annotations

import time

from shared.catalogue import Catalogue, build_catalogue
from shared.message.policy import Policy
from shared.ports import Documents
from shared.usecases.publish import load_documents, load_shelf


class PublishedDefinitions:
    """Definitions over the Documents port."""

    def __init__(self, documents: Documents, policy: Policy, seconds: float) -> None:
        self._documents = documents
        self._policy = policy
        self._seconds = seconds
        self._catalogue = build_catalogue((), "", policy)
        self._asked = -seconds - 1

    async def current(self) -> Catalogue:
        """Return the catalogue in force. Raises Unavailable only while none could ever be read."""
        if time.monotonic() - self._asked > self._seconds:
            await self._ask()
        return self._catalogue

    async def _ask(self) -> None:
        self._asked, before = time.monotonic(), self._asked
        try:
            shelf, _ = await load_shelf(self._documents)
            if shelf.version != self._catalogue.version:
                documents = await load_documents(self._documents, shelf)
                self._catalogue = build_catalogue(documents, shelf.version, self._policy)
        except BaseException:
            self._asked = before
            raise
