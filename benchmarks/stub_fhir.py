"""`python -m benchmarks.stub_fhir PORT`: a FHIR server that costs next to nothing, so that ours is measured.

Serves benchmarks.people by id, from the id alone; a process of its own, as any FHIR server is.
"""

from __future__ import annotations

import asyncio
import signal
import sys

import orjson
import uvloop
from aiohttp import web

from benchmarks.people import resource

_HEADERS = {"Content-Type": "application/fhir+json"}


async def answer(request: web.BaseRequest) -> web.Response:
    """Answer GET /fhir/{Type}/{id}, and take whatever is PUT there; anything else is not found."""
    if request.method == "PUT":
        await request.read()
        return web.Response(status=201, headers={**_HEADERS, "ETag": 'W/"1"'}, body=b"{}")
    parts = request.path.split("/")
    found = resource(parts[2], parts[3]) if len(parts) == 4 else None
    if found is None:
        return web.Response(status=404 if len(parts) == 4 else 200)
    return web.Response(body=orjson.dumps(found), headers=_HEADERS)


async def serve(port: int) -> None:
    """Serve until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    runner = web.ServerRunner(web.Server(answer, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
