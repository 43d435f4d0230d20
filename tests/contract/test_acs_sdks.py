"""The real Azure SDKs work against the stand-in, so what it speaks is what ACS speaks."""

from __future__ import annotations

import asyncio
import base64
import uuid

import pytest
from acs_kit import KEY, RECIPIENTS, SENDERS, a_message, bench
from azure.communication.email import EmailClient
from azure.communication.messages import NotificationMessagesClient
from azure.communication.messages.models import (
    MessageTemplate,
    MessageTemplateText,
    TemplateNotificationContent,
    TextNotificationContent,
    WhatsAppMessageTemplateBindings,
    WhatsAppMessageTemplateBindingsComponent,
)
from azure.communication.sms import SmsClient
from azure.communication.sms.aio import SmsClient as AsyncSmsClient
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError

from shared.adapters.acs_auth import AcsBearer, AcsKey
from shared.adapters.acs_email import AcsEmail
from shared.adapters.acs_http import AcsHttp
from shared.effects import Attachment
from shared.message.outbound import Accepted, Deferred, Refused

WRONG_KEY = base64.b64encode(b"another key of 32 letters, wrong").decode()
EMAIL = {
    "senderAddress": SENDERS["email"],
    "content": {"subject": "Hello", "plainText": "Hello", "html": "<p>Hello</p>"},
    "recipients": {"to": [{"address": RECIPIENTS["email"]}]},
}


def send_sms(url: str, key: str = KEY, to: str = RECIPIENTS["sms"]):
    client = SmsClient(url, key)
    return client.send(SENDERS["sms"], [to], "Hello", enable_delivery_report=True, tag="t1")


def send_email(url: str, key: str = KEY, operation_id: str | None = None):
    with EmailClient(url, AzureKeyCredential(key)) as client:
        return client.begin_send(EMAIL, operation_id=operation_id).result()


ICS = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
ONE_CLICK = {
    "List-Unsubscribe": "<https://care.example/u/abc>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
}
PARAMETERS = ("Maria", "3 March")


def send_email_with_file(url: str):
    file = {
        "name": "visit.ics",
        "contentType": "text/calendar",
        "contentInBase64": base64.b64encode(ICS).decode(),
    }
    with EmailClient(url, AzureKeyCredential(KEY)) as client:
        message = {**EMAIL, "headers": ONE_CLICK, "attachments": [file]}
        return client.begin_send(message).result()


def send_template(url: str):
    values = [MessageTemplateText(name=str(n), text=text) for n, text in enumerate(PARAMETERS, 1)]
    places = [WhatsAppMessageTemplateBindingsComponent(ref_value=value.name) for value in values]
    content = TemplateNotificationContent(
        channel_registration_id=SENDERS["whatsapp"],
        to=[RECIPIENTS["whatsapp"]],
        template=MessageTemplate(
            name="visit_reminder",
            language="es_MX",
            template_values=values,
            bindings=WhatsAppMessageTemplateBindings(body=places),
        ),
    )
    with NotificationMessagesClient(url, AzureKeyCredential(KEY)) as client:
        return client.send(content)


def send_whatsapp(url: str, key: str = KEY, request_id: str | None = None):
    content = TextNotificationContent(
        channel_registration_id=SENDERS["whatsapp"], to=[RECIPIENTS["whatsapp"]], content="Hello"
    )
    headers = {"Repeatability-Request-ID": request_id} if request_id else {}
    with NotificationMessagesClient(url, AzureKeyCredential(key)) as client:
        return client.send(content, headers=headers)


async def test_sms_sdk_sends():
    """Every item of the SDK's result is filled as from ACS, and the message is kept with its tag."""
    async with bench() as made:
        (result,) = await asyncio.to_thread(send_sms, made.url)
        assert (result.successful, result.http_status_code, result.error_message) == (True, 202, None)
        assert result.message_id.startswith("Outgoing_")
        kept = made.service.store.messages[result.message_id]
        assert (kept.to, kept.text, kept.tag, kept.state) == (RECIPIENTS["sms"], "Hello", "t1", "delivered")


async def test_sms_sdk_learns_of_an_invalid_number():
    async with bench() as made:
        (result,) = await asyncio.to_thread(send_sms, made.url, KEY, "12")
        assert (result.successful, result.http_status_code) == (False, 400)
        assert not made.service.store.messages


async def test_async_sms_sdk_signs_as_we_check():
    async with bench() as made:
        async with AsyncSmsClient(made.url, KEY) as client:
            (result,) = await client.send(SENDERS["sms"], RECIPIENTS["sms"], "Hello")
        assert result.successful


async def test_email_sdk_sends_and_polls():
    """The long-running operation ends with the id that the caller chose, and a repeat sends no second."""
    key = str(uuid.uuid4())
    async with bench() as made:
        for _ in range(2):
            result = await asyncio.to_thread(send_email, made.url, KEY, key)
            assert (result["id"], result["status"]) == (key, "Succeeded")
        assert made.service.store.counts["email"].accepted == 1
        assert made.service.store.counts["email"].repeated == 1


