"""The host's port: aiohttp requests → HttpFront and back, body bytes untouched, sizes limited."""

from __future__ import annotations

import asyncio
import logging

from aiohttp import web
from multidict import CIMultiDict

from sandbox.functions_host.http_codec import HttpCall, HttpReply, join_pairs
from sandbox.functions_host.http_front import HttpFront

_log = logging.getLogger("sandbox.functions_host")


class HttpServer:
    """Listens on one address; `max_body` is in bytes."""

    def __init__(self, front: HttpFront, max_body: int) -> None:
        self._front = front
        self._max_body = max_body
        self._stopping = False
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()
        # Azure hands a compressed body on as it came, so aiohttp must not unpack it.
        server = web.Server(self._answer, auto_decompress=False, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=1.0)
        self._site: web.TCPSite | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port (that the system chose, for 0). Raises OSError if it is taken."""
        await self._runner.setup()
        self._site = web.TCPSite(self._runner, host, port)
        await self._site.start()
        return int(self._runner.addresses[0][1])

    async def stop_listening(self) -> None:
        """Take nothing new; requests under way go on, and an open connection's next one gets 503."""
        self._stopping = True
        if self._site is not None:
            await self._site.stop()
            self._site = None

    async def answered(self) -> None:
        """Wait until no request is being read or answered."""
        await self._idle.wait()

    async def close(self) -> None:
        """Close every connection."""
        await self._runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if self._stopping:
            return web.Response(status=503, headers={"Connection": "close"})
        self._under_way += 1
        self._idle.clear()
        try:
            return await self._handled(request)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    async def _handled(self, request: web.BaseRequest) -> web.Response:
        try:
            body = await self._body(request)
            reply = HttpReply(413) if body is None else await self._front.handle(_call(request, body))
        except Exception:
            _log.exception("the host failed to answer %s", request.method)
            reply = HttpReply(500)
        return web.Response(status=reply.status, body=reply.body, headers=CIMultiDict(reply.headers))

    async def _body(self, request: web.BaseRequest) -> bytes | None:
        """Read the body; None if it is longer than allowed, wherever that shows."""
        if not request.can_read_body:
            return b""
        if (request.content_length or 0) > self._max_body:
            return None
        chunks: list[bytes] = []
        size = 0
        while chunk := await request.content.readany():
            size += len(chunk)
            if size > self._max_body:
                return None
            chunks.append(chunk)
        return b"".join(chunks)


def _call(request: web.BaseRequest, body: bytes) -> HttpCall:
    headers = join_pairs((name.lower(), value) for name, value in request.headers.items())
    origin = f"{request.scheme}://{request.host}"
    return HttpCall(request.method, origin, request.raw_path, headers, body, request.remote or "")
