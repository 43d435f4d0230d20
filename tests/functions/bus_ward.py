"""The ward on Service Bus: the whole product, and how its queues and its provider stand."""

from __future__ import annotations

import json
import shutil
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from azure.servicebus import ServiceBusClient, ServiceBusReceivedMessage
from product_kit import Product, published, running
from ward import CLINIC, Ward

from sandbox.plan import ROOT
from shared.patient.state import Message

PATIENCE = 20.0


@contextmanager
def on_the_bus(folder: Path) -> Iterator[Product]:
    """Run the real app on Service Bus; it has one bug, for who sends an event named `explode`."""
    app = folder / "app"
    app.mkdir()
    shutil.copy(Path(__file__).parent / "broken_app.py", app / "function_app.py")
    shutil.copy(ROOT / "host.json", app)
    with running(folder, app=app, transport="servicebus") as product:
        yield product


async def opened(product: Product) -> Ward:
    """Put the definitions in force, and the clinic where it is."""
    if not product.published:
        await published(product)
    product.fhir.failing = 0
    product.fhir.put(CLINIC, product.clock.now())
    return Ward(product)


def get(url: str) -> Any:
    with urllib.request.urlopen(url) as answer:
        return json.load(answer)


def waiting(product: Product, queue: str) -> dict[str, int]:
    """Count the messages of a queue by state."""
    found = get(f"{product.urls['bus']}/sandbox/queues")[queue]
    assert isinstance(found, dict)
    return found


def executed(product: Product, function: str) -> int:
    """Count how often a function ran."""
    told = get(f"{product.urls['host']}/admin/host/status")["functions"]
    return next(int(each["executed"]) for each in told if each["name"] == function)


def accepted(product: Product) -> dict[str, int]:
    """Count how often the provider took each message, by our id."""
    stats = get(f"{product.urls['acs']}/sandbox/stats")
    return {name: int(counts["accepts"]) for name, counts in stats["requests"].items()}


def behave(product: Product, faults: object) -> None:
    """Have the provider misbehave."""
    url = f"{product.urls['acs']}/sandbox/faults"
    with urllib.request.urlopen(
        urllib.request.Request(url, json.dumps(faults).encode(), method="PUT")
    ) as answer:
        assert answer.status == 200


def dead(product: Product, queue: str) -> list[ServiceBusReceivedMessage]:
    """Take what lies in a dead-letter queue."""
    bus = product.stack.plan.bus
    with (
        ServiceBusClient.from_connection_string(bus, retry_total=0) as client,
        client.get_queue_receiver(queue, sub_queue="deadletter") as receiver,
    ):
        found = receiver.receive_messages(10, max_wait_time=PATIENCE)
        for message in found:
            receiver.complete_message(message)
        return found


async def rows(ward: Ward, people: Sequence[str]) -> list[Message]:
    """Return all messages of these people."""
    found = [await ward.rows(patient_id) for patient_id in people]
    return [row for each in found for row in each]
