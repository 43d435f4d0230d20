"""How many requests the functions host lets through at once; the others wait, or are told to come again."""

from __future__ import annotations

import asyncio

import pytest

from sandbox.functions_host.host_json import HttpSettings
from sandbox.functions_host.http_codec import HttpReply
from sandbox.functions_host.http_limits import HttpLimits


class Function:
    """Answers once it may; knows how many of its calls ran at once."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.running = 0
        self.most = 0

    async def answer(self) -> HttpReply:
        self.running += 1
        self.most = max(self.most, self.running)
        await self.gate.wait()
        self.running -= 1
        return HttpReply(200)


async def called(settings: HttpSettings, calls: int) -> tuple[list[int], int]:
    """Call so often before anything is answered; returns the statuses and how many ran at once."""
    function, limits = Function(), HttpLimits(settings)
    tasks = [asyncio.create_task(limits.within(function.answer)) for _ in range(calls)]
    await asyncio.wait(tasks, timeout=0)
    function.gate.set()
    replies = await asyncio.gather(*tasks)
    return [reply.status for reply in replies], function.most


@pytest.mark.parametrize(
    ("settings", "statuses", "most"),
    [
        (HttpSettings(), [200] * 9, 9),
        (HttpSettings(max_concurrent_requests=2), [200] * 9, 2),
        (HttpSettings(max_concurrent_requests=2, max_outstanding_requests=5), [200] * 5 + [429] * 4, 2),
    ],
)
async def test_no_more_run_or_wait_than_host_json_allows(
    settings: HttpSettings, statuses: list[int], most: int
) -> None:
    assert await called(settings, 9) == (statuses, most)


async def test_what_fails_makes_room() -> None:
    limits = HttpLimits(HttpSettings(max_concurrent_requests=1, max_outstanding_requests=1))

    async def fails() -> HttpReply:
        raise RuntimeError

    for _ in range(3):
        with pytest.raises(RuntimeError):
            await limits.within(fails)
    function = Function()
    function.gate.set()
    assert (await limits.within(function.answer)).status == 200
