"""What servers that are processes of their own share: serve until told to stop, say that a port is taken."""

from __future__ import annotations

import asyncio
import errno
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any


async def until_told[T](started: AbstractAsyncContextManager[T], says: Callable[[T], str]) -> None:
    """Serve until SIGTERM or Ctrl-C; `says` is what is said once it is there."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with started as running:
        sys.stdout.write(f"{says(running)}\n")
        sys.stdout.flush()
        await stop.wait()


def exit_status(name: str, port: int, serving: Coroutine[Any, Any, None]) -> int:
    """Run a server; 2 where its port is taken, as the caller must choose another."""
    try:
        asyncio.run(serving)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        sys.stderr.write(f"{name}: port {port} is taken; choose another with --port\n")
        return 2
    return 0
