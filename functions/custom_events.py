"""Events that other systems tell by HTTP: checked, put on their queue, and only then answered."""

from __future__ import annotations

import json

import azure.functions as func

from functions.entries import entry
from functions.listening import Delivery, on_queue
from functions.serving import answer, carry_out
from shared.bootstrap import intake
from shared.errors import Rejected
from shared.fhir.custom_events import parse_told
from shared.queues import EVENTS
from shared.usecases.custom_events import queue_event, take_event
from shared.usecases.jobs import Happened, Job
from shared.usecases.react import Trigger
from shared.usecases.services import Services

blueprint = func.Blueprint()


@blueprint.function_name("custom_events")
@blueprint.route("events/{name}", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@entry
async def custom_events(req: func.HttpRequest) -> func.HttpResponse:
    """Take one event of one patient."""
    return await answer(lambda ready: _take(ready, req))


@on_queue(blueprint, EVENTS)
async def events(delivery: Delivery) -> None:
    """Let an event happen to its patient."""
    await carry_out(delivery, _event)


async def _take(ready: Services, req: func.HttpRequest) -> func.HttpResponse:
    told = parse_told(req.route_params.get("name", ""), req.get_body(), intake().limits)
    await queue_event(ready, told)
    return func.HttpResponse(json.dumps({"queued": 1}), status_code=202, mimetype="application/json")


async def _event(ready: Services, job: Job, trigger: Trigger) -> None:
    if not isinstance(job, Happened):
        raise Rejected("not an event", "bad-job")
    await take_event(ready, job, trigger)
