"""What comes in at the port: an AMQP client, or somebody who asks by HTTP how the broker is.

`GET /sandbox/health` answers 200; `GET /sandbox/queues` counts the messages of each queue by state. One port
is enough, as the first bytes say which it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import msgspec

from sandbox.service_bus.counts import HEALTH, QUEUES, Counts

_HTTP = b"GET "
_END = b"\r\n\r\n"
_LONGEST = 16 * 1024


class Door(asyncio.Protocol):
    """Reads the first bytes of a connection, and hands an AMQP client on to what `make_wire` makes."""

    def __init__(
        self, make_wire: Callable[[], asyncio.Protocol], counts: Callable[[], Mapping[str, Counts]]
    ) -> None:
        self._make_wire = make_wire
        self._counts = counts
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first bytes."""
        assert isinstance(transport, asyncio.Transport)
        self._tcp = transport

    def data_received(self, data: bytes) -> None:
        """Decide as soon as there is enough to decide on."""
        self._read += data
        if not _HTTP.startswith(self._read[: len(_HTTP)]):
            self._hand_on()
        elif _END in self._read or len(self._read) > _LONGEST:
            self._tcp.write(self._answer(self._read.split(b" ", 2)[1]))
            self._tcp.close()

    def _hand_on(self) -> None:
        wire = self._make_wire()
        self._tcp.set_protocol(wire)
        wire.connection_made(self._tcp)
        wire.data_received(self._read)

    def _answer(self, path: bytes) -> bytes:
        asked = path.decode("ascii", "replace")
        if asked == QUEUES:
            return _response("200 OK", msgspec.json.encode(self._counts()))
        return _response("200 OK" if asked == HEALTH else "404 Not Found", b"{}")


def _response(status: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + body
