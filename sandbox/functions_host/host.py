"""The functions host: loads an app, starts its triggers, and stops them in order.

    host = FunctionsHost(HostOptions(app_dir=Path(".")))
    await host.start()
    reply = await host.invoke_http("POST", "/api/notifications", b"{}", key=host.options.keys.master)
    await host.stop()

One host a process at a time: the runtime that it uses keeps an app in module globals (see worker.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from sandbox.functions_host import worker
from sandbox.functions_host.admin import Admin, FunctionStatus, HostStatus
from sandbox.functions_host.bus_listener import BusListener
from sandbox.functions_host.bus_ports import BusSource
from sandbox.functions_host.host_json import HostSettings, load_host_settings
from sandbox.functions_host.http_codec import HttpCall, HttpReply
from sandbox.functions_host.http_front import HttpFront
from sandbox.functions_host.http_limits import HttpLimits
from sandbox.functions_host.http_server import HttpServer
from sandbox.functions_host.invoker import Invoker, Tally
from sandbox.functions_host.keys import HEADER
from sandbox.functions_host.options import HostOptions
from sandbox.functions_host.queue_listener import QueueListener, QueuePolicy
from sandbox.functions_host.queue_messages import body_datum, trigger_metadata
from sandbox.functions_host.queue_ports import Received
from sandbox.functions_host.queue_service import OpenQueue, QueueOutputs, RestQueues
from sandbox.functions_host.routes import Router
from sandbox.functions_host.specs import (
    FunctionSpec,
    LoadError,
    QueueTrigger,
    ServiceBusTrigger,
    TimerTrigger,
    read_specs,
)
from sandbox.functions_host.timers import Timers
from sandbox.functions_host.worker import Outcome

if TYPE_CHECKING:
    from sandbox.functions_host.bus_amqp import AmqpBuses

type Listener = QueueListener | BusListener


class FunctionsHost:
    """Serves one function app in this process."""

    def __init__(self, options: HostOptions) -> None:
        self.options = options
        self.specs: dict[str, FunctionSpec] = {}
        self.port: int | None = None
        self._state = "Created"
        self._queues = RestQueues()
        self._buses: AmqpBuses | None = None
        self._listeners: list[Listener] = []

    async def start(self) -> None:
        """Load the app and start its triggers. Raises LoadError, ValueError (host.json), OSError (port)."""
        settings = load_host_settings(self.options.app_dir, self.options.environ)
        self.specs = {
            spec.name: spec
            for spec in read_specs(await worker.load(self.options.app_dir), self.options.environ)
        }
        try:
            self._assemble(settings)
            await self._start_triggers()
        except BaseException:
            await self.stop(grace=0)
            raise
        self._state = "Running"

    def _assemble(self, settings: HostSettings) -> None:
        options, extensions = self.options, settings.extensions
        open_queue = options.open_queue or self._queues.open
        outputs = QueueOutputs(open_queue, extensions.queues.message_encoding, self.poke)
        self._invoker = Invoker(outputs)
        self._timers = Timers(self.specs.values(), self._invoker, options.clock)
        self._listeners = [
            listener
            for spec in self.specs.values()
            if (listener := self._listener(spec, settings, open_queue)) is not None
        ]
        try:
            router = Router(self.specs.values(), extensions.http.route_prefix)
        except ValueError as problem:
            raise LoadError(str(problem)) from problem
        admin = Admin(self.status, self._run_by_hand, options.open_status)
        self._front = HttpFront(router, options.keys, self._invoker, admin, HttpLimits(extensions.http))
        self._server = HttpServer(self._front, options.max_body)

    def _listener(self, spec: FunctionSpec, settings: HostSettings, open_queue: OpenQueue) -> Listener | None:
        if not self.options.triggers:
            return None
        match spec.trigger:
            case QueueTrigger() as trigger:
                queue = open_queue(trigger.connection, trigger.queue)
                poison = open_queue(trigger.connection, f"{trigger.queue}-poison")
                policy = QueuePolicy(
                    settings.extensions.queues, self.options.lease, self.options.shortest_poll
                )
                return QueueListener(spec, trigger, queue, poison, self._invoker, policy)
            case ServiceBusTrigger() as trigger:
                bus = settings.extensions.service_bus
                source = self._open_bus(trigger, bus.renewal_seconds)
                return BusListener(spec, trigger, source, self._invoker, bus)
        return None

    def _open_bus(self, trigger: ServiceBusTrigger, renewal: float) -> BusSource:
        """Open a queue of Service Bus; proton is imported only for an app that has such a trigger."""
        if self.options.open_bus is not None:
            return self.options.open_bus(trigger, renewal)
        if self._buses is None:
            from sandbox.functions_host.bus_amqp import AmqpBuses

            self._buses = AmqpBuses()
        try:
            return self._buses.open(trigger, renewal)
        except ValueError as problem:
            raise LoadError(f"queue {trigger.queue}: {problem}") from problem

    async def _start_triggers(self) -> None:
        if self.options.port is not None:
            self.port = await self._server.start(self.options.address, self.options.port)
        for listener in self._listeners:
            listener.start()
        if self.options.triggers:
            self._timers.start()

    async def stop(self, grace: float | None = None) -> None:
        """Take nothing new, let what is under way end for `grace` seconds, then break it off."""
        self._state = "Stopping"
        if hasattr(self, "_server"):
            await self._server.stop_listening()
            await self._timers.stop()
            await asyncio.gather(*(listener.stop() for listener in self._listeners))
            await self.drain(self.options.grace if grace is None else grace)
            await self._timers.close()
            await asyncio.gather(*(listener.close() for listener in self._listeners))
            await self._server.close()
        await self._queues.close()
        if self._buses is not None:
            await self._buses.close()
        worker.forget()
        self._state = "Stopped"

    async def drain(self, grace: float) -> bool:
        """Wait until nothing is under way, settling included; False if `grace` seconds are too few."""
        try:
            async with asyncio.timeout(grace):
                while pending := self._pending():
                    await asyncio.wait(pending)
                await self._invoker.drained()
                await self._server.answered()
        except TimeoutError:
            return False
        return True

    def _pending(self) -> set[asyncio.Task[None] | asyncio.Task[Outcome]]:
        return {*self._timers.pending(), *(task for each in self._listeners for task in each.pending())}

    def poke(self, queue: str) -> None:
        """Make the listeners of `queue` look at it now."""
        for listener in self._listeners:
            if isinstance(listener, QueueListener) and listener.trigger.queue.lower() == queue.lower():
                listener.poke()

    def status(self) -> HostStatus:
        """Say what the host is doing."""
        functions = tuple(self._function_status(spec) for spec in self.specs.values())
        return HostStatus(self._state, functions, self._timers.caught_up_to, self.options.clock.now())

    def _function_status(self, spec: FunctionSpec) -> FunctionStatus:
        tally = self._invoker.tallies.get(spec.name) or Tally()
        trigger = type(spec.trigger).__name__.removesuffix("Trigger")
        return FunctionStatus(spec.name, trigger, tally.in_flight, tally.executed, tally.failed)

    @property
    def caught_up_to(self) -> int:
        """The instant up to which all due timers have been fired and have finished; microseconds UTC."""
        return self._timers.caught_up_to

    async def invoke_http(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        key: str = "",
    ) -> HttpReply:
        """Send a request through routes, keys and function, without a socket; `target` is path and query."""
        small = {name.lower(): value for name, value in (headers or {}).items()}
        if key:
            small[HEADER] = key
        origin = f"http://{self.options.address}:{self.port or 80}"
        return await self._front.handle(HttpCall(method.upper(), origin, target, small, body))

    async def fire_timer(self, name: str) -> Outcome:
        """Run a timer function now. Raises KeyError."""
        return await self._timers.fire(name)

    async def invoke_queue(self, name: str, body: bytes | str, dequeue_count: int = 1) -> Outcome:
        """Run a queue function with a message, as if received `dequeue_count` times. Raises KeyError."""
        spec = self.specs[name]
        if not isinstance(spec.trigger, QueueTrigger):
            raise KeyError(f"{name} is no queue function")
        raw = body.encode() if isinstance(body, str) else body
        message = Received("00000000-0000-0000-0000-000000000000", "", dequeue_count, "by-hand")
        return await self._invoker.invoke(
            spec, body_datum(raw, spec.trigger.binary), trigger_metadata(message)
        )

    async def _run_by_hand(self, name: str, text: str) -> bool:
        """Run a timer or queue function by name; False if there is none such."""
        spec = self.specs.get(name)
        if spec is None or not isinstance(spec.trigger, TimerTrigger | QueueTrigger):
            return False
        await (
            self.fire_timer(name) if isinstance(spec.trigger, TimerTrigger) else self.invoke_queue(name, text)
        )
        return True
