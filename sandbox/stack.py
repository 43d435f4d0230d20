"""The whole local stack as one thing: started in order, healthy when entered, gone when left.

`async with Stack(Plan()) as stack:` is what `hearthline up`, `make run` and the end-to-end tests stand on.
Enter it on the main thread: the services die with the thread that started them (see processes.py).
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

from sandbox import fhir_server, plan
from sandbox.functions_host.keys import Keys, load_keys
from sandbox.plan import Plan, Stages
from sandbox.processes import Child, Children, ServiceFailedError
from shared.adapters.clock import FileClock, SystemClock

MakeStages = Callable[[Plan, Keys, str], Stages]

_STATE = (
    "azurite",
    "fhir",
    "events",
    "logs",
    "clock",
    "keys.json",
    "access-key",
    "issuer.pem",
    plan.SETTINGS,
)
_WATCH = 0.25


class FolderInUseError(Exception):
    """Another stack runs in the same folder."""


class Stack:
    """Starts and stops the services of a plan; `make_stages` replaces the real ones in tests."""

    def __init__(self, chosen: Plan | None = None, make_stages: MakeStages = plan.stages) -> None:
        self.plan = chosen or Plan()
        self._make_stages = make_stages
        self._children = Children()
        self._lock = -1
        self._restarting = ""

    async def __aenter__(self) -> Self:
        """Start everything. Raises PortTakenError, ServiceFailedError, FolderInUseError, OSError."""
        folder = self.plan.folder
        self._lock = _locked(folder)
        try:
            self._prepare(folder)
            for stage in self._make_stages(self.plan, self.keys, self.access_key):
                started = [self._children.start(service, folder / "logs") for service in stage]
                await asyncio.gather(*(asyncio.to_thread(child.wait_healthy) for child in started))
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything, the last started first."""
        await self._stop()

    @property
    def urls(self) -> Mapping[str, str]:
        """The address of each service, by its name; the FHIR server's is its base address."""
        found = {child.service.name: child.service.url for child in self._children.all()}
        return {**found, "fhir": fhir_server.base_url(self.plan.ports.fhir)}

    @property
    def function_key(self) -> str:
        """A key that opens every function of the host."""
        return next(iter(self.keys.host.values()))

    @property
    def children(self) -> list[Child]:
        """The running services in the order of starting."""
        return self._children.all()

    @property
    def connection_string(self) -> str:
        """How to reach the tables, queues and blobs."""
        return self.plan.connection_string

    async def restart_host(self, kill: bool = True) -> None:
        """End the functions host, with SIGKILL or in peace, start it again and wait until it is healthy."""
        self._restarting = "host"
        try:
            child = await self._children.restart("host", self.plan.folder / "logs", kill)
            await asyncio.to_thread(child.wait_healthy)
        finally:
            self._restarting = ""

    async def watch(self) -> NoReturn:
        """Return never; raise ServiceFailedError when a service ends by itself."""
        while True:
            for child in self.children:
                if not child.running and child.service.name != self._restarting:
                    raise ServiceFailedError(child.ended())
            await asyncio.sleep(_WATCH)

    def _prepare(self, folder: Path) -> None:
        if not self.plan.keep:
            _wipe(folder)
        if not self.plan.clock_file.exists():
            start = SystemClock().now() if self.plan.start is None else self.plan.start
            FileClock.create(self.plan.clock_file, start, self.plan.speed)
        self.clock = FileClock(self.plan.clock_file)
        self.keys = load_keys(self.plan.keys_file)
        self.access_key = _kept(folder / "access-key", plan.new_access_key)
        plan.write_settings(self.plan, self.access_key)

    async def _stop(self) -> None:
        await asyncio.to_thread(self._children.stop)
        os.close(self._lock)  # which unlocks


def _locked(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise FolderInUseError(f"a stack already runs in {folder}: stop it first") from None
    return lock


def _wipe(folder: Path) -> None:
    for name in _STATE:
        place = folder / name
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)


def _kept(path: Path, make: Callable[[], str]) -> str:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(make())
    return path.read_text()
