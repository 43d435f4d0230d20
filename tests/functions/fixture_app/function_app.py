"""A function app for the functions host's own tests: it records what it is given, and fails when asked to."""

from __future__ import annotations

import asyncio
import json
from typing import List  # noqa: UP035 - the runtime knows no list[...] in annotations

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
seen: list[object] = []
slow: list[bool] = []
gate = asyncio.Event()
entered = asyncio.Event()
ticked = asyncio.Event()
received = asyncio.Event()


@app.route(route="echo/{name}/{number:int?}", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def echo(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    answer = {
        "method": req.method,
        "url": req.url,
        "params": dict(req.params),
        "route": dict(req.route_params),
        "body": req.get_body().hex(),
        "headers": dict(req.headers),
        "function": context.function_name,
        "trace": context.trace_context.trace_parent,
    }
    return func.HttpResponse(
        json.dumps(answer), status_code=201, mimetype="application/json", headers={"X-A": "b"}
    )


@app.route(route="files/{*rest}", auth_level=func.AuthLevel.ANONYMOUS)
def files(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(req.route_params.get("rest", "<none>"))


@app.route(route="keyed")
async def keyed(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("in")


@app.route(route="secret", auth_level=func.AuthLevel.ADMIN)
async def secret(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("in")


@app.route(route="fails", auth_level=func.AuthLevel.ANONYMOUS)
async def fails(req: func.HttpRequest) -> func.HttpResponse:
    raise RuntimeError("a detail that nobody outside may read")


@app.route(route="cookies", auth_level=func.AuthLevel.ANONYMOUS)
async def cookies(req: func.HttpRequest) -> func.HttpResponse:
    answer = func.HttpResponse(b"\x00\xff", mimetype="application/octet-stream")
    answer.headers.add("Set-Cookie", "a=1; Path=/")
    answer.headers.add("Set-Cookie", "b=2; HttpOnly")
    return answer


@app.route(route="enqueue", auth_level=func.AuthLevel.ANONYMOUS)
@app.queue_output(arg_name="out", queue_name="%FIXTURE_QUEUE%", connection="AzureWebJobsStorage")
async def enqueue(req: func.HttpRequest, out: func.Out[List[str]]) -> func.HttpResponse:  # noqa: UP006 - see above
    out.set(req.get_body().decode().split())
    return func.HttpResponse(status_code=202)


@app.route(route="waits", auth_level=func.AuthLevel.ANONYMOUS)
async def waits(req: func.HttpRequest) -> func.HttpResponse:
    entered.set()
    await gate.wait()
    return func.HttpResponse("done")


async def asgi(scope: dict, receive: object, send: object) -> None:
    await send({"type": "http.response.start", "status": 207, "headers": [(b"content-type", b"text/x")]})
    body = f"{scope['method']} {scope['path']}?{scope['query_string'].decode()}".encode()
    await send({"type": "http.response.body", "body": body})


@app.route(route="asgi/{*route}", auth_level=func.AuthLevel.ANONYMOUS)
async def asgi_app(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    return await func.AsgiMiddleware(asgi).handle_async(req, context)


def wsgi(environ: dict, start_response: object) -> list[bytes]:
    start_response("208 Fine", [("Content-Type", "text/y")])
    return [environ["PATH_INFO"].encode()]


@app.route(route="wsgi/{*route}", auth_level=func.AuthLevel.ANONYMOUS)
def wsgi_app(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    return func.WsgiMiddleware(wsgi).handle(req, context)


@app.timer_trigger(arg_name="timer", schedule="%FIXTURE_SCHEDULE%")
async def ticks(timer: func.TimerRequest) -> None:
    seen.append(("tick", timer.past_due))
    ticked.set()
    if slow:
        await gate.wait()


@app.timer_trigger(arg_name="timer", schedule="1.00:00:00", run_on_startup=True)
async def wakes(timer: func.TimerRequest) -> None:
    seen.append(("startup", timer.past_due))


@app.queue_trigger(arg_name="msg", queue_name="%FIXTURE_QUEUE%", connection="AzureWebJobsStorage")
async def works(msg: func.QueueMessage) -> None:
    seen.append((msg.get_body().decode(), msg.dequeue_count))
    if msg.get_body() == b"wait":
        await gate.wait()
    if msg.get_body() == b"fail" or (msg.get_body() == b"once" and msg.dequeue_count == 1):
        raise RuntimeError("as asked")


@app.service_bus_queue_trigger(arg_name="msg", queue_name="one", connection="FIXTURE_BUS")
async def bus_one(msg: func.ServiceBusMessage) -> None:
    seen.append(
        (msg.get_body(), msg.message_id, msg.delivery_count, msg.session_id, msg.application_properties)
    )
    received.set()
    if msg.get_body() == b"fail":
        raise RuntimeError("as asked")


@app.service_bus_queue_trigger(
    arg_name="msgs", queue_name="many", connection="FIXTURE_BUS", cardinality="many", is_sessions_enabled=True
)
async def bus_many(msgs: List[func.ServiceBusMessage]) -> None:  # noqa: UP006 - see above
    seen.append([(msg.get_body(), msg.message_id, msg.user_properties) for msg in msgs])
