"""The hospital's side of a play: writes to the FHIR server, and everything else that a story can do."""

from __future__ import annotations

import aiohttp
import orjson

from sandbox.play.story import Behave, Doing, Remove, Reply, Write
from sandbox.stack import Stack

_FHIR = {"Content-Type": "application/fhir+json"}


class Hospital:
    """Does what acts say, over HTTP, as the systems of a hospital would."""

    def __init__(self, stack: Stack, session: aiohttp.ClientSession) -> None:
        self._stack = stack
        self._session = session
        self.versions: dict[str, str] = {}
        """Of every resource written: the version that the server gave it, "" once deleted."""

    async def do(self, doing: Doing) -> str:
        """Do it; returns the reference of the resource that was written, or ""."""
        match doing:
            case Write(resource=resource):
                return await self._write(resource)
            case Remove(reference=reference):
                await self._call("DELETE", f"{self._stack.urls['fhir']}/{reference}")
                self.versions[reference] = ""
                return reference
            case Reply(sender=sender, text=text):
                body = {"channel": "sms", "from": sender, "to": "+15555550100", "text": text}
                await self._call("POST", f"{self._stack.urls['acs']}/sandbox/inbound", body)
                return ""
            case Behave(behaviour=behaviour):
                await self.behave(behaviour)
                return ""

    async def behave(self, behaviour: dict[str, float]) -> None:
        """Tell the event source how to behave."""
        await self._call("PUT", f"{self._stack.urls['events']}/sandbox/behaviour", behaviour)

    async def _write(self, resource: dict[str, object]) -> str:
        reference = f"{resource['resourceType']}/{resource['id']}"
        url = f"{self._stack.urls['fhir']}/{reference}"
        answer = await self._call("PUT", url, resource)
        self.versions[reference] = str(answer["meta"]["versionId"])  # type: ignore[index] # FHIR says so
        return reference

    async def _call(self, method: str, url: str, body: object = None) -> dict[str, object]:
        data = None if body is None else orjson.dumps(body)
        headers = _FHIR if body is not None else {}
        async with self._session.request(method, url, data=data, headers=headers) as response:
            content = await response.read()
            response.raise_for_status()
        found = orjson.loads(content) if content else {}
        return found if isinstance(found, dict) else {}