async def test_whatsapp_sdk_sends_once_per_request_id():
    key = str(uuid.uuid4())
    async with bench() as made:
        first = await asyncio.to_thread(send_whatsapp, made.url, KEY, key)
        again = await asyncio.to_thread(send_whatsapp, made.url, KEY, key)
        assert first.receipts[0].message_id == again.receipts[0].message_id
        assert made.service.store.counts["whatsapp"].accepted == 1


@pytest.mark.parametrize("send", [send_sms, send_email, send_whatsapp])
async def test_sdk_with_a_wrong_key_is_turned_away(send):
    async with bench() as made:
        with pytest.raises((ClientAuthenticationError, HttpResponseError)) as caught:
            await asyncio.to_thread(send, made.url, WRONG_KEY)
        assert caught.value.status_code == 401
        assert not made.service.store.messages


@pytest.mark.parametrize("channel", ["sms", "email", "whatsapp"])
async def test_adapter_and_sdk_leave_the_same(channel):
    """What our REST adapter sends is kept with the same shape as what the SDK sends."""
    sdk = {"sms": send_sms, "email": send_email, "whatsapp": send_whatsapp}[channel]
    message = a_message(channel, text="Hello", subject="Hello", html="<p>Hello</p>", tag="t1")
    async with bench() as made:
        await asyncio.to_thread(sdk, made.url)
        result = await made.adapter(channel).send(message)
        assert isinstance(result, Accepted)
        theirs, ours = made.service.store.messages.values()
        assert ours.id == result.provider_id
        for field in ("channel", "sender", "to", "text", "subject", "html", "state", "tag"):
            expected = "" if field == "subject" and channel != "email" else getattr(theirs, field)
            assert getattr(ours, field) == expected, field


@pytest.mark.parametrize("channel", ["sms", "email", "whatsapp"])
async def test_adapter_with_wrong_credentials_is_deferred(channel):
    async with bench(bearer="right") as made:
        refused = await made.adapter(channel, auth=AcsKey(WRONG_KEY)).send(a_message(channel))
        assert isinstance(refused, Deferred)

        async def token() -> str:
            return "right"

        assert isinstance(
            await made.adapter(channel, auth=AcsBearer(token)).send(a_message(channel)), Accepted
        )


FULL = (
    "channel",
    "sender",
    "to",
    "text",
    "subject",
    "html",
    "headers",
    "attachments",
    "template",
    "language",
)


async def test_adapter_and_sdk_send_the_same_email_with_headers_and_a_file():
    file = Attachment("visit.ics", "text/calendar", ICS)
    message = a_message(
        "email", text="Hello", subject="Hello", html="<p>Hello</p>", headers=ONE_CLICK, attachments=(file,)
    )
    async with bench() as made:
        await asyncio.to_thread(send_email_with_file, made.url)
        assert isinstance(await made.adapter("email").send(message), Accepted)
        theirs, ours = made.service.store.messages.values()
        assert ours.headers == ONE_CLICK
        assert [(one.name, one.type, one.content) for one in ours.attachments] == [
            ("visit.ics", "text/calendar", ICS)
        ]
        assert all(getattr(ours, field) == getattr(theirs, field) for field in FULL)


async def test_adapter_and_sdk_send_the_same_approved_template():
    message = a_message(
        "whatsapp", approved="visit_reminder", parameters=PARAMETERS, language="es-MX", text="not sent"
    )
    async with bench() as made:
        await asyncio.to_thread(send_template, made.url)
        assert isinstance(await made.adapter("whatsapp").send(message), Accepted)
        theirs, ours = made.service.store.messages.values()
        assert ours.text == "[visit_reminder] Maria, 3 March"
        assert ours.language == "es-MX"
        assert all(getattr(ours, field) == getattr(theirs, field) for field in FULL)


async def test_a_template_without_places():
    async with bench() as made:
        message = a_message("whatsapp", approved="hello", language="de")
        assert isinstance(await made.adapter("whatsapp").send(message), Accepted)
        (kept,) = made.service.store.messages.values()
        assert (kept.text, kept.template, kept.language) == ("[hello]", "hello", "de")


@pytest.mark.parametrize(("size", "outcome"), [(7_000_000, Accepted), (8_000_000, Refused)])
async def test_an_email_has_ten_megabytes_at_most(size, outcome):
    """What would be refused there is not even sent; base64 makes four bytes of three."""
    file = Attachment("scan.pdf", "application/pdf", b"x" * size)
    async with bench() as made:
        result = await made.adapter("email").send(a_message("email", attachments=(file,)))
        assert isinstance(result, outcome)
        assert made.service.store.counts["email"].calls == (outcome is Accepted)
        if isinstance(result, Refused):
            assert result.code == "content"


@pytest.mark.parametrize("tracked", [True, False])
async def test_engagement_is_tracked_where_it_is_asked_for(tracked):
    async with bench() as made:
        adapter = AcsEmail(
            AcsHttp(made.session, made.url, AcsKey(KEY)), SENDERS["email"], track_engagement=tracked
        )
        await adapter.send(a_message("email"))
        (kept,) = made.service.store.messages.values()
        assert kept.tracked == tracked
