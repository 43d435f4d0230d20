"""Who is told to wait waits with everything: no call is made before Retry-After has passed."""

from __future__ import annotations

import pytest
from acs_kit import CHANNELS, a_message, bench

from sandbox.acs.faults import Rule
from shared.adapters.acs_http import Patience
from shared.message.outbound import Accepted, Deferred

all_channels = pytest.mark.parametrize("channel", CHANNELS)


@all_channels
@pytest.mark.parametrize("status", [429, 503])
async def test_while_throttled_nothing_is_called(channel, status):
    """One answer of 429 holds the whole channel back: others are deferred with what is left of the wait."""
    async with bench() as made:
        made.misbehave(Rule("status", status=status, retry_after=30, nth=1))
        adapter = made.adapter(channel)
        first = await adapter.send(a_message(channel))
        others = [await adapter.send(a_message(channel)) for _ in range(5)]
        for answer in (first, *others):
            assert isinstance(answer, Deferred)
            assert answer.retry_after is not None
            assert (answer.retry_after, answer.held) == (30, answer is not first)
        assert made.service.store.counts[channel].calls == 1


@all_channels
async def test_afterwards_it_goes_on(channel):
    async with bench() as made:
        made.misbehave(Rule("status", status=429, retry_after=30, nth=1))
        adapter = made.adapter(channel)
        assert isinstance(await adapter.send(a_message(channel)), Deferred)
        made.time += 29.9
        assert isinstance(await adapter.send(a_message(channel)), Deferred)
        made.time += 0.1
        assert isinstance(await adapter.send(a_message(channel)), Accepted)


async def test_channels_do_not_hold_each_other_back():
    async with bench() as made:
        made.misbehave(Rule("status", status=429, retry_after=30, channel="sms"))
        sms, email = made.adapter("sms"), made.adapter("email")
        assert isinstance(await sms.send(a_message("sms")), Deferred)
        assert isinstance(await email.send(a_message("email")), Accepted)


async def test_throttled_without_a_word_waits_a_little():
    async with bench() as made:
        made.misbehave(Rule("status", status=429))
        answer = await made.adapter("sms").send(a_message("sms"))
        assert isinstance(answer, Deferred)
        assert answer.retry_after == 5.0


async def test_nobody_can_shut_a_channel_for_days():
    async with bench() as made:
        made.misbehave(Rule("status", status=429, retry_after=900_000, nth=1))
        adapter = made.adapter("sms", Patience(longest_wait=60.0))
        await adapter.send(a_message("sms"))
        answer = await adapter.send(a_message("sms"))
        assert isinstance(answer, Deferred)
        assert answer.retry_after is not None
        assert answer.retry_after <= 60.0


async def test_a_lost_call_is_settled_though_the_provider_throttles():
    """What may have been accepted is asked about again, however the later try is answered."""
    message = a_message("sms")
    async with bench() as made:
        made.misbehave(Rule("accept-drop", nth=1), Rule("status", status=429, retry_after=3, nth=2))
        assert isinstance(await made.adapter("sms").send(message), Accepted)
        assert made.seen(message) == (3, 1)
        assert 3.0 in made.pauses
