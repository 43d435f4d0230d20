"""The broker on a port: each link that a client opens is given what is at its address.

What is in the queues is in memory alone: a broker that ends has lost it. That is a limit of the sandbox;
Service Bus keeps copies of all that it has accepted.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from proton import Link, Receiver, Sender

from sandbox.ports import LOOPBACK
from sandbox.service_bus.broker import Broker, path_of
from sandbox.service_bus.door import Door
from sandbox.service_bus.errors import Refused
from sandbox.service_bus.incoming import Incoming
from sandbox.service_bus.links import refuse, remote_properties, wanted_session
from sandbox.service_bus.management import Management
from sandbox.service_bus.outgoing import Outgoing
from sandbox.service_bus.requests import Answers, Operate, Requests, put_token
from sandbox.service_bus.settings import Namespace, connection_string
from sandbox.service_bus.wire import LinkHandler, Wire

_CBS = "$cbs"
_MANAGEMENT = "/$management"
_SESSION_PATIENCE = 65.0  # seconds that Azure waits for a session unless the client says otherwise


@dataclass(frozen=True, slots=True)
class Running:
    """A broker that serves."""

    port: int

    @property
    def connection_string(self) -> str:
        """What an Azure client is given."""
        return connection_string(self.port)


@asynccontextmanager
async def started(namespace: Namespace, port: int = 0) -> AsyncIterator[Running]:
    """Serve on loopback; port 0 takes a free one. Raises OSError when the port is taken."""
    broker = Broker(namespace)
    serving = Attaching(broker)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Door(lambda: Wire(serving.attach), broker.counts), LOOPBACK, port
    )
    try:
        yield Running(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        server.close_clients()
        await server.wait_closed()
        broker.close()


class Attaching:
    """Decides what is at the other end of each link."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def attach(self, wire: Wire, link: Link) -> LinkHandler | None:
        """Open a link, or refuse it."""
        try:
            if isinstance(link, Sender):
                return self._sender(wire, link, path_of(link.remote_source.address))
            assert isinstance(link, Receiver)
            return self._receiver(wire, link, path_of(link.remote_target.address))
        except Refused as refusal:
            refuse(link, refusal)
            return None

    def _sender(self, wire: Wire, link: Sender, path: str) -> LinkHandler:
        if path == _CBS or path.endswith(_MANAGEMENT):
            answers = Answers(wire, link)
            answers.start()
            return answers
        entity = self._broker.entity(path)
        outgoing = Outgoing(self._broker, entity, wire, link)
        in_session, wanted = wanted_session(link)
        if in_session:
            entity.join_session(outgoing, wanted, _patience(link))
        else:
            entity.join(outgoing)
            outgoing.start()
        return outgoing

    def _receiver(self, wire: Wire, link: Receiver, path: str) -> LinkHandler:
        if path == _CBS or path.endswith(_MANAGEMENT):
            requests = Requests(wire, link, self._operate(path))
            requests.start()
            return requests
        incoming = Incoming(self._broker, self._broker.entity(path), link)
        incoming.start()
        return incoming

    def _operate(self, path: str) -> Operate:
        if path == _CBS:
            return put_token
        return Management(self._broker, self._broker.entity(path.removesuffix(_MANAGEMENT))).operate


def _patience(link: Link) -> float:
    limit = remote_properties(link).get("com.microsoft:timeout")
    return limit / 1000 if isinstance(limit, int) else _SESSION_PATIENCE
