"""One HTTP request through the host: route → key → function → reply; no socket in here.

http_server.py puts it on a port, tests and `FunctionsHost.invoke_http` call it directly.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sandbox.functions_host.http_codec import HttpCall, HttpReply, to_datum, to_reply
from sandbox.functions_host.http_limits import HttpLimits
from sandbox.functions_host.invoker import Invoker
from sandbox.functions_host.keys import Keys, presented
from sandbox.functions_host.routes import Found, Router

type Admin = Callable[[HttpCall, bool], Awaitable[HttpReply]]

_TEXT = (("Content-Type", "text/plain; charset=utf-8"),)
HOME = b"The sandbox functions host is running.\n"


class HttpFront:
    """Answers requests: functions by their routes, `/admin/…` by `admin` (told whether the key is master)."""

    def __init__(
        self, router: Router, keys: Keys, invoker: Invoker, admin: Admin, limits: HttpLimits
    ) -> None:
        self._limits = limits
        self._router = router
        self._keys = keys
        self._invoker = invoker
        self._admin = admin

    async def handle(self, call: HttpCall) -> HttpReply:
        """Answer one request, with the statuses that Azure gives."""
        if call.path.startswith("/admin/"):
            return await self._admin(call, self._keys.is_master(presented(call.headers, call.query())))
        found = self._router.find(call.method, call.path)
        if found is not None:
            return await self._invoke(call, found)
        return HttpReply(200, _TEXT, HOME) if call.path == "/" else HttpReply(404)

    async def _invoke(self, call: HttpCall, found: Found) -> HttpReply:
        query = call.query()
        key = presented(call.headers, query)
        if not self._keys.may_call(found.spec.name, found.trigger.auth_level, key):
            return HttpReply(401)
        return await self._limits.within(lambda: self._run(call, found))

    async def _run(self, call: HttpCall, found: Found) -> HttpReply:
        value = to_datum(call, call.query(), found.parameters)
        outcome = await self._invoker.invoke(found.spec, value, {}, call.headers.get("traceparent", ""))
        if not outcome.ok:
            return HttpReply(500)  # what went wrong is in the log; the caller may be anybody
        return to_reply(outcome.returned)
