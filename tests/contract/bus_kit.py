"""What the tests of the Service Bus broker share: a real client that closes without delay."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from azure.servicebus import ServiceBusClient
from azure.servicebus._pyamqp.client import AMQPClient

from sandbox.service_bus.service import Running

PATIENCE = 10.0  # seconds to wait for what comes; the client returns as soon as it is there


@contextmanager
def connected(running: Running) -> Iterator[ServiceBusClient]:
    """Connect once, without the keep-alive thread: each link waits a second for its end when it closes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AMQPClient, "_keep_alive", lambda _client: None)
        with ServiceBusClient.from_connection_string(running.connection_string, retry_total=0) as client:
            yield client
