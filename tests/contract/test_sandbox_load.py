"""Loading a population: against a server with moods, and against the sandbox's real one."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from sandbox import fhir_server
from sandbox.population.generate import generate
from sandbox.population.load import LARGEST, LoadFailedError, load
from sandbox.ports import free_ports
from sandbox.processes import Children


@dataclass
class Moody:
    """Takes transactions; `mood` looks at one and gives a status other than 200, or none."""

    mood: Callable[[list[str]], int] = lambda names: 200
    held: Counter[str] = field(default_factory=Counter)
    sizes: list[int] = field(default_factory=list)
    paused: list[float] = field(default_factory=list)
    url: str = ""

    async def handle(self, request: web.Request) -> web.Response:
        bundle = orjson.loads(await request.read())
        assert bundle["type"] == "transaction"
        names = [entry["request"]["url"] for entry in bundle["entry"]]
        assert all(entry["request"]["method"] == "PUT" for entry in bundle["entry"])
        self.sizes.append(len(names))
        status = self.mood(names)
        if status == 200:
            self.held.update(names)
        return web.Response(status=status, headers={"Retry-After": "3"} if status == 429 else {})

    async def sleep(self, seconds: float) -> None:
        self.paused.append(seconds)


@pytest.fixture
async def moody() -> AsyncIterator[Moody]:
    served = Moody()
    app = web.Application(client_max_size=2**26)
    app.router.add_post("/fhir", served.handle)
    async with TestServer(app) as server:
        served.url = str(server.make_url("/fhir"))
        yield served


def patients(count: int) -> list[dict[str, object]]:
    return [{"resourceType": "Patient", "id": str(number)} for number in range(count)]


def names(count: int) -> Counter[str]:
    return Counter(f"Patient/{number}" for number in range(count))


async def test_everything_is_loaded_once_and_told(moody):
    told: list[int] = []
    found = await load(patients(1000), moody.url, told.append, sleep=moody.sleep)
    assert (found.loaded, found.refused) == (1000, {})
    assert moody.held == names(1000)
    assert sum(told) == 1000
    assert len(told) == len(moody.sizes)
    assert max(moody.sizes) <= LARGEST


async def test_a_resource_that_is_refused_takes_no_other_with_it(moody):
    moody.mood = lambda names: 422 if "Patient/77" in names else 200
    found = await load(patients(300), moody.url, sleep=moody.sleep)
    assert (found.loaded, found.refused) == (299, {"Patient 422": 1})
    assert moody.held == names(300) - Counter(["Patient/77"])


async def test_a_resource_that_came_before_what_it_refers_to_is_tried_again(moody):
    moody.mood = lambda names: 400 if "Patient/0" in names and "Patient/299" not in moody.held else 200
    found = await load(patients(300), moody.url, sleep=moody.sleep)
    assert (found.loaded, found.refused) == (300, {})
    assert moody.held == names(300)


async def test_a_server_out_of_breath_gets_less_at_once(moody):
    moody.mood = lambda names: 503 if len(names) > 30 else 200
    found = await load(patients(400), moody.url, connections=1, sleep=moody.sleep)
    assert found.loaded == 400
    assert moody.held == names(400)


async def test_a_server_that_asks_for_a_pause_gets_it(moody):
    asked = iter([429, 429])
    moody.mood = lambda names: next(asked, 200)
    found = await load(patients(50), moody.url, connections=1, sleep=moody.sleep)
    assert found.loaded == 50
    assert moody.paused == [3.0, 3.0]


@pytest.mark.parametrize("status", [413, 500])
async def test_a_transaction_that_is_too_much_is_halved(moody, status):
    moody.mood = lambda names: status if len(names) > 7 else 200
    found = await load(patients(100), moody.url, sleep=moody.sleep)
    assert (found.loaded, found.refused) == (100, {})
    assert moody.held == names(100)


async def test_a_resource_that_breaks_the_server_is_left_out(moody):
    moody.mood = lambda names: 500 if "Patient/5" in names else 200
    found = await load(patients(20), moody.url, sleep=moody.sleep)
    assert (found.loaded, found.refused) == (19, {"Patient 500": 1})


@pytest.mark.parametrize("status", [401, 403, 503])
async def test_a_server_that_takes_nothing_ends_the_load(moody, status):
    moody.mood = lambda names: status
    with pytest.raises(LoadFailedError) as failed:
        await load(patients(5000), moody.url, sleep=moody.sleep)
    assert str(status) in str(failed.value)
    assert len(moody.sizes) <= 60


async def test_no_server_ends_the_load(moody):
    with pytest.raises(LoadFailedError):
        await load(patients(5), "http://127.0.0.1:1/fhir", sleep=moody.sleep)


async def test_a_wrong_address_ends_the_load(moody):
    with pytest.raises(LoadFailedError):
        await load(patients(5000), moody.url + "/nowhere", sleep=moody.sleep)


async def test_the_real_server_takes_the_generated_population_twice(tmp_path: Path):
    (port,) = free_ports(1)
    children = Children()
    try:
        children.start(fhir_server.service(tmp_path, port), tmp_path / "logs").wait_healthy()
        url = fhir_server.base_url(port)
        resources = list(generate())
        for _ in range(2):
            found = await load(resources, url)
            assert (found.loaded, found.refused) == (len(resources), {})
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{url}/Patient?_summary=count") as answer:
                assert orjson.loads(await answer.read())["total"] == 40
            async with session.get(f"{url}/Patient/hl-0001") as answer:
                assert orjson.loads(await answer.read())["meta"]["versionId"] == "2"
    finally:
        children.stop()
