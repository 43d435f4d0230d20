"""The provider's opt-out list: ours is mirrored into it, and what is on it gets nothing."""

from __future__ import annotations

import base64

import aiohttp
import pytest
from acs_kit import KEY, RECIPIENTS, SENDERS, a_message, bench, bench_with_sink, served
from aiohttp import web

from sandbox.acs.control import Inbound, say
from shared.adapters.acs_auth import AcsBearer, AcsKey
from shared.adapters.acs_calls import AcsCalls
from shared.adapters.acs_opt_outs import AcsOptOuts
from shared.errors import Rejected, Unavailable

PATIENT, US = RECIPIENTS["sms"], SENDERS["sms"]
WRONG = base64.b64encode(b"another key of 32 letters, wrong").decode()


async def test_added_twice_checked_and_removed():
    async with bench() as made:
        listed = AcsOptOuts(made.calls(), US)
        assert not await listed.check(PATIENT)
        await listed.add(PATIENT)
        await listed.add(PATIENT)
        assert await listed.check(PATIENT)
        await listed.remove(PATIENT)
        await listed.remove(PATIENT)
        assert not await listed.check(PATIENT)


async def test_who_is_on_it_gets_nothing():
    """ACS takes the message and reports code 4007, until the number is off the list."""
    async with bench_with_sink() as (made, sink):
        listed = AcsOptOuts(made.calls(), US)
        await listed.add(PATIENT)
        await made.adapter("sms").send(a_message("sms"))
        assert (await sink.next())["data"]["deliveryStatusDetails"].startswith("4007: ")
        await listed.remove(PATIENT)
        await made.adapter("sms").send(a_message("sms"))
        assert (await sink.next())["data"]["deliveryStatus"] == "Delivered"


async def test_stop_puts_the_sender_of_it_on_the_list():
    async with bench() as made:
        say(made.service, Inbound("sms", PATIENT, US, " stop "))
        assert await AcsOptOuts(made.calls(), US).check(PATIENT)
        say(made.service, Inbound("sms", PATIENT, US, "unstop"))
        assert not await AcsOptOuts(made.calls(), US).check(PATIENT)


async def test_each_of_our_numbers_has_a_list_of_its_own():
    async with bench(numbers=(US, "+15550101")) as made:
        await AcsOptOuts(made.calls(), US).add(PATIENT)
        assert not await AcsOptOuts(made.calls(), "+15550101").check(PATIENT)


async def test_a_wrong_signature_changes_nothing():
    async with bench() as made:
        with pytest.raises(Rejected) as caught:
            await AcsOptOuts(made.calls(AcsKey(WRONG)), US).add(PATIENT)
        assert caught.value.code == "http-401"
        assert not made.service.stopped


async def test_a_sender_that_is_not_ours_is_rejected_without_naming_the_patient():
    async with bench() as made:
        with pytest.raises(Rejected) as caught:
            await AcsOptOuts(made.calls(), "+15559999999").add(PATIENT)
        assert PATIENT not in str(caught.value)


async def test_no_connection_and_no_token_are_unavailable():
    async def none() -> str:
        raise Unavailable("no identity here", 3.0)

    async with aiohttp.ClientSession() as session:
        closed = AcsCalls(session, "http://127.0.0.1:1", AcsKey(KEY))
        for calls in (closed, AcsCalls(session, "http://127.0.0.1:1", AcsBearer(none))):
            with pytest.raises(Unavailable):
                await AcsOptOuts(calls, US).add(PATIENT)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (503, "", Unavailable),
        (429, "", Unavailable),
        (403, "", Rejected),
        (200, "nonsense", Unavailable),
        (200, '{"value": []}', Unavailable),
        (200, '{"value": [{"httpStatusCode": 500}]}', Unavailable),
        (200, '{"value": [{"httpStatusCode": 429}]}', Unavailable),
        (200, '{"value": [{"httpStatusCode": 400}]}', Rejected),
    ],
)
async def test_what_an_answer_means(status, body, error):
    async def handle(request: web.Request) -> web.Response:
        return web.Response(status=status, text=body, headers={"Retry-After": "7"})

    async with served(handle) as url, aiohttp.ClientSession() as session:
        with pytest.raises(error) as caught:
            await AcsOptOuts(AcsCalls(session, url, AcsKey(KEY)), US).add(PATIENT)
        if status in (429, 503):
            assert caught.value.retry_after == 7.0
