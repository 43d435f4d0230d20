"""What channels tell us afterwards of what was sent; what patients write back is shared.usecases.inbound.

… → message → *delivery report*: the next event on the same patient.
"""

from __future__ import annotations

from msgspec.structs import replace

from shared.errors import Rejected
from shared.events import DeliveryReported
from shared.message.failures import FAILURES
from shared.usecases.jobs import Report
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services


async def take_report(services: Services, job: Report, trigger: Trigger) -> None:
    """Let a report happen to the patient whose message it is. Raises Rejected for one of none of ours."""
    key = job.key or await services.indexes.patient_of_message(job.message_id)
    if not key:
        raise Rejected("a delivery report for a message that is not ours", "unknown-message")
    event = DeliveryReported(job.message_id, job.status, job.at, _why(job), job.code)
    reaction = await react(services, key, [event], trigger)
    held = reaction.before.messages.get(job.message_id) or reaction.after.messages.get(job.message_id)
    for member in held.carries if held is not None else ():
        other, _, message_id = member.partition("/")
        own = replace(trigger, trigger_id=f"{trigger.trigger_id}-{other}")
        await react(services, other, [replace(event, message_id=message_id)], own)


def _why(job: Report) -> str:
    """Say in words what kind of failure it is, and what the provider calls it."""
    words = FAILURES.get(job.code, "")
    return f"{words} ({job.reason})" if words and job.reason else words or job.reason
