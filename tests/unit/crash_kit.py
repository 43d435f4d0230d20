"""Processes that die: services over the same storage, of which some call is the last."""

from __future__ import annotations

from collections.abc import AsyncIterator
from inspect import isasyncgenfunction

from msgspec.structs import replace

from shared.usecases.services import Services


class Crash(Exception):
    """The process died here."""


class Fragile:
    """A port that dies before or after some call of it: `left` counts down over all such ports."""

    def __init__(self, inner: object, left: list[int]) -> None:
        self._inner = inner
        self._left = left

    def __getattr__(self, name: str) -> object:
        inner = getattr(self._inner, name)

        async def walk(*args: object) -> AsyncIterator[object]:
            self._tick()
            async for found in inner(*args):
                yield found
            self._tick()

        async def call(*args: object, **kwargs: object) -> object:
            self._tick()
            result = await inner(*args, **kwargs)
            self._tick()
            return result

        return walk if isasyncgenfunction(inner) else call

    def _tick(self) -> None:
        self._left[0] -= 1
        if self._left[0] == 0:
            raise Crash


def fragile(services: Services, calls: int) -> Services:
    """Return services of a process that dies at the call of this number."""
    left = [calls]
    return replace(
        services,
        indexes=Fragile(services.indexes, left),
        documents=Fragile(services.documents, left),
        queue=Fragile(services.queue, left),
        patients=Fragile(services.patients, left),
    )
