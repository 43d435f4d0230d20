"""Bulk Data export over HTTP, beneath shared.adapters.fhir_http: kick-off, polling, files, clean-up.

https://hl7.org/fhir/uv/bulkdata/export.html ; Azure writes files to a storage container:
https://learn.microsoft.com/azure/healthcare-apis/fhir/export-data
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from typing import Literal

from yarl import URL

from shared.adapters.fhir_answers import retry_after
from shared.adapters.fhir_calls import Answer, FhirCalls
from shared.adapters.identity import TokenProvider
from shared.errors import Rejected, Unavailable
from shared.fhir.instants import Instant, iso, parse_instant
from shared.fhir.references import resource_key
from shared.ports import Export, ExportFile, ExportPending

_UNSUPPORTED = frozenset({400, 404, 405, 422, 501})
_FORGOTTEN = frozenset({404, 410})
_ASYNC = {"Prefer": "respond-async"}
_LONGEST_LINE = 32 * 1024 * 1024
_BLOBS = ".blob.core.windows.net"
_BLOB_VERSION = "2023-11-03"
_KINDS: tuple[Literal["output", "deleted", "error"], ...] = ("output", "deleted", "error")


class FhirBulk:
    """The BulkData port; `storage_token` opens files that Azure wrote into a storage account."""

    def __init__(self, calls: FhirCalls, storage_token: TokenProvider | None = None) -> None:
        self._calls = calls
        self._base = str(calls.base)
        self._storage_token = storage_token

    async def start_export(
        self, types: Collection[str], group: str = "", since: Instant | None = None, container: str = ""
    ) -> str:
        """Begin an export; where to ask for it. Raises Rejected (no-export), Unavailable."""
        scope = f"/{resource_key('Group', group)}" if group else ""
        asked = {"_type": ",".join(sorted(types))}
        if since is not None:
            asked["_since"] = iso(since)
        if container:
            asked["_container"] = container
        url = URL(f"{self._base}{scope}/$export").with_query(asked)
        answer = await self._calls.get(url, _UNSUPPORTED, _ASYNC)
        if answer.status in _UNSUPPORTED:
            raise Rejected(f"the FHIR server starts no such export ({answer.status})", "no-export")
        place = answer.headers.get("Content-Location", "")
        if answer.status != 202 or not place:
            raise Unavailable("the FHIR server does not say where its export is to be asked for")
        return str(self._ours(place))

    async def export_status(self, place: str) -> Export | ExportPending:
        """Ask how an export stands. Raises Rejected (no-such-export), Unavailable."""
        answer = await self._calls.get(self._ours(place), _FORGOTTEN)
        if answer.status in _FORGOTTEN:
            raise Rejected("the FHIR server knows no such export (any more)", "no-such-export")
        if answer.status == 202:
            return ExportPending(answer.headers.get("X-Progress", "")[:100], retry_after(answer.headers))
        return _manifest(place, answer)

    async def export_lines(self, export: Export, file: ExportFile) -> AsyncIterator[bytes]:
        """Walk the lines of a file. Raises Rejected (no-such-file, too-large), Unavailable."""
        url = self._calls.base.join(URL(file.url, encoded=True))
        headers = {"Accept": "application/fhir+ndjson", **await self._proof(export, url)}
        begun: list[bytes] = []
        async for chunk in self._calls.chunks(url, headers):
            first, *others = chunk.split(b"\n")
            begun.append(first)
            if sum(map(len, begun)) > _LONGEST_LINE:
                raise Rejected("a line of an exported file is longer than we take", "too-large")
            for other in others:
                yield b"".join(begun)
                begun = [other]
        if rest := b"".join(begun):
            yield rest

    async def _proof(self, export: Export, url: URL) -> dict[str, str]:
        """Show the FHIR token where it is asked for, and on other servers only over TLS."""
        ours = url.origin() == self._calls.base.origin()
        if self._storage_token is not None and url.scheme == "https" and str(url.host).endswith(_BLOBS):
            if "sig" in url.query:
                return {}
            return {"Authorization": f"Bearer {await self._storage_token()}", "x-ms-version": _BLOB_VERSION}
        if export.token and (ours or url.scheme == "https"):
            return await self._calls.authorization()
        return {}

    async def end_export(self, place: str) -> None:
        """Let the server forget an export; one that it does not know, or will not delete, is no error."""
        await self._calls.delete(self._ours(place), _UNSUPPORTED | _FORGOTTEN | {403})

    def _ours(self, place: str) -> URL:
        """Return the address of an export. Raises Unavailable when that is not on the same server."""
        try:
            there = self._calls.base.join(URL(place, encoded=True))
            same = there.origin() == self._calls.base.origin()
        except ValueError:
            same = False
        if not same:
            raise Unavailable("the export lies outside the FHIR server: check the base URL that it is set to")
        return there


def _manifest(place: str, answer: Answer) -> Export:
    """Read what an export holds. Raises Unavailable for what is none."""
    body = answer.body
    if not isinstance(body, dict) or not isinstance(body.get("output"), list):
        raise Unavailable("the FHIR server sent no manifest of its export")
    try:
        at = parse_instant(str(body.get("transactionTime")))
    except ValueError:
        raise Unavailable("the export does not say as of when it is") from None
    files = tuple(file for kind in _KINDS for file in _files(kind, body.get(kind)))
    return Export(place, at, files, body.get("requiresAccessToken") is True)


def _files(kind: Literal["output", "deleted", "error"], listed: object) -> list[ExportFile]:
    found = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return [
        ExportFile(kind, each["url"], str(each.get("type") or ""), _count(each.get("count")))
        for each in found
        if isinstance(each.get("url"), str)
    ]


def _count(value: object) -> int | None:
    return value if type(value) is int and value >= 0 else None
