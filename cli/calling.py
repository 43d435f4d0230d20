"""Call the admin API: of a running system, or, without its address, the same application here over storage.

What commands do and what the API does cannot drift apart, as they are one. Whoever has the keys of storage
may do everything; the audit trail names them as they name themselves by `--by`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import httpx
import typer
from msgspec.structs import replace
from rich.console import Console
from rich.progress import Progress

from cli.chosen import chosen, chosen_remote
from shared.access.roles import EVERYBODY, Caller
from shared.bootstrap import build
from shared.config import Remote, Settings
from shared.errors import HearthlineError
from shared.ports import Queue
from shared.queues import OPERATIONS
from shared.usecases.jobs import Operate, decode_job
from shared.usecases.operations.kinds import does
from shared.usecases.operations.running import carry_on, give_up
from shared.usecases.services import Services

PREFIX = "/api/admin/v1"


class Refused(HearthlineError):
    """What the API answered when it did not do it."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        each = (_sentence(found) for found in problem.get("problems", ()))
        super().__init__("\n".join((str(problem.get("detail", "no answer of the admin API")), *each)))
        self.problem = problem
        self.code = str(problem.get("type", "")).rpartition(":")[2]


class Admin:
    """The admin API, called."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        params: Mapping[str, Any] | None = None,
        match: str = "",
        key: str = "",
        glass: str = "",
    ) -> httpx.Response:
        """Call an operation below /api/admin/v1, under an Idempotency-Key of its own. Raises Refused."""
        headers = {"Idempotency-Key": key or str(uuid4())} if method == "POST" else {}
        headers |= {"If-Match": f'"{match}"'} if match else {}
        headers |= {"Break-Glass": glass} if glass else {}
        try:
            answer = await self._client.request(
                method, PREFIX + path, json=body, params=params, headers=headers
            )
        except httpx.HTTPError as error:
            raise Refused({"detail": f"the admin API does not answer ({type(error).__name__})"}) from None
        if answer.status_code >= 400:
            raise Refused(_problem(answer))
        return answer

    async def read(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """Return what is there."""
        return (await self.call("GET", path, params=params)).json()

    async def pages(self, path: str, params: Mapping[str, Any] | None = None) -> AsyncIterator[Any]:
        """Walk all items of a list."""
        cursor = ""
        while True:
            page = await self.read(path, {**(params or {}), "limit": 200, "cursor": cursor})
            for item in page["items"]:
                yield item
            cursor = page["next"]
            if not cursor:
                return

    async def follow(self, started: Mapping[str, Any], console: Console) -> dict[str, Any]:
        """Show how far long work is, and return its result. Raises Refused where it did not succeed."""
        with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task(str(started["kind"]), total=None)
            while True:
                state = await self.read(f"/operations/{started['operation']}")
                bar.update(task, completed=state["done"], total=state["of"])
                if state["ended"]:
                    break
                await asyncio.sleep(0.5)
        if state["status"] != "succeeded":
            raise Refused({"detail": state["problem"] or f"it was {state['status']}"})
        result: dict[str, Any] = state["result"]
        return result


type Calls[T] = Callable[[Admin], Awaitable[T]]


def by_api[T](settings_file: Path | None, calls: Calls[T], by: str = "") -> T:
    """Carry out `calls`; what the API refuses is printed, and the command ends with 1."""
    try:
        return asyncio.run(_with_admin(settings_file, calls, by))
    except (HearthlineError, OSError) as problem:
        Console(stderr=True).print(str(problem), style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None


async def _with_admin[T](settings_file: Path | None, calls: Calls[T], by: str) -> T:
    place = chosen_remote(settings_file)
    if place.url is not None:
        headers = {"Authorization": f"Bearer {await _token(place)}"}
        async with httpx.AsyncClient(base_url=_host(place.url), headers=headers, timeout=60) as client:
            return await calls(Admin(client))
    async with _here(chosen(settings_file), by) as client:
        return await calls(Admin(client))


def _host(url: str) -> str:
    """Return the address of the app, also of that of its API, which `hearthline up` shows."""
    return url.rstrip("/").removesuffix(PREFIX)


async def _token(place: Remote) -> str:
    if place.token is not None:
        return place.token.get_secret_value()
    from azure.core.exceptions import AzureError
    from azure.identity.aio import DefaultAzureCredential  # slow to import

    async with DefaultAzureCredential() as credential:
        try:
            return (await credential.get_token(f"{place.audience}/.default")).token
        except AzureError as error:
            raise Refused(
                {
                    "detail": "no token for the admin API: set HEARTHLINE_API_TOKEN, or sign in to Azure and "
                    f"set HEARTHLINE_API_AUDIENCE ({type(error).__name__})"
                }
            ) from None


@asynccontextmanager
async def _here(settings: Settings, by: str) -> AsyncIterator[httpx.AsyncClient]:
    """Run the application here; long work is done by us, as perhaps nobody listens to the queues."""
    from functions.admin.app import build as build_app  # FastAPI: only where it is needed

    async with aiohttp.ClientSession() as session:
        built = await build(settings, session)
        queue = _Here(built.queue)
        services = replace(built, queue=queue)
        queue.services = services

        async def ready() -> Services:
            return services

        async def operator(_request: object) -> Caller:
            return Caller(by or "operator", EVERYBODY)

        transport = httpx.ASGITransport(app=build_app(ready, operator))
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            yield client
        await queue.finished()


class _Here:
    """The queue of the settings, but for long work, which is begun at once."""

    services: Services

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._begun: set[asyncio.Task[None]] = set()

    async def send(
        self, queue: str, body: bytes, delay: float = 0.0, *, session: str = "", once: str = ""
    ) -> None:
        """See Queue.send."""
        job = decode_job(body) if queue == OPERATIONS else None
        if isinstance(job, Operate):
            self._begun.add(asyncio.ensure_future(self._do(job)))
            return
        await self._queue.send(queue, body, delay, session=session, once=once)

    async def _do(self, job: Operate) -> None:
        """Do long work; nobody tries it again here, so that whatever it meets is its end."""
        try:
            await carry_on(self.services, job, does)
        except HearthlineError as known:
            await give_up(self.services, job.operation, str(known))
        except Exception:
            await give_up(self.services, job.operation)
            raise

    async def finished(self) -> None:
        """Wait for what was begun, and for what that began."""
        while begun := {each for each in self._begun if not each.done()}:
            await asyncio.wait(begun)
        await asyncio.gather(*self._begun)


def _problem(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = answer.json()
        return found
    except ValueError:
        return {"detail": f"the admin API answered {answer.status_code}"}


def _sentence(found: Mapping[str, Any]) -> str:
    tail = f" (expected {found['expected']})" if found.get("expected") else ""
    return f"{found['where']}: {found['what']}{tail}"
