"""The ports as workers see them: each operation of the memory adapters stands at its two named points."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from shared.adapters.memory import MemoryDocuments, MemoryIndexes, MemoryPatients, MemoryQueue
from shared.adapters.memory_fhir import MemoryFhir
from shared.adapters.memory_webhooks import MemoryWebhooks
from shared.errors import Conflict, Rejected, Unavailable
from shared.fhir.instants import MINUTE, Instant
from shared.fhir.references import ResourceKey
from shared.message.outbound import OutboundMessage, SendResult
from shared.patient.record import Decision
from shared.ports import BEYOND, Behind, Deletion, FhirRead, Stored, WebhookKind
from tests.simulation.gate import Gate
from tests.simulation.provider import Provider

type Seen = Callable[[Stored, Decision], None]


class Gated:
    """Any port: a method call becomes "before", the call, "after"; an async iterator is read at once."""

    def __init__(self, inner: Any, name: str, gate: Gate) -> None:
        self._inner = inner
        self._name = name
        self._gate = gate

    def __getattr__(self, method: str) -> Any:
        inner = getattr(self._inner, method)
        point = f"{self._name}.{method}"

        async def call(*args: Any, **kwargs: Any) -> Any:
            await self._gate.at(f"{point}:before")
            result = await inner(*args, **kwargs)
            await self._gate.at(f"{point}:after")
            return result

        return call

    async def _walk(self, method: str, *args: Any) -> AsyncIterator[Any]:
        await self._gate.at(f"{self._name}.{method}:before")
        found = [item async for item in getattr(self._inner, method)(*args)]
        await self._gate.at(f"{self._name}.{method}:after")
        for item in found:
            yield item


class GatedPatients(Gated):
    """PatientStore; every commit that takes effect is shown to `seen`."""

    def __init__(self, inner: MemoryPatients, gate: Gate, seen: Seen) -> None:
        super().__init__(inner, "patients", gate)
        self._seen = seen

    async def commit(self, stored: Stored, decision: Decision) -> Stored:
        await self._gate.at("patients.commit:before")
        written = await self._inner.commit(stored, decision)
        self._seen(stored, decision)
        await self._gate.at("patients.commit:after")
        return written

    def keys(self) -> AsyncIterator[str]:
        return self._walk("keys")

    def pending(
        self, overdue: Instant, behind: Behind | None = None, lower: str = "", upper: str = BEYOND
    ) -> AsyncIterator[str]:
        return self._walk("pending", overdue, behind, lower, upper)


class GatedDocuments(Gated):
    """Documents."""

    def __init__(self, inner: MemoryDocuments, gate: Gate) -> None:
        super().__init__(inner, "documents", gate)

    async def put(self, kind: str, name: str, body: bytes, etag: str | None) -> str:
        try:
            await self._gate.at("documents.put:before")
        except Conflict:
            if etag is not None:  # a write regardless of what is there never conflicts
                raise
        written: str = await self._inner.put(kind, name, body, etag)
        await self._gate.at("documents.put:after")
        return written

    def all(self, kind: str) -> AsyncIterator[tuple[str, bytes]]:
        return self._walk("all", kind)


class GatedQueue:
    """Queue; its points carry the queue's name."""

    def __init__(self, inner: MemoryQueue, gate: Gate) -> None:
        self._inner = inner
        self._gate = gate

    async def send(
        self, queue: str, body: bytes, delay: float = 0.0, *, session: str = "", once: str = ""
    ) -> None:
        await self._gate.at(f"queue.send.{queue}:before")
        await self._inner.send(queue, body, delay, session=session, once=once)
        await self._gate.at(f"queue.send.{queue}:after")


class GatedFhir(Gated):
    """FhirServer; a read may show the version before, or know nothing yet. `refused` are ids of resources."""

    def __init__(self, inner: MemoryFhir, gate: Gate, refused: set[str]) -> None:
        super().__init__(inner, "fhir", gate)
        self._refused = refused

    async def update(self, resource: Mapping[str, object], if_match: str | None = None) -> str:
        if await self._gate.at("fhir.update:before"):
            self._refused.add(str(resource["id"]))
            raise Rejected("the FHIR server refused the request (422)", "fhir-refused")
        version: str = await self._inner.update(resource, if_match)
        await self._gate.at("fhir.update:after")
        return version

    async def read(self, key: ResourceKey) -> FhirRead:
        fault = await self._gate.at("fhir.read:before")
        found = await self._inner.read(key)
        if fault and self._lags(key):
            found = await self._behind(key, fault)
        await self._gate.at("fhir.read:after")
        return found

    def _lags(self, key: ResourceKey) -> bool:
        """Say whether a replica may not yet have the current version: for a minute after it was written."""
        versions = self._inner._versions.get(key)
        return bool(versions) and self._inner._clock.now() - versions[-1][0] <= MINUTE

    async def _behind(self, key: ResourceKey, fault: str) -> FhirRead:
        older = await self._inner.history(key)
        if fault == "missing" or not older:
            return FhirRead(None)
        meta: Any = older[0]["meta"]
        return FhirRead(older[0], meta["versionId"])

    def search(self, resource_type: str, params: Mapping[str, str]) -> AsyncIterator[Mapping[str, object]]:
        return self._walk("search", resource_type, params)

    def everything(self, patient_id: str) -> AsyncIterator[Mapping[str, object]]:
        return self._walk("everything", patient_id)

    def deletions(self, resource_type: str, since: Instant) -> AsyncIterator[Deletion]:
        return self._walk("deletions", resource_type, since)


class GatedWebhooks:
    """Webhooks; `refused` are ids of posts, `in_vain` says when each could not be delivered."""

    def __init__(
        self, inner: MemoryWebhooks, gate: Gate, refused: set[str], in_vain: Callable[[str], None]
    ) -> None:
        self._inner = inner
        self._gate = gate
        self._refused = refused
        self._in_vain = in_vain

    @property
    def kinds(self) -> Mapping[str, WebhookKind]:
        return self._inner.kinds

    async def post(self, to: str, post_id: str, body: bytes) -> None:
        try:
            fault = await self._gate.at("webhooks.post:before")
        except Unavailable:
            self._in_vain(post_id)
            raise
        if fault:
            self._refused.add(post_id)
            raise Rejected(f"the webhook {to} does not take it (422)", "webhook-refused")
        await self._inner.post(to, post_id, body)
        await self._gate.at("webhooks.post:after")


class GatedChannel:
    """A Channel in front of the provider model."""

    def __init__(self, provider: Provider, gate: Gate) -> None:
        self._provider = provider
        self._gate = gate

    async def send(self, message: OutboundMessage) -> SendResult:
        before: Awaitable[str] = self._gate.at("provider.send:before")
        result = self._provider.take(message, await before)
        return self._provider.answer(result, await self._gate.at("provider.send:after"))


def indexes(inner: MemoryIndexes, gate: Gate) -> Gated:
    """Wrap the Indexes port."""
    return Gated(inner, "indexes", gate)
