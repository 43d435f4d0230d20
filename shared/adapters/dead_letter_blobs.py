"""The DeadLetterFiles port over Azure Blob Storage: the container that Event Grid gives up into.

https://learn.microsoft.com/rest/api/storageservices/list-blobs: pages of `maxresults`, by name, with a marker
to go on from; https://learn.microsoft.com/azure/event-grid/delivery-and-retry#dead-letter-events.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from email.utils import parsedate_to_datetime

from shared.adapters.blobs_rest import BlobRest, StorageBlobs
from shared.errors import Rejected, Unavailable
from shared.fhir.instants import Instant
from shared.ports.running import DeadLetterFile


class DeadLetterBlobs:
    """Files in the container of dead letters; without the container there are none."""

    def __init__(self, rest: BlobRest, container: str) -> None:
        self._rest, self._container = rest, container
        self._blobs = StorageBlobs(rest, container)

    async def page(self, after: str, limit: int) -> tuple[tuple[DeadLetterFile, ...], str]:
        """See DeadLetterFiles.page."""
        query = {"restype": "container", "comp": "list", "maxresults": str(limit)}
        answer = await self._rest.blob("GET", self._container, query | ({"marker": after} if after else {}))
        if answer.status == 404:
            return (), ""
        if answer.status == 400 and after:
            raise Rejected("the list cannot be read on from there", "bad-cursor")
        if answer.status != 200:
            raise Unavailable(f"the blob service answered {answer.status}")
        listed = ElementTree.fromstring(answer.body.decode("utf-8-sig"))  # noqa: S314 - our own account's answer
        return tuple(map(_file, listed.iter("Blob"))), listed.findtext("NextMarker") or ""

    async def get(self, name: str) -> bytes | None:
        """See DeadLetterFiles.get."""
        return await self._blobs.get(name)

    async def delete(self, name: str) -> None:
        """See DeadLetterFiles.delete."""
        await self._blobs.delete(name)


def _file(blob: ElementTree.Element) -> DeadLetterFile:
    written = parsedate_to_datetime(blob.findtext("Properties/Last-Modified", ""))
    size = int(blob.findtext("Properties/Content-Length") or 0)
    return DeadLetterFile(blob.findtext("Name", ""), size, Instant(int(written.timestamp()) * 1_000_000))
