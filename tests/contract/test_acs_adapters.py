"""Every way a send can fail leads to the answer that says what is known of the message."""

from __future__ import annotations

import asyncio

import pytest
from acs_kit import CHANNELS, KEY, RECIPIENTS, a_message, bench

from sandbox.acs.faults import Rule
from shared.adapters.acs_auth import AcsBearer, AcsKey
from shared.adapters.acs_http import Patience
from shared.errors import Unavailable
from shared.message.outbound import Accepted, Deferred, Refused, Unknown

HASTY = Patience(total=5.0, one_try=0.05, tries=3)
all_channels = pytest.mark.parametrize("channel", CHANNELS)


@all_channels
async def test_sending_the_same_message_again_accepts_it_once(channel):
    """A redelivered claim gets the same provider id back and no second message goes out."""
    message = a_message(channel)
    async with bench() as made:
        first = await made.adapter(channel).send(message)
        assert isinstance(first, Accepted)
        assert await made.adapter(channel).send(message) == first
        assert made.seen(message) == (2, 1)
        assert len(made.service.store.messages) == 1


@all_channels
@pytest.mark.parametrize("status", [401, 403, 404, 429, 503])
async def test_answered_but_not_now_is_deferred_at_once(channel, status):
    message = a_message(channel)
    async with bench() as made:
        made.misbehave(Rule("status", status=status, retry_after=7))
        result = await made.adapter(channel).send(message)
        assert isinstance(result, Deferred)
        assert result.retry_after == 7.0
        assert made.seen(message) == (1, 0)


@all_channels
@pytest.mark.parametrize("do", ["drop", "accept-drop", "accept-status", "status"])
async def test_a_lost_call_is_repeated_with_the_same_id(channel, do):
    """One lost answer, whether or not the message was accepted behind it: accepted, and only once."""
    message = a_message(channel)
    async with bench() as made:
        made.misbehave(Rule(do, nth=1, status=500))
        assert isinstance(await made.adapter(channel).send(message), Accepted)
        assert made.seen(message) == (2, 1)


@all_channels
@pytest.mark.parametrize(
    ("do", "accepts"), [("drop", 0), ("status", 0), ("accept-drop", 1), ("accept-status", 1)]
)
async def test_never_answered_is_unknown(channel, do, accepts):
    message = a_message(channel)
    async with bench() as made:
        made.misbehave(Rule(do, status=502))
        assert isinstance(await made.adapter(channel).send(message), Unknown)
        assert made.seen(message) == (Patience().tries, accepts)


@all_channels
async def test_no_answer_in_time_is_settled_by_the_repeat(channel):
    """The first try hangs until it times out; a repeat is accepted; the first awakes and doubles nothing.

    Email answers 409 while the first is in progress, so its repeats go on until that is over.
    """
    message = a_message(channel)
    async with bench() as made:
        made.misbehave(Rule("slow", nth=1, ms=150))
        patience = Patience(total=60.0, one_try=0.1, tries=1_000)
        assert isinstance(await made.adapter(channel, patience).send(message), Accepted)
        while made.service.store.requests[message.message_id].busy:  # noqa: ASYNC110 - a look from outside
            await asyncio.sleep(0)
        calls, accepts = made.seen(message)
        assert calls >= 2
        assert accepts == 1


@all_channels
async def test_time_runs_out_as_unknown(channel):
    message = a_message(channel)
    async with bench() as made:
        made.misbehave(Rule("slow", ms=10_000))
        assert await made.adapter(channel, HASTY).send(message) == Unknown("ACS did not answer in time")
        assert made.seen(message)[1] == 0


@all_channels
async def test_total_time_is_kept(channel):
    """A provider that asks to wait longer than there is time ends the send, without waiting."""
    async with bench() as made:
        made.misbehave(Rule("status", nth=1, status=500, retry_after=3600))
        assert isinstance(await made.adapter(channel).send(a_message(channel)), Unknown)
        assert made.pauses == []


@all_channels
async def test_retry_after_is_respected_between_repeats(channel):
    async with bench() as made:
        made.misbehave(Rule("drop", nth=1), Rule("status", nth=2, status=429, retry_after=2))
        assert isinstance(await made.adapter(channel).send(a_message(channel)), Accepted)
        assert made.pauses[1] == 2.0


@all_channels
@pytest.mark.parametrize("status", [429, 503, 400, 401])
async def test_after_a_lost_call_no_refusal_counts(channel, status):
    """What a later try is told says nothing of the first one, which was accepted."""
    message = a_message(channel)
    async with bench() as made:
        made.misbehave(Rule("accept-drop", nth=1), Rule("status", nth=[2, 3, 4], status=status))
        assert isinstance(await made.adapter(channel).send(message), Unknown)
        assert made.seen(message)[1] == 1


@all_channels
async def test_no_connection_is_deferred(channel):
    async with bench() as made:
        nobody = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
        port = nobody.sockets[0].getsockname()[1]
        nobody.close()
        await nobody.wait_closed()
        result = await made.adapter(channel, url=f"http://127.0.0.1:{port}").send(a_message(channel))
        assert isinstance(result, Deferred)


@all_channels
async def test_no_token_is_deferred(channel):
    async def none() -> str:
        raise Unavailable("no identity here", 3.0)

    async with bench() as made:
        result = await made.adapter(channel, auth=AcsBearer(none)).send(a_message(channel))
        assert result == Deferred("no identity here", 3.0)


@pytest.mark.parametrize(
    ("channel", "reason", "code"),
    [
        ("sms", "invalid-number", "invalid-address"),
        ("sms", "opted-out", "opted-out"),
        ("email", "invalid-number", "invalid-address"),
        ("email", "opted-out", "suppressed"),
        ("whatsapp", "invalid-number", "invalid-address"),
    ],
)
async def test_refusals_have_names_and_no_recipient(channel, reason, code):
    message = a_message(channel)
    async with bench() as made:
        made.misbehave(Rule("reject", reason=reason))
        result = await made.adapter(channel).send(message)
        assert isinstance(result, Refused)
        assert result.code == code
        assert RECIPIENTS[channel] not in repr(result)
        assert made.seen(message) == (1, 0)


@all_channels
async def test_another_text_under_a_known_id_is_unknown(channel):
    """A mismatch tells that the id was used before, not what became of it."""
    message = a_message(channel)
    async with bench() as made:
        await made.adapter(channel).send(message)
        other = a_message(channel, message_id=message.message_id, text="Something else")
        assert isinstance(await made.adapter(channel).send(other), Unknown)
        assert len(made.service.store.messages) == 1


@all_channels
async def test_an_id_older_than_the_providers_memory_is_unknown(channel):
    async with bench(repeat_window=300.0) as made:
        message = a_message(channel)
        old = a_message(channel, first_sent=message.first_sent - 3600 * 1_000_000)
        assert isinstance(await made.adapter(channel).send(old), Unknown)
        assert isinstance(await made.adapter(channel).send(message), Accepted)
        assert len(made.service.store.messages) == 1


@pytest.mark.parametrize("endpoint", ["", "/"])
async def test_endpoint_may_end_with_a_slash(endpoint):
    async with bench() as made:
        result = await made.adapter("sms", url=made.url + endpoint).send(a_message("sms"))
        assert isinstance(result, Accepted)


def test_key_must_be_base64():
    with pytest.raises(ValueError, match="not base64"):
        AcsKey("not a key")
    assert AcsKey(KEY)
