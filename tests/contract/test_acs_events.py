"""Delivery reports and patients' replies arrive as the Event Grid events that ACS documents."""

from __future__ import annotations

import re

import pytest
from acs_kit import RECIPIENTS, SENDERS, a_message, bench_with_sink

from sandbox.acs.control import Engagement, Inbound, engage, say
from sandbox.acs.faults import Rule

ENVELOPE = {"id", "topic", "subject", "data", "eventType", "dataVersion", "metadataVersion", "eventTime"}
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z")


async def test_sms_report_has_the_documented_shape():
    async with bench_with_sink(events_key="secret") as (made, sink):
        result = await made.adapter("sms").send(a_message("sms", tag="t1", text="x" * 161))
        event = await sink.next()
        assert set(event) == ENVELOPE
        assert event["eventType"] == "Microsoft.Communication.SMSDeliveryReportReceived"
        assert event["subject"] == "/phonenumber/15551110001"
        data = event["data"]
        assert STAMP.fullmatch(data.pop("receivedTimestamp"))
        assert STAMP.fullmatch(data["deliveryAttempts"][0].pop("timestamp"))
        assert data == {
            "messageId": result.provider_id,
            "from": SENDERS["sms"],
            "to": RECIPIENTS["sms"],
            "deliveryStatus": "Delivered",
            "deliveryStatusDetails": "2000: Message Delivered Successfully.",
            "deliveryAttempts": [{"segmentsSucceeded": 2, "segmentsFailed": 0}],
            "tag": "t1",
        }
        headers, _ = sink.posts[0]
        assert headers["aeg-event-type"] == "Notification"
        assert headers["x-functions-key"] == "secret"


async def test_email_report_and_engagement_have_the_documented_shape():
    async with bench_with_sink() as (made, sink):
        adapter = made.adapter("email")
        adapter._track = True
        message = a_message("email")
        await adapter.send(message)
        report = await sink.next()
        assert report["eventType"] == "Microsoft.Communication.EmailDeliveryReportReceived"
        assert report["subject"] == f"sender/{SENDERS['email']}/message/{message.message_id}"
        assert report["data"]["messageId"] == message.message_id
        assert report["data"]["status"] == "Delivered"
        assert STAMP.fullmatch(report["data"]["deliveryAttemptTimeStamp"])
        assert engage(made.service, Engagement(message.message_id, "click", "https://hospital.example/x"))
        opened = await sink.next()
        assert opened["eventType"] == "Microsoft.Communication.EmailEngagementTrackingReportReceived"
        assert opened["data"]["engagementType"] == "click"
        assert opened["data"]["engagementContext"] == "https://hospital.example/x"


async def test_an_untracked_email_tells_of_no_engagement():
    async with bench_with_sink() as (made, sink):
        message = a_message("email")
        await made.adapter("email").send(message)
        await sink.next()
        assert not engage(made.service, Engagement(message.message_id))
        assert made.service.pusher.counts["pushed"] == 1


async def test_whatsapp_reports_sent_then_delivered():
    async with bench_with_sink() as (made, sink):
        result = await made.adapter("whatsapp").send(a_message("whatsapp"))
        events = await sink.some(2)
        assert [event["data"]["status"] for event in events] == ["Sent", "Delivered"]
        assert {event["eventType"] for event in events} == {
            "Microsoft.Communication.AdvancedMessageDeliveryStatusUpdated"
        }
        assert events[0]["data"]["messageId"] == result.provider_id


@pytest.mark.parametrize(
    ("channel", "kind", "field"),
    [("sms", "SMSReceived", "message"), ("whatsapp", "AdvancedMessageReceived", "content")],
)
async def test_a_patients_reply_arrives(channel, kind, field):
    async with bench_with_sink() as (made, sink):
        say(made.service, Inbound(channel, RECIPIENTS[channel], SENDERS[channel], "Thank you"))
        event = await sink.next()
        assert event["eventType"] == f"Microsoft.Communication.{kind}"
        assert event["data"][field] == "Thank you"
        assert event["data"]["from"].endswith(RECIPIENTS[channel].removeprefix("+"))
        assert event["data"]["to"] == SENDERS[channel]


async def test_after_stop_texts_fail_with_the_opt_out_code():
    """ACS takes a text to somebody who sent STOP and reports it as failed, code 4007, until START."""
    async with bench_with_sink() as (made, sink):
        say(made.service, Inbound("sms", RECIPIENTS["sms"], SENDERS["sms"], "stop"))
        await made.adapter("sms").send(a_message("sms"))
        say(made.service, Inbound("sms", RECIPIENTS["sms"], SENDERS["sms"], "START"))
        await made.adapter("sms").send(a_message("sms"))
        reports = [event["data"] for event in await sink.some(4) if "deliveryStatus" in event["data"]]
        assert [report["deliveryStatus"] for report in reports] == ["Failed", "Delivered"]
        assert reports[0]["deliveryStatusDetails"].startswith("4007: ")


@pytest.mark.parametrize("channel", ["sms", "email", "whatsapp"])
async def test_failed_on_demand(channel):
    async with bench_with_sink() as (made, sink):
        made.misbehave(Rule("report-failed", reason="4006"))
        await made.adapter(channel).send(a_message(channel))
        data = (await sink.next())["data"]
        assert data.get("deliveryStatus", data.get("status")) == "Failed"


async def test_twice_late_and_out_of_order():
    async with bench_with_sink() as (made, sink):
        made.misbehave(
            Rule("report-twice", nth=1),
            Rule("report-reorder", nth=2),
            Rule("report-late", nth=4, seconds=0.01),
        )
        sent = [await made.adapter("sms").send(a_message("sms")) for _ in range(4)]
        ids = [event["data"]["messageId"] for event in await sink.some(5)]
        first, second, third, fourth = (result.provider_id for result in sent)
        assert ids == [first, first, third, second, fourth]


async def test_reports_come_again_until_taken():
    """The application answers 503 twice: the same events come a third time, counted in the header."""
    async with bench_with_sink(failures=2) as (made, sink):
        result = await made.adapter("sms").send(a_message("sms"))
        assert (await sink.next())["data"]["messageId"] == result.provider_id
        assert [headers["aeg-delivery-count"] for headers, _ in sink.posts] == ["0", "1", "2"]


async def test_reports_come_in_arrays():
    async with bench_with_sink() as (made, sink):
        for _ in range(3):
            say(made.service, Inbound("sms", RECIPIENTS["sms"], SENDERS["sms"], "Hello"))
        await sink.some(3)
        assert [count for _, count in sink.posts] == [3]


async def test_reports_can_be_switched_off():
    async with bench_with_sink() as (made, _):
        async with made.session.put(f"{made.url}/sandbox/reports", data="off") as answer:
            assert answer.status == 200
        await made.adapter("sms").send(a_message("sms"))
        assert made.service.pusher.counts["pushed"] == 0
