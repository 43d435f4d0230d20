"""The Blobs port over Azure Blob Storage's REST API: one container, block blobs written in one piece.

https://learn.microsoft.com/rest/api/storageservices/put-blob, get-blob, list-blobs; signed with SharedKey
(https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key) or a bearer token.
"""

from __future__ import annotations

import time
import xml.etree.ElementTree as ElementTree
from collections.abc import AsyncIterator, Mapping
from email.utils import formatdate
from urllib.parse import quote, urlencode

from shared.adapters.storage_rest import VERSION, Answer, StorageRest
from shared.errors import Conflict, Unavailable

_THERE_ALREADY = frozenset({409, 412})


class BlobRest(StorageRest):
    """Signed requests to the blob service of one account."""

    async def blob(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        media_type: str = "",
    ) -> Answer:
        """Send a request; `path` is encoded already, `headers` are the x-ms-… ones. Raises Unavailable."""
        query, given = query or {}, dict(headers or {})
        match, none_match = given.pop("If-Match", ""), given.pop("If-None-Match", "")
        stamped = {**given, "x-ms-date": formatdate(int(time.time()), usegmt=True), "x-ms-version": VERSION}
        signed = await self._authorization(
            "SharedKey",
            lambda: (
                f"{method}\n\n\n{len(body) or ''}\n\n{media_type}\n\n\n{match}\n{none_match}\n\n\n"
                + "".join(f"{name}:{stamped[name]}\n" for name in sorted(stamped))
                + f"{self._root}/{path}"
                + "".join(f"\n{name}:{query[name]}" for name in sorted(query))
            ),
        )
        more = {"Content-Type": media_type} if media_type else {}
        more |= {"If-Match": match} if match else {}
        more |= {"If-None-Match": none_match} if none_match else {}
        text = urlencode(query, quote_via=quote)
        return await self._send(method, path, text, body, {**signed, **stamped, **more})


class StorageBlobs:
    """Files in one container."""

    def __init__(self, rest: BlobRest, container: str) -> None:
        self._rest = rest
        self._container = container

    async def create(self) -> None:
        """Make the container unless it exists."""
        answer = await self._rest.blob("PUT", self._container, {"restype": "container"})
        if answer.status not in (201, 409):
            raise Unavailable(f"the blob service answered {answer.status}")

    async def put(self, name: str, body: bytes, media_type: str, *, new: bool = False) -> None:
        """Write a file. Raises Unavailable, Conflict."""
        headers = {"x-ms-blob-type": "BlockBlob"} | ({"If-None-Match": "*"} if new else {})
        answer = await self._rest.blob("PUT", self._path(name), None, body, headers, media_type)
        if new and answer.status in _THERE_ALREADY:
            raise Conflict(name)
        if answer.status != 201:
            raise Unavailable(f"the blob service answered {answer.status}")

    async def get(self, name: str) -> bytes | None:
        """Read a file, or None. Raises Unavailable."""
        answer = await self._rest.blob("GET", self._path(name))
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise Unavailable(f"the blob service answered {answer.status}")
        return answer.body

    async def delete(self, name: str) -> None:
        """Remove a file. Raises Unavailable."""
        answer = await self._rest.blob("DELETE", self._path(name))
        if answer.status not in (202, 404):
            raise Unavailable(f"the blob service answered {answer.status}")

    async def names(self, prefix: str) -> AsyncIterator[str]:
        """Walk the names that begin so, page by page. Raises Unavailable."""
        query, marker = {"restype": "container", "comp": "list", "prefix": prefix}, ""
        while True:
            more = {"marker": marker} if marker else {}
            answer = await self._rest.blob("GET", self._container, {**query, **more})
            if answer.status != 200:
                raise Unavailable(f"the blob service answered {answer.status}")
            listed = ElementTree.fromstring(answer.body.decode("utf-8-sig"))  # noqa: S314 - our own account's answer
            for element in listed.iter("Name"):
                yield element.text or ""
            marker = listed.findtext("NextMarker") or ""
            if not marker:
                return

    def _path(self, name: str) -> str:
        return f"{self._container}/{quote(name, safe='/')}"
