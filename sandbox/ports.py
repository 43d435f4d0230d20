"""Where the local stack listens: one port a service on loopback, and a clear word when one is taken."""

from __future__ import annotations

import socket
from dataclasses import dataclass, fields

LOOPBACK = "127.0.0.1"
DEFAULT_BASE = 7070
"""Chosen so that the functions host gets 7071, the port that Core Tools users know."""


class PortTakenError(Exception):
    """Somebody else listens on a port that the stack needs; the message says what to do."""

    def __init__(self, port: int, service: str, flag: str) -> None:
        others = f"choose others with --port-base (hearthline up takes {flag} too)"
        super().__init__(f"port {port} for {service} is taken: free it, or {others}")
        self.port = port


@dataclass(frozen=True, slots=True)
class Ports:
    """The port of each service."""

    fhir: int
    host: int
    acs: int
    events: int
    blob: int
    queue: int
    table: int
    webhooks: int
    bus: int
    """Service Bus: the broker listens only where the stack uses it."""
    issuer: int
    """The issuer of tokens for the admin API."""

    @classmethod
    def from_base(cls, base: int = DEFAULT_BASE) -> Ports:
        """Take ten ports in a row from `base`."""
        return cls(*range(base, base + len(fields(cls))))

    @classmethod
    def free(cls) -> Ports:
        """Pick ten ports that nobody listens on now (for tests that run side by side)."""
        return cls(*free_ports(len(fields(cls))))


def free_ports(count: int) -> list[int]:
    """Ask the system for `count` different ports that nobody listens on."""
    sockets = [socket.create_server((LOOPBACK, 0)) for _ in range(count)]
    try:
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()


def demand_free(port: int, service: str, flag: str) -> None:
    """Raise PortTakenError unless `port` can be listened on."""
    try:
        socket.create_server((LOOPBACK, port)).close()
    except OSError:
        raise PortTakenError(port, service, flag) from None


def url(port: int, path: str = "") -> str:
    """Write the address of a service on loopback."""
    return f"http://{LOOPBACK}:{port}{path}"
