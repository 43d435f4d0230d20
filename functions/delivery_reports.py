"""Events of Communication Services and reports of other providers onto their queues; reports off theirs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

import azure.functions as func

from functions.entries import entry
from functions.listening import Delivery, on_queue
from functions.serving import answer, carry_out, logger, settle
from shared.bootstrap import intake, verify_provider
from shared.errors import Rejected
from shared.fhir.acs_events import (
    AcsEvent,
    AcsHandshake,
    AcsIgnored,
    AcsReply,
    AcsReport,
    parse_acs_events,
)
from shared.fhir.notification import Request
from shared.fhir.notifications.cloud_events_handshake import answer_options
from shared.fhir.provider_reports import parse_reports
from shared.queues import ACS_EVENTS, INBOUND, REPORTS
from shared.usecases.jobs import Inbound, Job, Report
from shared.usecases.posting import post
from shared.usecases.react import Trigger
from shared.usecases.report import take_report
from shared.usecases.services import Services

blueprint = func.Blueprint()


@blueprint.function_name("acs_events")
@blueprint.route("acs/events", methods=["POST", "OPTIONS"], auth_level=func.AuthLevel.FUNCTION)
@entry
async def acs_events(req: func.HttpRequest) -> func.HttpResponse:
    """Take what Event Grid brings from Communication Services; answered once it is on the queue."""
    if req.method.upper() == "OPTIONS":
        return await answer(lambda _: _options(req))
    return await answer(lambda ready: _take(ready, req))


@blueprint.function_name("provider_reports")
@blueprint.route("reports/{provider}", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@entry
async def provider_reports(req: func.HttpRequest) -> func.HttpResponse:
    """Take delivery reports of a provider that is called by webhook, signed with the same secret."""
    return await answer(lambda ready: _take_reports(ready, req))


@on_queue(blueprint, REPORTS)
async def reports(delivery: Delivery) -> None:
    """Let a report happen to the patient whose message it is about."""
    await carry_out(delivery, _report)


@on_queue(blueprint, ACS_EVENTS, "queued_acs_events")
async def queued_acs_events(delivery: Delivery) -> None:
    """Take the same events from our queue: only Event Grid and we may write there."""
    await settle(delivery, lambda ready: _take_queued(ready, delivery.body))


async def _options(req: func.HttpRequest) -> func.HttpResponse:
    headers = {name.lower(): value for name, value in req.headers.items()}
    reply = answer_options(Request("OPTIONS", headers=headers))
    return func.HttpResponse(status_code=reply.status, headers=dict(reply.headers))


async def _take(ready: Services, req: func.HttpRequest) -> func.HttpResponse:
    events = parse_acs_events(req.get_body(), intake().limits)
    handshake = next((event for event in events if isinstance(event, AcsHandshake)), None)
    if handshake is not None:
        return _json({"validationResponse": handshake.code})
    queued, ignored = await _spread(ready, events)
    return _json({"queued": queued, "ignored": ignored})


async def _take_queued(ready: Services, body: bytes) -> None:
    queued, _ = await _spread(ready, parse_acs_events(body, intake().limits))
    logger.info("queued %d reports and replies", queued)


async def _spread(ready: Services, events: Sequence[AcsEvent]) -> tuple[int, list[str]]:
    """Put reports and replies on their queues: how many there were, and codes of what was passed over."""
    jobs = [job for event in events if (job := _job(event)) is not None]
    await asyncio.gather(*(post(ready.queue, _queue(job), job) for job in jobs))
    ignored = [event.code for event in events if isinstance(event, AcsIgnored)]
    for code in ignored:
        logger.warning("ignored: %s", code, extra={"code": code})
    return len(jobs), ignored


async def _take_reports(ready: Services, req: func.HttpRequest) -> func.HttpResponse:
    body = req.get_body()
    headers = {name.lower(): value for name, value in req.headers.items()}
    verify_provider(req.route_params.get("provider", ""), headers, body)
    found = parse_reports(body, intake().limits)
    jobs = [Report(one.message_id, one.key, one.status, one.at, one.reason, one.code) for one in found]
    await asyncio.gather(*(post(ready.queue, REPORTS, job) for job in jobs))
    return _json({"queued": len(jobs)})


def _job(event: AcsEvent) -> Job | None:
    match event:
        case AcsReport(status=status, at=at, reason=reason, code=code, theirs=theirs):
            key, message_id = _owner(event.tag)
            return Report(message_id or event.provider_id, key, status, at, reason, code, theirs)
        case AcsReply(inbound_id=inbound_id, channel=channel, sender=sender, text=text, at=at):
            return Inbound(inbound_id, channel, sender, text, at)
        case AcsHandshake() | AcsIgnored():
            return None


def _owner(tag: str) -> tuple[str, str]:
    """Read what we gave along with an SMS: whose message it is, and which; email has no tag."""
    words = tag.split(" ")
    return (words[0], words[1]) if len(words) >= 2 else ("", "")


def _queue(job: Job) -> str:
    return INBOUND if isinstance(job, Inbound) else REPORTS


async def _report(ready: Services, job: Job, trigger: Trigger) -> None:
    if not isinstance(job, Report):
        raise Rejected("not a report", "bad-job")
    await take_report(ready, job, trigger)


def _json(body: dict[str, object]) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(body), mimetype="application/json")
