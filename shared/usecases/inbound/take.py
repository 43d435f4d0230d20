"""Take in what a patient wrote: read it, find whose answer it is, let it happen to them, or ask.

… → message → delivery report; a reply is, like a report, the next event on the same patient. Taken in twice,
as queues deliver, it happens once: to whom it went before, it goes again, and changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec.structs import replace

from shared.events import InboundReceived
from shared.fhir.instants import Instant
from shared.message.asking import MOST_ASKED, PATIENCE, Asking, choices, choose
from shared.message.consent import HEARD_BY_ALL
from shared.message.contact import normalise
from shared.message.understanding.understand import understand
from shared.patient.record import PatientRecord
from shared.usecases.inbound import kept
from shared.usecases.inbound.routing import (
    NOTHING,
    Ask,
    Delivery,
    Scene,
    answers_another,
    route,
    to_all,
)
from shared.usecases.jobs import Inbound
from shared.usecases.merge import carry_over
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services


async def take_inbound(services: Services, job: Inbound, trigger: Trigger) -> int:
    """Let a reply happen to whom it concerns; how many were written to at that contact point.

    Raises Conflict, Unavailable.
    """
    keys = await services.indexes.patients_of_contact(job.channel, job.sender)
    if not keys:
        return 0
    scene = await _scene(services, job, sorted(keys))
    for delivery in await _deliveries(services, scene):
        own = replace(trigger, trigger_id=f"{trigger.trigger_id}-{delivery.key}")
        reaction = await react(services, delivery.key, [delivery.event], own)
        await carry_over(services, reaction.after, own)
    return len(keys)


async def _scene(services: Services, job: Inbound, keys: Sequence[str]) -> Scene:
    stored = await asyncio.gather(*(services.patients.load(key) for key in keys))
    records = tuple(each.record for each in stored)
    catalogue = await services.definitions.current()
    address = normalise(job.channel, job.sender, services.policy.region) or job.sender
    return Scene(
        _read(job, records), address, records, catalogue.journeys, services.policy, services.clock.now()
    )


def _read(job: Inbound, records: Sequence[PatientRecord]) -> InboundReceived:
    """Make an event of a reply, with what it means in the languages of those who may have written it."""
    languages = (tag for record in records if record.person for tag in record.person.languages)
    understood = understand(job.text, dict.fromkeys(languages))
    return InboundReceived(
        job.inbound_id,
        job.channel,
        job.sender,
        job.text,
        job.at,
        meaning=understood.meaning,
        number=understood.number,
    )


async def _deliveries(services: Services, scene: Scene) -> Sequence[Delivery]:
    """Say who hears what; what has been settled before is settled the same way again."""
    event = scene.event
    if event.meaning in HEARD_BY_ALL:
        return to_all(scene)
    asking, etag = await kept.find(services, event.channel, scene.address)
    if asking is not None and asking.chosen_by == event.inbound_id:
        return _chosen(asking, event)
    if heard := [record.key for record in scene.records if event.inbound_id in record.replies]:
        return [Delivery(key, event) for key in heard]
    if asking is not None and not asking.chosen_by and _is_choice(asking, scene):
        asking = _again(asking, event)
        await kept.keep(services, event.channel, scene.address, asking, etag)
        return _chosen(asking, event) if asking.chosen_by else [_which(asking, services)]
    routed = route(scene)
    if not isinstance(routed, Ask):
        return routed
    asking = Asking(event, routed.offers, Instant(scene.now + PATIENCE), (event.inbound_id,))
    await kept.keep(services, event.channel, scene.address, asking, etag)
    await kept.purge(services, scene.now)
    return [_which(asking, services)]


def _is_choice(asking: Asking, scene: Scene) -> bool:
    """Say whether a reply is for the choice that was asked for, and not the answer to something else."""
    event = scene.event
    chosen = choose(event.text, event.number, asking.offers) is not None
    return chosen or event.inbound_id in asking.asked or not answers_another(scene)


def _again(asking: Asking, event: InboundReceived) -> Asking:
    """Take a reply for the choice asked for; where it is none, ask once more, then leave it to staff."""
    if event.inbound_id in asking.asked:
        return asking
    offer = choose(event.text, event.number, asking.offers)
    if offer is not None:
        return replace(asking, chosen_by=event.inbound_id, chosen=offer.enrolment_id)
    if len(asking.asked) < MOST_ASKED:
        return replace(asking, asked=(*asking.asked, event.inbound_id))
    return replace(asking, chosen_by=event.inbound_id, chosen=NOTHING)


def _chosen(asking: Asking, event: InboundReceived) -> list[Delivery]:
    """Let the answer be heard by whom it is for; where nobody can tell, staff get it and what came last."""
    meant = next((o for o in asking.offers if o.enrolment_id == asking.chosen), None)
    if meant is not None:
        return [Delivery(meant.key, replace(asking.reply, about=meant.enrolment_id))]
    key = asking.offers[0].key
    return [Delivery(key, replace(each, about=NOTHING)) for each in (asking.reply, event)]


def _which(asking: Asking, services: Services) -> Delivery:
    """Ask by the first of the patients; the answer itself is heard under its own id, later."""
    offered = choices(asking.offers, services.zone)
    inbound_id = f"{asking.asked[-1]}.which"
    event = replace(asking.reply, inbound_id=inbound_id, about=NOTHING, choices=offered)
    return Delivery(asking.offers[0].key, event)
