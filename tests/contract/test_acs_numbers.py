"""Senders are checked at start: what is wrong is said in a sentence, what cannot be asked stops nothing."""

from __future__ import annotations

import aiohttp
import pytest
from acs_kit import KEY, bench, served
from aiohttp import web

from shared.adapters.acs_auth import AcsKey
from shared.adapters.acs_calls import AcsCalls
from shared.adapters.acs_numbers import Senders, check_senders

NUMBERS = ("+15550100", "+15550101", "+15550102", "+15550103", "+15550104", "24242", "35353", "46464")
EMAIL = "care@hospital.example"


@pytest.mark.parametrize("sender", ["+15550100", "+15550104", "24242", "46464", ""])
async def test_what_is_ours_is_found_on_any_page(sender):
    async with bench(numbers=NUMBERS) as made:
        assert await check_senders(made.calls(), sender, EMAIL) == Senders()


@pytest.mark.parametrize(
    ("sender", "sentence"),
    [
        ("+15559999", "is not among the numbers"),
        ("99999", "is not among the numbers"),
        ("1 555 0100", "neither a number"),
        ("+0155", "neither a number"),
        ("Hospital of the Town", "neither a number"),
    ],
)
async def test_what_is_not_ours_is_a_problem(sender, sentence):
    async with bench(numbers=NUMBERS) as made:
        found = await check_senders(made.calls(), sender, EMAIL)
        (problem,) = found.problems
        assert sentence in problem
        assert not found.notes


async def test_a_name_is_on_no_list():
    async with bench() as made:
        found = await check_senders(made.calls(), "Hospital", "")
        assert not found.problems
        assert "takes no replies" in found.notes[0]


@pytest.mark.parametrize("address", ["care", "care@", "care@local", "@x.org", "a b@x.org", "care@-x.org"])
async def test_an_address_that_can_be_none(address):
    async with bench(numbers=NUMBERS) as made:
        found = await check_senders(made.calls(), "+15550100", address)
        assert found.problems == ("HEARTHLINE_EMAIL_FROM is no email address",)


async def test_an_identity_that_may_not_list_is_told_and_nothing_stops():
    async with bench(numbers=NUMBERS) as made:
        made.service.unlisted = True
        found = await check_senders(made.calls(), "+15550100", EMAIL)
        assert not found.problems
        assert "our identity may not list" in found.notes[0]


@pytest.mark.parametrize(
    ("listed", "sentence"),
    [
        ('{"phoneNumbers": [{"phoneNumber": "+15550100", "capabilities": {"sms": "none"}}]}', "cannot send"),
        ('{"phoneNumbers": [{"phoneNumber": "+15550100"}]}', "cannot send"),
        (
            '{"phoneNumbers": [{"phoneNumber": "+15550100", "capabilities": {"sms": "outbound"}}]}',
            "no replies",
        ),
        ("nonsense", "could not be found out"),
        ('{"phoneNumbers": [], "nextLink": "/phoneNumbers?again=1"}', "could not be found out"),
    ],
)
async def test_what_the_list_says(listed, sentence):
    async def handle(request: web.Request) -> web.Response:
        return web.Response(text=listed)

    async with served(handle) as url, aiohttp.ClientSession() as session:
        found = await check_senders(AcsCalls(session, url, AcsKey(KEY)), "+15550100", "")
        assert sentence in (*found.problems, *found.notes)[0]


async def test_no_connection_stops_nothing():
    async with aiohttp.ClientSession() as session:
        calls = AcsCalls(session, "http://127.0.0.1:1", AcsKey(KEY))
        found = await check_senders(calls, "+15550100", EMAIL)
        assert not found.problems
        assert "cannot be reached" in found.notes[0]


async def test_a_next_page_elsewhere_is_not_followed():
    """Path and query of the link are used; our signature goes to nobody else."""
    asked: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        asked.append(request.path_qs)
        link = '"https://elsewhere.example/phoneNumbers?skip=1"' if len(asked) == 1 else "null"
        return web.Response(text=f'{{"phoneNumbers": [], "nextLink": {link}}}')

    async with served(handle) as url, aiohttp.ClientSession() as session:
        await check_senders(AcsCalls(session, url, AcsKey(KEY)), "+15550100", "")
    assert asked[1] == "/phoneNumbers?skip=1"
