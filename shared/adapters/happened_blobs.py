"""Files of the analytics log as blobs: append blobs that grow, block blobs written piece by piece.

https://learn.microsoft.com/rest/api/storageservices/append-block (4 MiB a block, 50,000 blocks a blob),
put-block, put-block-list, get-blob with x-ms-range, list-blobs. Nothing is held in memory whole.
"""

from __future__ import annotations

import asyncio
import base64
import xml.etree.ElementTree as ElementTree
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

from shared.adapters.blobs_rest import BlobRest
from shared.adapters.storage_rest import Answer
from shared.errors import Conflict, Unavailable
from shared.ports.happened import LogFile

PIECE = 4 * 1024 * 1024
"""Bytes sent or asked for at once."""
LARGEST = 16 * 1024 * 1024
"""Bytes after which a file that grows is full."""
_CHANGED = frozenset({404, 409, 412, 416})


class BlobHappenedFiles:
    """Files in one container."""

    def __init__(self, rest: BlobRest, container: str) -> None:
        self._rest, self._container = rest, container

    async def append(self, name: str, body: bytes) -> None:
        """See HappenedFiles.append; a file is full before the service says so."""
        for start in range(0, len(body), PIECE):
            await self._append(name, body[start : start + PIECE])

    async def _append(self, name: str, body: bytes) -> None:
        query = {"comp": "appendblock"}
        headers = {"x-ms-blob-condition-maxsize": str(LARGEST + PIECE)}
        answer = await self._rest.blob("PUT", self._path(name), query, body, headers)
        if answer.status == 404:
            made = {"x-ms-blob-type": "AppendBlob", "If-None-Match": "*"}
            _expect(await self._rest.blob("PUT", self._path(name), None, b"", made), 201, 409, 412)
            answer = await self._rest.blob("PUT", self._path(name), query, body, headers)
        if answer.status in (409, 412):
            raise Conflict(name)
        _expect(answer, 201)

    async def files(self, prefix: str) -> AsyncIterator[LogFile]:
        """See HappenedFiles.files."""
        query, marker = {"restype": "container", "comp": "list", "prefix": prefix}, ""
        while True:
            more = {"marker": marker} if marker else {}
            answer = await self._rest.blob("GET", self._container, {**query, **more})
            _expect(answer, 200)
            listed = ElementTree.fromstring(answer.body.decode("utf-8-sig"))  # noqa: S314 - our own account's answer
            for blob in listed.iter("Blob"):
                etag = (blob.findtext("Properties/Etag") or "").strip('"')
                size = int(blob.findtext("Properties/Content-Length") or 0)
                yield LogFile(blob.findtext("Name") or "", etag, size)
            marker = listed.findtext("NextMarker") or ""
            if not marker:
                return

    async def fetch(self, file: LogFile, target: Path, *, grown: bool = False) -> None:
        """See HappenedFiles.fetch."""
        with target.open("wb") as written:
            for start in range(0, file.size, PIECE):
                headers = {"x-ms-range": f"bytes={start}-{min(start + PIECE, file.size) - 1}"}
                if not grown:
                    headers["If-Match"] = f'"{file.etag}"'
                answer = await self._rest.blob("GET", self._path(file.name), None, b"", headers)
                if answer.status in _CHANGED:
                    raise Conflict(file.name)
                _expect(answer, 200, 206)
                await asyncio.to_thread(written.write, answer.body)

    async def put(self, name: str, source: Path, etag: str) -> None:
        """See HappenedFiles.put."""
        blocks: list[str] = []
        with source.open("rb") as read:
            while piece := await asyncio.to_thread(read.read, PIECE):
                blocks.append(base64.b64encode(f"{len(blocks):08d}".encode()).decode())
                query = {"blockid": blocks[-1], "comp": "block"}
                _expect(await self._rest.blob("PUT", self._path(name), query, piece), 201)
        listed = "".join(f"<Latest>{block}</Latest>" for block in blocks)
        body = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{listed}</BlockList>'.encode()
        headers = {"If-Match": f'"{etag}"'} if etag else {"If-None-Match": "*"}
        kind = "application/xml"
        answer = await self._rest.blob("PUT", self._path(name), {"comp": "blocklist"}, body, headers, kind)
        if answer.status in (404, 409, 412):
            raise Conflict(name)
        _expect(answer, 201)

    async def delete(self, file: LogFile) -> bool:
        """See HappenedFiles.delete."""
        headers = {"If-Match": f'"{file.etag}"'}
        answer = await self._rest.blob("DELETE", self._path(file.name), None, b"", headers)
        _expect(answer, 202, 404, 412)
        return answer.status != 412

    def _path(self, name: str) -> str:
        return f"{self._container}/{quote(name, safe='/')}"


def _expect(answer: Answer, *statuses: int) -> None:
    if answer.status not in statuses:
        raise Unavailable(f"the blob service answered {answer.status}")
