"""Let what was chosen on a page, off its queue, happen to the patient it is about."""

from __future__ import annotations

from shared.events import ConsentChosen
from shared.usecases.jobs import Chosen
from shared.usecases.merge import carry_over
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services


async def take_chosen(services: Services, job: Chosen, trigger: Trigger) -> None:
    """Let choices happen, and carry a no over to the record that this one was merged into."""
    event = ConsentChosen(job.chosen_id, job.permits, job.denials)
    reaction = await react(services, job.key, [event], trigger)
    await carry_over(services, reaction.after, trigger)
