"""The issuer's HTTP face: its metadata and its keys, as Entra publishes them. It signs nothing over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from sandbox.issuer.signing import TENANT, SigningKey, issuer_url


@asynccontextmanager
async def started(key: SigningKey, port: int = 0) -> AsyncIterator[str]:
    """Serve on loopback until the block ends; gives the origin. Raises OSError for a taken port."""

    async def metadata(request: web.Request) -> web.Response:
        origin = f"http://127.0.0.1:{request.url.port}"
        about = {
            "issuer": issuer_url(origin),
            "jwks_uri": f"{origin}/{TENANT}/discovery/v2.0/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        return web.json_response(about)

    async def keys(_: web.Request) -> web.Response:
        return web.json_response(key.published())

    async def health(_: web.Request) -> web.Response:
        return web.json_response({"status": "listening"})

    app = web.Application()
    app.add_routes(
        [
            web.get(f"/{TENANT}/v2.0/.well-known/openid-configuration", metadata),
            web.get(f"/{TENANT}/discovery/v2.0/keys", keys),
            web.get("/sandbox/health", health),
        ]
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
