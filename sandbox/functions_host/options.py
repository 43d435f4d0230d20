"""What a FunctionsHost can be told; the defaults are Azure's, or a sandbox's where that says so."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.functions_host.bus_ports import BusSource
from sandbox.functions_host.clocks import Clock
from sandbox.functions_host.keys import Keys, new_keys
from sandbox.functions_host.queue_service import OpenQueue
from sandbox.functions_host.specs import ServiceBusTrigger
from shared.adapters.clock import SystemClock

type OpenBus = Callable[[ServiceBusTrigger, float], BusSource]
"""(trigger, seconds to renew locks for) → where its messages come from."""


@dataclass(frozen=True, slots=True)
class HostOptions:
    """How one host is to run.

    `port` None serves no port and 0 lets the system choose; `triggers` False starts no timer, queue or bus
    (tests drive them by hand). `max_body` is in bytes, `lease`, `shortest_poll` and `grace` in seconds; the
    lease is 600 in Azure, the shortest poll 0.1. `environ` holds the app settings. `open_status` shows the
    status to this machine without the master key.
    """

    app_dir: Path
    port: int | None = 0
    address: str = "127.0.0.1"
    triggers: bool = True
    keys: Keys = field(default_factory=new_keys)
    clock: Clock = field(default_factory=SystemClock)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    max_body: int = 100 * 1024 * 1024
    lease: int = 30
    shortest_poll: float = 0.02
    grace: float = 10.0
    open_status: bool = True
    open_queue: OpenQueue | None = None
    open_bus: OpenBus | None = None
