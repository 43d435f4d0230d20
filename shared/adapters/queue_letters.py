"""What stands in a Storage queue: count it, peek, take, delete, show again; for poison queues and for watch.

https://learn.microsoft.com/rest/api/storageservices/queue-service-rest-api
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec import Struct

from shared.adapters.storage_rest import Answer, StorageRest
from shared.errors import Unavailable
from shared.fhir.instants import Instant, from_datetime

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MOST = 32
"""Messages that one request peeks or takes.

https://learn.microsoft.com/rest/api/storageservices/peek-messages
"""

_GONE = frozenset({400, 404})  # Azurite answers 400 to a pop receipt that is no longer good


class Letter(Struct, frozen=True):
    """A message as it stands in a queue; `receipt` only where it was taken."""

    letter_id: str
    text: str
    inserted: Instant
    receipt: str = ""

    @property
    def body(self) -> bytes:
        """Return what was sent: base64 is how the Functions host wants it; other text is as it is."""
        try:
            return base64.b64decode(self.text, validate=True)
        except (binascii.Error, ValueError):
            return self.text.encode()


class Letters:
    """The messages of one Storage queue; one that does not exist is empty."""

    def __init__(self, rest: StorageRest, name: str) -> None:
        self._rest = rest
        self._name = name
        self._messages = f"{name}/messages"

    async def count(self) -> int | None:
        """Return about how many there are, hidden ones too, never too few; None where there is no queue.

        https://learn.microsoft.com/rest/api/storageservices/get-queue-metadata
        """
        answer = await self._rest.queue("GET", self._name, {"comp": "metadata"})
        if answer.status == 404:
            return None
        _expect(answer, 200)
        return int(answer.headers.get("x-ms-approximate-messages-count", 0))

    async def peek(self, count: int) -> list[Letter]:
        """Look at the first `count`, 32 at most, of those that are visible."""
        return await self._get({"peekonly": "true", "numofmessages": str(min(count, MOST))})

    async def take(self, count: int, seconds: int) -> list[Letter]:
        """Hide the first `count`, 32 at most, for some seconds, and return them."""
        return await self._get({"numofmessages": str(min(count, MOST)), "visibilitytimeout": str(seconds)})

    async def delete(self, letter: Letter) -> bool:
        """Delete a message that was taken; False where it is somebody else's, or gone."""
        answer = await self._rest.queue("DELETE", self._path(letter), {"popreceipt": letter.receipt})
        if answer.status in _GONE:
            return False
        _expect(answer, 204)
        return True

    async def show(self, letter: Letter) -> None:
        """Make a message visible again that was taken; one that is somebody else's is left to them."""
        query = {"popreceipt": letter.receipt, "visibilitytimeout": "0"}
        answer = await self._rest.queue("PUT", self._path(letter), query)
        if answer.status not in _GONE:
            _expect(answer, 204)

    async def _get(self, query: Mapping[str, str]) -> list[Letter]:
        from xml.etree import ElementTree  # not at a cold start

        answer = await self._rest.queue("GET", self._messages, query)
        if answer.status == 404:
            return []
        _expect(answer, 200)
        return [_letter(node) for node in ElementTree.fromstring(answer.body)]  # noqa: S314  # from storage itself

    def _path(self, letter: Letter) -> str:
        return f"{self._messages}/{quote(letter.letter_id, safe='')}"


def _letter(node: Element) -> Letter:
    fields = {child.tag: child.text or "" for child in node}
    inserted = from_datetime(parsedate_to_datetime(fields["InsertionTime"]))
    return Letter(fields["MessageId"], fields["MessageText"], inserted, fields.get("PopReceipt", ""))


def _expect(answer: Answer, wanted: int) -> None:
    if answer.status != wanted:
        raise Unavailable(f"the queue service answered {answer.status}")
