"""A function app with Service Bus triggers: it records what it is given, waits and fails when asked to."""

from __future__ import annotations

import asyncio
from typing import List  # noqa: UP035 - the runtime knows no list[...] in annotations

import azure.functions as func

app = func.FunctionApp()
seen: list[object] = []
changed = asyncio.Event()
gate = asyncio.Event()


def note(what: object) -> None:
    seen.append(what)
    changed.set()


@app.service_bus_queue_trigger(arg_name="msg", queue_name="one", connection="BUS")
async def one(msg: func.ServiceBusMessage) -> None:
    note((msg.get_body(), msg.message_id, msg.delivery_count, msg.application_properties))
    if msg.get_body() == b"wait":
        await gate.wait()
    if msg.get_body() == b"fail":
        raise RuntimeError("as asked")


@app.service_bus_queue_trigger(arg_name="msgs", queue_name="many", connection="BUS", cardinality="many")
async def many(msgs: List[func.ServiceBusMessage]) -> None:  # noqa: UP006 - see above
    note([(msg.get_body(), msg.message_id, msg.user_properties) for msg in msgs])


@app.service_bus_queue_trigger(
    arg_name="msg", queue_name="ordered", connection="BUS", is_sessions_enabled=True
)
async def ordered(msg: func.ServiceBusMessage) -> None:
    note((msg.session_id, msg.get_body(), msg.delivery_count))
    if msg.get_body() == b"once" and msg.delivery_count == 1:
        raise RuntimeError("as asked")
