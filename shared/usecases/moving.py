"""Move what stands in the queues of one transport to another, after a switch: by `hearthline move-queues`.

Sent first and removed then: a crash in between doubles a message, which does no harm, and loses none.
"""

from __future__ import annotations

from msgspec.structs import replace

from shared.errors import Rejected
from shared.ports import LeftBehind, LeftMessage
from shared.usecases.jobs import decode_job, encode_job, envelope_of, session_of
from shared.usecases.posting import pass_on
from shared.usecases.services import Services


async def move(services: Services, left: LeftBehind, queue: str) -> int:
    """Move one queue's messages to the transport in use; how many. Raises Unavailable."""

    async def send(message: LeftMessage) -> None:
        body, session = handed_on(message)
        await pass_on(services.queue, queue, body, session, message.message_id)

    return await left.take_out(queue, send)


def handed_on(message: LeftMessage) -> tuple[bytes, str]:
    """Return a message's body for another queue, and whose turn it is.

    It stays the same trigger, handed out before perhaps: what that claimed to send is known to be its own.
    """
    try:
        job = decode_job(message.body)
    except Rejected:
        return message.body, ""  # Event Grid's go as they are
    along = envelope_of(message.body)
    trigger = along.trigger or message.message_id
    return encode_job(job, replace(along, trigger=trigger, deliveries=along.deliveries + 1)), session_of(job)
