"""Work on whole populations, by timer: reconciliation, audits, campaigns, and entry into journeys."""

from __future__ import annotations

import azure.functions as func

from functions.entries import entry
from functions.listening import Delivery, on_queue
from functions.serving import carry_out, logger
from shared.bootstrap import services
from shared.errors import Rejected
from shared.queues import AUDITS, ENTRIES, RECOVERIES
from shared.usecases.admission import admit, grant
from shared.usecases.audit import go_on, start_audit
from shared.usecases.campaigns.entry import enrol_for
from shared.usecases.campaigns.recall import recall
from shared.usecases.campaigns.tick import run_campaigns
from shared.usecases.deletions import find_deletions
from shared.usecases.jobs import Audit, EnrolFor, Grant, Job, Recall, Recovery
from shared.usecases.react import Trigger
from shared.usecases.recover import reconcile, recover
from shared.usecases.services import Services
from shared.usecases.winners import pick_winners

blueprint = func.Blueprint()


@blueprint.function_name("reconciliation")
@blueprint.timer_trigger("timer", "0 */5 * * * *")
@entry
async def reconciliation(timer: func.TimerRequest) -> None:
    """Search the FHIR server for changes that no notification brought."""
    logger.info("reconciliation queued %d changes", await reconcile(await services()))


@blueprint.function_name("deletions")
@blueprint.timer_trigger("timer", "0 20 * * * *")
@entry
async def deletions(timer: func.TimerRequest) -> None:
    """Ask the FHIR server's history for deletions that no notification brought."""
    logger.info("found %d deletions", await find_deletions(await services()))


@on_queue(blueprint, RECOVERIES)
async def recoveries(delivery: Delivery) -> None:
    """Look for what a source's notifications missed."""
    await carry_out(delivery, _recovery)


@blueprint.function_name("audit")
@blueprint.timer_trigger("timer", "0 10 2 * * *")
@entry
async def audit(timer: func.TimerRequest) -> None:
    """Begin to prove, for every patient, that all that is held of them agrees."""
    logger.info("audit %s begins", await start_audit(await services()))


@on_queue(blueprint, AUDITS)
async def audits(delivery: Delivery) -> None:
    """Look at one batch of an audit."""
    await carry_out(delivery, _audit)


@blueprint.function_name("admission")
@blueprint.timer_trigger("timer", "0 * * * * *")
@entry
async def admission(timer: func.TimerRequest) -> None:
    """Let those in who wait before journeys that take only so many at a time."""
    found = await admit(await services())
    if found.let_in:
        logger.info("let %d into journeys", found.let_in)
    for reason in found.hindered:
        logger.warning("nobody can be let into a journey: %s", reason)


@blueprint.function_name("winners")
@blueprint.timer_trigger("timer", "0 40 * * * *")
@entry
async def winners(timer: func.TimerRequest) -> None:
    """End the A/B tests that have a winner."""
    for name in await pick_winners(await services()):
        logger.info("a test has ended: %s", name)


@blueprint.function_name("campaigns")
@blueprint.timer_trigger("timer", "15 * * * * *")
@entry
async def campaigns(timer: func.TimerRequest) -> None:
    """Let every campaign that is running go on."""
    found = await run_campaigns(await services())
    if found.asked:
        logger.info("campaigns brought %d into journeys", found.asked)
    for reason in found.hindered:
        logger.warning("a campaign cannot go on: %s", reason)


@on_queue(blueprint, ENTRIES)
async def entries(delivery: Delivery) -> None:
    """Let one patient into a journey."""
    await carry_out(delivery, _entry)


async def _entry(ready: Services, job: Job, trigger: Trigger) -> None:
    match job:
        case Grant():
            await grant(ready, job, trigger)
        case EnrolFor():
            await enrol_for(ready, job, trigger)
        case Recall():
            await recall(ready, job, trigger)
        case _:
            raise Rejected("not an entry into a journey", "bad-job")


async def _audit(ready: Services, job: Job, trigger: Trigger) -> None:
    if not isinstance(job, Audit):
        raise Rejected("not an audit", "bad-job")
    found = await go_on(ready, job)
    if found is not None:
        tell = logger.warning if found.differed else logger.info
        told = (found.looked_at, found.differed, found.repaired, found.unchecked)
        tell("the audit looked at %d patients: %d differences, %d repaired, %d unchecked", *told)


async def _recovery(ready: Services, job: Job, trigger: Trigger) -> None:
    if not isinstance(job, Recovery):
        raise Rejected("not a recovery", "bad-job")
    logger.info("recovery queued %d changes", await recover(ready, job))
