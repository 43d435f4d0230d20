"""Copied as function_app.py into a folder: a tiny app that takes notifications and notes them in a file."""

import json
import os

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)


@app.route(route="fhir/notifications/events", methods=["POST"])
@app.queue_output(arg_name="out", queue_name="changes", connection="AzureWebJobsStorage")
async def notifications(req: func.HttpRequest, out: func.Out[str]) -> func.HttpResponse:
    events = req.get_json()
    if req.headers.get("aeg-event-type") == "SubscriptionValidation":
        code = events[0]["data"]["validationCode"]
        return func.HttpResponse(json.dumps({"validationResponse": code}), mimetype="application/json")
    out.set(json.dumps([event["subject"] for event in events]))
    return func.HttpResponse(status_code=202)


@app.queue_trigger(arg_name="msg", queue_name="changes", connection="AzureWebJobsStorage")
async def changes(msg: func.QueueMessage) -> None:
    with open(os.environ["STACK_APP_SEEN"], "a") as seen:  # noqa: ASYNC230  # a few bytes
        seen.writelines(f"{subject}\n" for subject in json.loads(msg.get_body()))
