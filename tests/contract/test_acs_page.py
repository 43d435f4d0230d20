"""The stand-in's own calls and its page."""

from __future__ import annotations

import asyncio

import pytest
from acs_kit import RECIPIENTS, SENDERS, a_message, bench, bench_with_sink

from shared.effects import Attachment

NASTY = "<script>alert('x')</script>\"&"


async def read(made, path: str, **options) -> str:
    async with made.session.get(made.url + path, **options) as answer:
        assert answer.status == 200
        return await answer.text()


async def test_messages_since_and_clearing():
    async with bench() as made:
        for _ in range(2):
            await made.adapter("sms").send(a_message("sms", tag="lang=es"))
        async with made.session.get(f"{made.url}/sandbox/messages?since=1") as answer:
            listed = await answer.json()
        assert (len(listed["messages"]), listed["last"]) == (1, 2)
        shown = listed["messages"][0]
        assert (shown["to"], shown["from"], shown["language"]) == (RECIPIENTS["sms"], SENDERS["sms"], "es")
        async with made.session.delete(f"{made.url}/sandbox/messages") as answer:
            assert answer.status == 200
        async with made.session.get(f"{made.url}/sandbox/messages") as answer:
            assert await answer.json() == {"messages": [], "last": 2}


async def test_stats_count_repeats_by_id():
    message = a_message("email")
    async with bench() as made:
        for _ in range(3):
            await made.adapter("email").send(message)
        async with made.session.get(f"{made.url}/sandbox/stats") as answer:
            stats = await answer.json()
        assert (stats["accepted"], stats["repeated"], stats["identical"]) == (1, 2, 0)
        assert stats["by_channel"]["email"] == {"calls": 3, "accepted": 1, "repeated": 2, "rejected": 0}
        assert stats["requests"][message.message_id] == {"calls": 3, "accepts": 1}


async def test_memory_is_bounded_and_ids_outlive_messages():
    """A message that had to go is still not sent again."""
    async with bench(limit=2) as made:
        first = a_message("sms")
        answers = [await made.adapter("sms").send(one) for one in (first, a_message("sms"), a_message("sms"))]
        assert len(made.service.store.messages) == 2
        assert await made.adapter("sms").send(first) == answers[0]
        assert made.seen(first) == (2, 1)


@pytest.mark.parametrize("body", ['[{"do": "explode"}]', "[{}]", "{", '[{"do": "drop", "nht": 1}]'])
async def test_wrong_rules_are_told(body):
    async with bench() as made, made.session.put(f"{made.url}/sandbox/faults", data=body) as answer:
        assert answer.status == 400


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Host": "evil.example:80"}])
async def test_other_web_pages_are_turned_away(headers):
    async with bench() as made:
        url = f"{made.url}/sandbox/inbound"
        async with made.session.post(url, data="{}", headers=headers) as answer:
            assert answer.status in (403, 421)


async def test_page_escapes_what_was_sent():
    async with bench() as made:
        await made.adapter("sms").send(a_message("sms", text=NASTY))
        email = a_message("email", text=NASTY, subject=NASTY, html=f'<html lang="de"><p>{NASTY}</p>')
        await made.adapter("email").send(email)
        for path in ("/", "/?view=inbox", f"/?q={NASTY}&to={NASTY}"):
            page = await read(made, path)
            assert "<script>alert" not in page
        page = await read(made, "/?view=inbox")
        assert 'sandbox="" srcdoc="&lt;html lang=&quot;de&quot;' in page
        assert '<span class="lang">de</span>' in page


async def test_page_may_load_nothing_from_elsewhere():
    async with bench() as made, made.session.get(made.url) as answer:
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "http" not in await answer.text()


async def test_page_filters_by_recipient():
    async with bench() as made:
        await made.adapter("sms").send(a_message("sms", text="to the one"))
        await made.adapter("sms").send(a_message("sms", to="+15559990000", text="to the other"))
        page = await read(made, "/?q=999")
        assert "to the other" in page
        assert "to the one" not in page


async def test_reply_box_speaks_as_the_patient():
    async with bench_with_sink() as (made, sink):
        await made.adapter("sms").send(a_message("sms"))
        await sink.next()
        form = {"from": RECIPIENTS["sms"], "to": SENDERS["sms"], "channel": "sms", "text": "I will come"}
        async with made.session.post(f"{made.url}/page/reply", data=form) as answer:
            assert "I will come" in await answer.text()
        assert (await sink.next())["data"]["message"] == "I will come"


async def test_an_open_page_hears_of_a_message():
    async with bench() as made, made.session.get(f"{made.url}/sandbox/stream") as stream:
        assert (await stream.content.readuntil(b"\n\n")).startswith(b"retry")
        await made.adapter("sms").send(a_message("sms"))
        heard = await asyncio.wait_for(stream.content.readuntil(b"\n\n"), 10)
        assert heard == b"event: change\ndata: 1\n\n"


@pytest.mark.parametrize("path", ["/page/style.css", "/page/app.js"])
async def test_page_files_are_served(path):
    async with bench() as made:
        assert len(await read(made, path)) > 100


async def test_an_email_shows_its_headers_and_gives_its_files():
    file = Attachment("visit <1>.ics", "text/calendar", b"BEGIN:VCALENDAR")
    message = a_message(
        "email", headers={"List-Unsubscribe": "<https://care.example/u>"}, attachments=(file,)
    )
    async with bench() as made:
        await made.adapter("email").send(message)
        page = await read(made, f"/?view=inbox&id={message.message_id}")
        assert "&lt;https://care.example/u&gt;" in page
        assert "visit &lt;1&gt;.ics" in page
        assert await read(made, f"/page/file?id={message.message_id}&n=0") == "BEGIN:VCALENDAR"
        for nothing in ("n=1", "n=x", "n="):
            async with made.session.get(f"{made.url}/page/file?id={message.message_id}&{nothing}") as answer:
                assert answer.status == 404


async def test_a_whatsapp_reply_comes_from_the_page():
    async with bench() as made:
        await made.adapter("whatsapp").send(a_message("whatsapp"))
        form = {"from": "+15551110009", "to": SENDERS["whatsapp"], "channel": "whatsapp", "text": "Yes"}
        async with made.session.post(f"{made.url}/page/reply", data=form) as answer:
            assert "Yes" in await answer.text()
        assert [one.direction for one in made.service.store.messages.values()] == ["out", "in"]
