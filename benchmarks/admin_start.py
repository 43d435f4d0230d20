"""What the first request to the admin API waits for: FastAPI imported, the application built, one answer.

The functions host's own start is cold_start's. In a fresh interpreter each time, in CPU seconds, with
bytecode as the package has it; the answer is 401, as the request has no token: no service is waited for.
"""

from __future__ import annotations

import json
import tempfile
from statistics import median

from benchmarks.imports import run_python
from benchmarks.report import Json, below, spread

_STEPS = """
import asyncio, json, time
import function_app
import azure.functions as func
from functions.admin.bridge import through
from shared.errors import Unauthenticated

async def authenticate(request):
    raise Unauthenticated("no token")

async def ready():
    raise AssertionError("nobody is known, so nothing is read")

def ask():
    made = func.HttpRequest(method="GET", url="http://h/api/admin/v1/segments", body=b"")
    assert asyncio.run(through(app, made)).status_code == 401

at = [time.process_time()]
from functions.admin.app import build
at.append(time.process_time())
app = build(ready, authenticate)
at.append(time.process_time())
ask()
at.append(time.process_time())
ask()
at.append(time.process_time())
app.openapi()
at.append(time.process_time())
print(json.dumps([then - now for now, then in zip(at, at[1:])]))
"""
NAMES = ("import", "build", "first_answer", "second_answer", "openapi")


def measure(times: int) -> Json:
    """Start so often; the median of import, build and first answer together is held to a second of CPU."""
    with tempfile.TemporaryDirectory() as cache:
        runs = [_run(cache) for _ in range(times + 1)][1:]  # the first one writes the bytecode
    firsts = [sum(run[:3]) for run in runs]
    named = dict(zip(NAMES, zip(*runs, strict=True), strict=True))
    return {
        "first_request_cpu_seconds": below(median(firsts), 1.0),
        **{f"{name}_cpu_seconds": spread(seconds) for name, seconds in named.items()},
    }


def _run(cache: str) -> list[float]:
    made: list[float] = json.loads(run_python(cache, "-c", _STEPS).stdout)
    return made
