"""Faults by chance: a share of the calls, the same ones whatever their order."""

from __future__ import annotations

import uuid

import pytest
from acs_kit import CHANNELS, Sink, a_message, bench, bench_with_sink

from sandbox.acs.faults import Faults, Rule
from sandbox.acs.store import Draft
from shared.adapters.acs_http import Patience
from shared.message.outbound import Accepted, Unknown

IDS = [str(uuid.UUID(int=number)) for number in range(1, 2001)]


def struck(rule: Rule, ids: list[str]) -> set[str]:
    faults = Faults()
    faults.replace([rule])
    drafts = [Draft(channel="sms", sender="+1", to="+2", text="x", request_id=key) for key in ids]
    return {draft.request_id for draft in drafts if faults.plan(draft).first("status")}


def test_a_share_of_the_calls_whatever_their_order():
    rule = Rule("status", chance=0.25, seed="a")
    found = struck(rule, IDS)
    assert 400 < len(found) < 600
    assert struck(rule, IDS[::-1]) == found
    assert struck(Rule("status", chance=0.25, seed="b"), IDS) != found
    assert struck(Rule("status", chance=0.0), IDS) == set()
    assert struck(Rule("status", chance=1.0), IDS) == set(IDS)


def test_each_call_of_a_message_has_a_chance_of_its_own():
    faults = Faults()
    faults.replace([Rule("status", chance=0.5, seed="a")])
    draft = Draft(channel="sms", sender="+1", to="+2", text="x", request_id=IDS[0])
    assert len({bool(faults.plan(draft, call).first("status")) for call in range(1, 40)}) == 2


@pytest.mark.parametrize("channel", CHANNELS)
async def test_time_out_after_accepting(channel):
    """The repeat finds out that it was accepted; without one it is not known."""
    message, other = a_message(channel), a_message(channel)
    async with bench() as made:
        made.misbehave(Rule("accept-slow", ms=200, nth=[1, 2]))
        quick = Patience(total=5.0, one_try=0.05, connect=1.0, tries=2)
        assert isinstance(await made.adapter(channel, quick).send(message), Accepted | Unknown)
        only = Patience(total=5.0, one_try=0.05, connect=1.0, tries=1)
        made.misbehave(Rule("accept-slow", ms=200))
        assert isinstance(await made.adapter(channel, only).send(other), Unknown)
        assert made.seen(other)[1] == 1


async def reported(sink: Sink) -> str:
    return (await sink.next())["data"]["status"]


async def test_a_bounce_suppresses_the_address():
    async with bench_with_sink() as (made, sink):
        made.misbehave(Rule("report-failed", reason="Bounced", nth=1))
        await made.adapter("email").send(a_message("email"))
        assert await reported(sink) == "Bounced"
        await made.adapter("email").send(a_message("email"))
        assert await reported(sink) == "Suppressed"
        await made.adapter("email").send(a_message("email", to="other@example.org"))
        assert await reported(sink) == "Delivered"
