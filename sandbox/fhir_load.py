"""Loading many resources into the FHIR server: transaction bundles of PUTs that keep the resources' own ids.

Bundles of about a hundred on two connections are the fastest dependable way (see fhir_server.py); each
bundle is atomic and may be sent again, so a load that broke off is simply repeated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import batched

import aiohttp
import orjson

Resource = Mapping[str, object]

_HEADERS = {"Content-Type": "application/fhir+json", "Prefer": "return=minimal"}


class LoadFailedError(Exception):
    """The server refused a bundle; the message holds no content of a resource."""


async def load(
    session: aiohttp.ClientSession,
    base_url: str,
    resources: Iterable[Resource],
    progress: Callable[[int], object] = lambda count: None,
    *,
    batch: int = 100,
    connections: int = 2,
) -> int:
    """PUT every resource under its own id; return their number. `progress` hears each bundle's size."""
    bundles = iter(batched(resources, batch, strict=False))

    async def send_rest() -> int:
        sent = 0
        for bundle in bundles:
            await _post(session, base_url, bundle)
            progress(len(bundle))
            sent += len(bundle)
        return sent

    async with asyncio.TaskGroup() as group:
        senders = [group.create_task(send_rest()) for _ in range(connections)]
    return sum(sender.result() for sender in senders)


async def _post(session: aiohttp.ClientSession, base_url: str, resources: tuple[Resource, ...]) -> None:
    body = {"resourceType": "Bundle", "type": "transaction", "entry": list(_entries(resources))}
    async with session.post(base_url, data=orjson.dumps(body), headers=_HEADERS) as response:
        if response.status != 200:
            first = f"{resources[0].get('resourceType')} and {len(resources) - 1} more"
            raise LoadFailedError(f"the FHIR server answered {response.status} to a bundle of {first}")
        await response.read()


def _entries(resources: Iterable[Resource]) -> Iterator[dict[str, object]]:
    for resource in resources:
        place = f"{resource['resourceType']}/{resource['id']}"
        yield {"resource": resource, "request": {"method": "PUT", "url": place}}
