"""The broker in a thread of its own, for tests: a client that blocks does not hold it up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

from sandbox.service_bus.service import Running, started
from sandbox.service_bus.settings import Namespace

_PATIENCE = 10.0


@contextmanager
def serving(namespace: Namespace, port: int = 0) -> Iterator[Running]:
    """Serve until the block ends. Raises OSError when the port is taken."""
    ready: Future[tuple[Running, asyncio.AbstractEventLoop, asyncio.Event]] = Future()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(namespace, port, ready)), daemon=True)
    thread.start()
    running, loop, stop = ready.result(_PATIENCE)
    try:
        yield running
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(_PATIENCE)


async def _serve(
    namespace: Namespace,
    port: int,
    ready: Future[tuple[Running, asyncio.AbstractEventLoop, asyncio.Event]],
) -> None:
    stop = asyncio.Event()
    try:
        async with started(namespace, port) as running:
            ready.set_result((running, asyncio.get_running_loop(), stop))
            await stop.wait()
    except OSError as problem:
        ready.set_exception(problem)
