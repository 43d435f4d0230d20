"""What channels tell us afterwards of what was sent; what patients write back is shared.usecases.inbound.

… → message → *delivery report*: the next event on the same patient.
"""

from __future__ import annotations

from msgspec.structs import replace

from shared.errors import Rejected, Unavailable
from shared.events import DeliveryReported
from shared.fhir.instants import MINUTE
from shared.message.failures import FAILURES
from shared.usecases.jobs import Report
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services

_PATIENCE = 5 * MINUTE
"""For how long a report waits to become one of ours."""


async def take_report(services: Services, job: Report, trigger: Trigger) -> None:
    """Let a report happen to the patient whose message it is. Raises Rejected for one of none of ours.

    One that was faster than what we wrote down of the provider's id raises Unavailable, and comes again.
    """
    key = job.key or await services.indexes.patient_of_message(job.message_id)
    found = await _ours(services, key, job) if key else None
    if not key or found is None:
        if job.theirs and services.clock.now() - job.at < _PATIENCE:
            raise Unavailable("a delivery report for a message that we do not know yet")
        raise Rejected("a delivery report for a message that is not ours", "unknown-message")
    job = replace(job, message_id=found)
    event = DeliveryReported(job.message_id, job.status, job.at, _why(job), job.code)
    reaction = await react(services, key, [event], trigger)
    held = reaction.before.messages.get(job.message_id) or reaction.after.messages.get(job.message_id)
    for member in held.carries if held is not None else ():
        other, _, message_id = member.partition("/")
        own = replace(trigger, trigger_id=f"{trigger.trigger_id}-{other}")
        await react(services, other, [replace(event, message_id=message_id)], own)


async def _ours(services: Services, key: str, job: Report) -> str | None:
    """Return our id of the message: where the provider has one of its own, it was noted with the answer."""
    if not job.theirs:
        return job.message_id
    messages = await services.patients.messages(key)
    return next((m.message_id for m in messages if m.provider_id == job.message_id), None)


def _why(job: Report) -> str:
    """Say in words what kind of failure it is, and what the provider calls it."""
    words = FAILURES.get(job.code, "")
    return f"{words} ({job.reason})" if words and job.reason else words or job.reason
