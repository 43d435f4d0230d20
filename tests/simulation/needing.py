"""What the list of messages that need somebody must say once everything has come to rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shared.message.needing import state_of
from shared.patient.state import Message
from tests.simulation.world import World


def broken(world: World, rows: Mapping[str, Message]) -> Iterator[str]:
    """Say which message the list shows wrongly: what it says is what the message's own row says."""
    listed = {
        message_id: need.state
        for message_id, (_, need) in world.outside.indexes._needed.items()
        if need.state
    }
    wanted = {message_id: state for message_id, message in rows.items() if (state := state_of(message))}
    for message_id in sorted(listed.keys() | wanted.keys()):
        if listed.get(message_id) != wanted.get(message_id):
            yield (
                f"message {message_id} is listed as {listed.get(message_id)}, and is {wanted.get(message_id)}"
            )
