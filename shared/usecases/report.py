"""What channels tell us afterwards: delivery reports, and what patients write back.

… → message → *delivery report*: the next event on the same patient.
"""

from __future__ import annotations

from msgspec.structs import replace

from shared.errors import Rejected
from shared.events import DeliveryReported, InboundReceived
from shared.message.failures import FAILURES
from shared.usecases.jobs import Inbound, Report
from shared.usecases.merge import carry_over
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services


async def take_report(services: Services, job: Report, trigger: Trigger) -> None:
    """Let a report happen to the patient whose message it is. Raises Rejected for one of none of ours."""
    key = job.key or await services.indexes.patient_of_message(job.message_id)
    if not key:
        raise Rejected("a delivery report for a message that is not ours", "unknown-message")
    event = DeliveryReported(job.message_id, job.status, job.at, _why(job), job.code)
    await react(services, key, [event], trigger)


def _why(job: Report) -> str:
    """Say in words what kind of failure it is, and what the provider calls it."""
    words = FAILURES.get(job.code, "")
    return f"{words} ({job.reason})" if words and job.reason else words or job.reason


async def take_inbound(services: Services, job: Inbound, trigger: Trigger) -> int:
    """Let a reply happen to every patient that was written to at that contact point; how many."""
    keys = await services.indexes.patients_of_contact(job.channel, job.sender)
    event = InboundReceived(job.inbound_id, job.channel, job.sender, job.text, job.at)
    for key in keys:
        own = replace(trigger, trigger_id=f"{trigger.trigger_id}-{key}")
        reaction = await react(services, key, [event], own)
        await carry_over(services, reaction.after, own)
    return len(keys)
