"""Loading a population into a FHIR server: transactions of PUTs, sized by what the server takes.

Each resource keeps its id, so that loading again changes versions and nothing else. A transaction that the
server refuses is halved until the resource at fault stands alone; that one is tried again at the end, when
all that it may refer to is there. A server out of breath gets smaller transactions, after a pause.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

import aiohttp
import orjson

from shared.adapters.fhir_answers import retry_after

type Resource = Mapping[str, object]
type Progress = Callable[[int], object]
"""Hears how many resources have been loaded since it was last called."""

SMALLEST, LARGEST = 10, 200
_HEADERS = {
    "Content-Type": "application/fhir+json",
    "Accept": "application/fhir+json",
    "Prefer": "return=minimal",
}
_BREATHLESS = frozenset({408, 413, 429, 500, 502, 503, 504})
_HOPELESS = frozenset({401, 403, 405})
_TRIES = 8
_TRIES_AS_IT_IS = 3  # then in halves: perhaps it is too much at once, or one resource is at fault
_MOST_REFUSED = 1000  # with nothing loaded yet: the address is wrong, or what we read is no FHIR
_LONGEST_PAUSE = 10.0


class LoadFailedError(Exception):
    """The server stopped answering; the message holds nothing of a resource."""


@dataclass(slots=True)
class Loaded:
    """What came of a load."""

    loaded: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    """How many resources the server would not take, by type and status: "Observation 422"."""


async def load(
    resources: Iterable[Resource],
    fhir_url: str,
    progress: Progress = lambda count: None,
    *,
    connections: int = 2,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Loaded:
    """PUT all resources, in order as far as `connections` at once allow. Raises LoadFailedError."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120)) as session:
        loader = _Loader(session, fhir_url.rstrip("/"), progress, sleep)
        await loader.run(iter(resources), connections)
        while loader.put_off:  # refused alone: perhaps it came before what it refers to
            waiting, loader.put_off = loader.put_off, []
            await loader.run(iter([resource for resource, _ in waiting]), 1)
            if len(loader.put_off) == len(waiting):
                break
        return Loaded(loader.loaded, _counts(loader.put_off))


def _counts(refused: list[tuple[Resource, int]]) -> dict[str, int]:
    names = [f"{resource.get('resourceType')} {status}" for resource, status in refused]
    return {name: names.count(name) for name in sorted(set(names))}


class _Loader:
    """The state that the senders share: how large a transaction may be, and what was refused."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        progress: Progress,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._session, self._url, self._progress, self._sleep = session, url, progress, sleep
        self._size = LARGEST // 2
        self.loaded = 0
        self.put_off: list[tuple[Resource, int]] = []

    async def run(self, resources: Iterator[Resource], connections: int) -> None:
        """Send all, `connections` transactions at once."""
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(connections):
                    group.create_task(self._send_rest(resources))
        except* LoadFailedError as failed:
            raise LoadFailedError(str(failed.exceptions[0])) from None

    async def _send_rest(self, resources: Iterator[Resource]) -> None:
        while taken := list(islice(resources, self._size)):
            await self._send(taken)

    async def _send(self, resources: list[Resource]) -> None:
        """Load these, in halves where the server refuses the whole."""
        status = await self._post(resources)
        if status < 300:
            self.loaded += len(resources)
            self._progress(len(resources))
        elif len(resources) == 1:
            self.put_off.append((resources[0], status))
        else:
            middle = len(resources) // 2
            await self._send(resources[:middle])
            await self._send(resources[middle:])

    async def _post(self, resources: list[Resource]) -> int:
        """Post one transaction until the server has an opinion; return its status."""
        body = orjson.dumps(_transaction(resources))
        for attempt in range(1, _TRIES + 1):
            status, asked = await self._try(body)
            if status not in _BREATHLESS:
                self._size = min(LARGEST, self._size + 2)
                return self._checked(status)
            self._size = max(SMALLEST, self._size // 2)
            if status == 413 or (attempt == _TRIES_AS_IT_IS and (status == 500 or len(resources) > 1)):
                return status
            pause = 0.1 * 2**attempt if asked is None else asked
            await self._sleep(min(pause, _LONGEST_PAUSE))
        raise LoadFailedError(f"the FHIR server did not take a resource in {_TRIES} tries ({status})")

    def _checked(self, status: int) -> int:
        """Return the status. Raises LoadFailedError when there is no point in going on."""
        if status in _HOPELESS or (len(self.put_off) >= _MOST_REFUSED and not self.loaded):
            raise LoadFailedError(f"the FHIR server refuses everything ({status})")
        return status

    async def _try(self, body: bytes) -> tuple[int, float | None]:
        try:
            async with self._session.post(self._url, data=body, headers=_HEADERS) as answer:
                await answer.read()
                return answer.status, retry_after(answer.headers)
        except (aiohttp.ClientError, TimeoutError, OSError):
            return 503, None


def _transaction(resources: Iterable[Resource]) -> dict[str, object]:
    return {"resourceType": "Bundle", "type": "transaction", "entry": [_entry(each) for each in resources]}


def _entry(resource: Resource) -> dict[str, object]:
    place = f"{resource['resourceType']}/{resource['id']}"
    return {"resource": resource, "request": {"method": "PUT", "url": place}}
