"""What counts as busy, what does not, and that a look which differs from the last one is not trusted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from sandbox.idle import BusyError, look, until_idle
from shared.adapters.clock import FileClock
from shared.fhir.instants import SECOND, Instant

NOW = Instant(1_000 * SECOND)


@dataclass
class Pretence:
    """Answers for every service of a stack; `changes` alters the answers at each look at the host."""

    clock: FileClock
    url: str = ""
    queues: dict[str, int] = field(default_factory=lambda: {"changes": 0})
    pending: int = 0
    in_flight: int = 0
    executed: Iterable[int] = (0,)
    timers_at: int = NOW
    acs_pending: int = 0

    def __post_init__(self) -> None:
        self._executed = list(self.executed)

    @property
    def urls(self) -> dict[str, str]:
        return dict.fromkeys(("host", "events", "acs"), self.url)

    @property
    def connection_string(self) -> str:
        return f"AccountName=devstoreaccount1;AccountKey=a2V5;QueueEndpoint={self.url}/devstoreaccount1;"

    async def answer(self, request: web.Request) -> web.Response:
        if request.path == "/admin/host/status":
            return web.json_response(self._host())
        if request.path == "/sandbox/stats" and "ids" in request.query:
            return web.json_response({"accepted": 0, "events": {"pending": self.acs_pending}})
        if request.path == "/sandbox/stats":
            return web.json_response({"pending": self.pending})
        if request.query.get("comp") == "list":
            return web.Response(body="".join(f"<Queue><Name>{name}</Name></Queue>" for name in self.queues))
        count = self.queues[request.path.rpartition("/")[2]]
        return web.Response(headers={"x-ms-approximate-messages-count": str(count)})

    def _host(self) -> dict[str, object]:
        executed = self._executed.pop(0) if len(self._executed) > 1 else self._executed[0]
        function = {"name": "f", "trigger": "Queue", "failed": 0, "inFlight": self.in_flight}
        functions = [{**function, "executed": executed}]
        return {"state": "Running", "functions": functions, "timersCaughtUpTo": self.timers_at, "now": NOW}


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[Pretence]:
    pretence = Pretence(FileClock.create(tmp_path / "clock", NOW, speed=0.0))
    app = web.Application()
    app.router.add_get("/{path:.*}", pretence.answer)
    async with TestServer(app) as server:
        pretence.url = str(server.make_url("")).rstrip("/")
        yield pretence


async def busy(stack: Pretence) -> tuple[str, ...]:
    async with aiohttp.ClientSession() as session:
        return (await look(stack, session)).busy


async def test_nothing_to_do_is_idle(stack: Pretence) -> None:
    assert (await until_idle(stack, 1)).busy == ()


@pytest.mark.parametrize(
    ("what", "value", "words"),
    [
        ("queues", {"changes": 2, "outbox": 0}, "queue changes: 2"),
        ("pending", 3, "3 event(s) not delivered"),
        ("in_flight", 1, "function f: 1 running"),
        ("timers_at", NOW - 60 * SECOND, "timers 60 s behind the clock"),
        ("acs_pending", 4, "4 ACS event(s) not delivered"),
    ],
)
async def test_each_place_is_named_when_busy(stack: Pretence, what: str, value: object, words: str) -> None:
    setattr(stack, what, value)
    assert await busy(stack) == (words,)
    with pytest.raises(BusyError) as caught:
        await until_idle(stack, 0)
    assert words in str(caught.value)


async def test_timers_may_lag_a_little_behind_a_clock_that_runs(stack: Pretence) -> None:
    stack.timers_at = NOW - 60 * SECOND
    stack.clock.set(NOW, speed=20_000.0)
    assert await busy(stack) == ()


async def test_poison_does_not_keep_it_busy_but_is_told(stack: Pretence) -> None:
    stack.queues = {"changes": 0, "changes-poison": 1}
    assert (await until_idle(stack, 1)).poisoned == {"changes-poison": 1}


async def test_a_look_is_not_trusted_while_work_goes_on(stack: Pretence) -> None:
    stack._executed = [1, 2, 3, 3]
    assert (await until_idle(stack, 1)).done[0] == 3


async def test_a_service_that_does_not_answer_is_busy(stack: Pretence) -> None:
    stack.url = "http://127.0.0.1:1"
    [words] = await busy(stack)
    assert words.startswith("a service does not answer")
