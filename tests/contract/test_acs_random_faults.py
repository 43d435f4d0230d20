"""Whatever a provider does, call after call: never two messages, and never an untrue answer."""

from __future__ import annotations

import asyncio

import pytest
from acs_kit import CHANNELS, Bench, a_message, bench
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.acs.faults import Rule
from shared.adapters.acs_http import Patience
from shared.message.outbound import Accepted, Deferred, Refused

PATIENCE = Patience(total=5.0, one_try=0.02, connect=1.0, tries=3)
LOST = [408, 409, 412, 500, 502, 504]  # what a provider may answer although it accepted
PLAIN = [302, 400, 401, 403, 404, 413, 429, 503]  # what it answers only when it did not
FAULTS = st.one_of(
    st.none(),
    st.builds(Rule, st.just("status"), status=st.sampled_from(LOST + PLAIN)),
    st.builds(Rule, st.just("accept-status"), status=st.sampled_from(LOST)),
    st.builds(Rule, st.sampled_from(["drop", "accept-drop", "reject"])),
    st.builds(Rule, st.just("slow"), ms=st.sampled_from([0.0, 30.0])),
)


async def play(made: Bench, channel, faults) -> None:
    """Send one message twice, as a redelivered effect would, through a row of faults."""
    message = a_message(channel)
    rules = []
    for number, fault in enumerate(faults, 1):
        if fault:
            rules.append(Rule(fault.do, status=fault.status, ms=fault.ms, nth=number))
    made.misbehave(*rules)
    lost = False
    for _ in range(2):
        before = made.seen(message)[1]
        result = await made.adapter(channel, PATIENCE).send(message)
        accepts = made.seen(message)[1]
        assert accepts <= 1
        if isinstance(result, Accepted):
            assert accepts == 1
            assert result.provider_id in made.service.store.messages
        elif isinstance(result, Refused | Deferred) and not lost:
            assert accepts == before, "what was answered as not accepted was accepted"
        else:
            lost = True  # a slow try may still be running


@pytest.mark.parametrize("channel", CHANNELS)
def test_never_twice_and_never_untrue(channel):
    with asyncio.Runner() as runner:
        context = bench()
        made = runner.run(context.__aenter__())

        @settings(
            max_examples=60,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
            database=None,
            derandomize=True,
        )
        @given(st.lists(FAULTS, max_size=6))
        def check(faults) -> None:
            runner.run(play(made, channel, faults))

        try:
            check()
            assert all(one.accepts <= 1 for one in made.service.store.requests.values())
        finally:
            runner.run(context.__aexit__(None, None, None))
