"""Messages that need somebody: put into their list where they were before there was one.

The first walk of retention after an upgrade does so (shared.usecases.retention.walk); from then on decisions
keep the list.
"""

from __future__ import annotations

from shared.effects import IndexMessage
from shared.message.needing import need_of, state_of
from shared.patient.record import PatientRecord
from shared.usecases.services import Services


async def list_needs(services: Services, record: PatientRecord) -> None:
    """List the messages of a record, as it was read, that need somebody. Raises Unavailable.

    Whatever a later commit has written stays: the rows are dated as the record's latest commit's.
    """
    if record.erased is not None:
        return
    rows = {message.message_id: message for message in await services.patients.messages(record.key)}
    for message in {**rows, **record.messages}.values():
        if state_of(message):
            need = need_of(message, record.sequence - 1, message.delivery_at or message.due)
            await services.indexes.apply(record.key, IndexMessage(message.message_id, need))
