"""Links through the real runtime: followed, unsubscribed from, chosen by, over tables and queues."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from product_kit import Product, Reply
from ward import Ward

from sandbox.play import resources as make
from shared.catalogue import Document
from shared.fhir.choice import PURPOSES
from shared.message.links import Linker, LinkKind
from shared.patient.record import patient_key
from shared.usecases.publish import publish
from tests.pages.pages_kit import FORM, Mail

TARGET = "https://riverside.example/plan?a=1&b=2"
EMAIL = "nora@pages.example"
ONE_CLICK = b"List-Unsubscribe=One-Click"


WORDS = '{{ "' + TARGET + '" | link }} {{ links.preferences }} {{ links.unsubscribe }}'
NEWS = (
    Document(
        "template",
        "news.yaml",
        {
            "url": "https://pages.example/templates/news",
            "version": "1",
            "title": "News",
            "purpose": "operations",
            "topic": "clinic-news",
            "channels": {"email": {"subject": {"en": "News"}, "text": {"en": WORDS}}},
        },
    ),
    Document(
        "journey",
        "news.yaml",
        {
            "url": "https://pages.example/journeys/news",
            "version": "1",
            "title": "News",
            "trigger": {"event": "news-asked"},
            "steps": [
                {
                    "id": "tell",
                    "kind": "send",
                    "template": "https://pages.example/templates/news",
                    "channels": ["email"],
                }
            ],
        },
    ),
)


async def linked(product: Product, patient_id: str, kind: LinkKind, target: str = "", **more: str) -> str:
    """Make a link as the guard does, with its rows; its path."""
    async with product.opened() as services:
        key = patient_key(patient_id)
        linker = Linker(key, Mail(f"message-{patient_id}", **more), services.policy, product.clock.now())
        url = linker.url(kind, target)
        for row in linker.made:
            await services.indexes.apply(key, row)
        return "/api" + url.removeprefix(services.policy.public_url)


def call(product: Product, method: str, path: str, body: bytes = b"", **headers: str) -> Reply:
    """Call with no function key: patients have none."""
    return product.call(method, path, body, headers, key=None)


async def choose(ward: Ward, path: str, *ticked: str) -> Reply:
    shown = [("shown-on", f"{purpose}|sms") for purpose in PURPOSES]
    fields = [*shown, *(("on", each) for each in ticked), ("action", "save"), ("stamp", str(ward.now))]
    answer = call(ward.product, "POST", path, urlencode(fields).encode(), **FORM)
    look = await ward.product.idle()
    assert look.poisoned == {}
    return answer


async def opt_outs(ward: Ward, patient_id: str) -> list[tuple[str, str, str]]:
    record = await ward.record(patient_id)
    return [(no.purpose, no.channel, no.source) for no in record.opt_outs]


async def test_one_click_unsubscribes_and_a_get_does_not(ward: Ward) -> None:
    await ward.admit("pages-1", "+12065550181")
    path = await linked(ward.product, "pages-1", "unsubscribe")
    asked = call(ward.product, "GET", path)
    assert asked.status == 200
    assert asked.headers["content-type"] == "text/html; charset=utf-8"
    await ward.product.idle()
    assert await opt_outs(ward, "pages-1") == []
    done = call(ward.product, "POST", path, ONE_CLICK, **FORM)
    assert done.status == 200
    assert "set-cookie" not in done.headers
    look = await ward.product.idle()
    assert look.poisoned == {}
    assert await opt_outs(ward, "pages-1") == [("marketing", "email", "one-click")]


async def test_choosing_changes_the_record_and_the_page(ward: Ward) -> None:
    await ward.admit("pages-2", "+12065550182")
    path = await linked(ward.product, "pages-2", "preferences", channel="sms")
    shown = call(ward.product, "GET", path).body.decode()
    assert 'value="care|sms" checked' in shown
    assert "0182" in shown
    assert "2065550182" not in shown
    answer = await choose(ward, path)
    assert (answer.status, 'role="status"' in answer.body.decode()) == (200, True)
    assert await opt_outs(ward, "pages-2") == [("*", "sms", "link")]
    assert 'value="care|sms" checked' not in call(ward.product, "GET", path).body.decode()
    ward.pass_time(1_000_000)
    await choose(ward, path, "care|sms")
    assert 'value="care|sms" checked' in call(ward.product, "GET", path).body.decode()
    lines = [line.text for line in await ward.timeline("pages-2")]
    assert "Opted out of SMS: on the page that a message led to" in lines


async def test_the_links_of_a_message_that_went_out_work(ward: Ward) -> None:
    """A journey's email: its link is counted, its preferences are its reader's, its unsubscribe works."""
    async with ward.product.opened() as services:
        await publish(services, NEWS)
    home = [{"state": "NY", "country": "US"}]  # where it is ten in the morning
    await ward.write({**make.patient("pages-4", "Nora", "Diaz", email=EMAIL), "address": home})
    told = {"id": "1", "patient": {"reference": "Patient/pages-4"}}
    assert ward.product.call("POST", "/api/events/news-asked", told).status == 202
    await ward.product.idle()
    (text,) = ward.sent(EMAIL)
    plan, preferences, unsubscribe = (url.partition("/api")[2] for url in text.split())
    followed = call(ward.product, "GET", f"/api{plan}")
    assert (followed.status, followed.headers["location"]) == (302, TARGET)
    await ward.product.idle()
    (row,) = await ward.rows("pages-4")
    assert row.delivery == "clicked"
    page = call(ward.product, "GET", f"/api{preferences}").body.decode()
    assert "n•••@•••.example" in page
    assert 'name="topic" value="clinic-news" checked' in page
    assert call(ward.product, "POST", f"/api{unsubscribe}", ONE_CLICK, **FORM).status == 200
    look = await ward.product.idle()
    assert look.poisoned == {}
    assert await opt_outs(ward, "pages-4") == [("operations", "email", "one-click")]


async def test_a_click_leads_on_at_once(ward: Ward) -> None:
    await ward.admit("pages-3", "+12065550183")
    path = await linked(ward.product, "pages-3", "click", TARGET)
    for method in ("GET", "HEAD"):
        answer = call(ward.product, method, path)
        assert (answer.status, answer.headers["location"], answer.body) == (302, TARGET, b"")
    look = await ward.product.idle()
    assert look.poisoned == {}


@pytest.mark.parametrize("kind", ["l", "u", "p"])
def test_what_was_never_made_leads_nowhere(untouched: Product, kind: str) -> None:
    answer = call(untouched, "GET", f"/api/{kind}/{'A' * 22}", **{"Accept-Language": "de-AT"})
    assert (answer.status, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert '<html lang="de">' in answer.body.decode()
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(("kind", "method"), [("l", "POST"), ("p", "PUT"), ("u", "DELETE"), ("p", "HEAD")])
def test_no_other_method_is_taken(untouched: Product, kind: str, method: str) -> None:
    assert call(untouched, method, f"/api/{kind}/{'A' * 22}").status in (404, 405)


async def test_what_is_no_choice_is_recorded(ward: Ward) -> None:
    before = (await ward.rejections()).count("bad-job")
    async with ward.product.opened() as services:
        await services.queue.send("pages", b'{"type":"wake","key":"k","due":1}')
    look = await ward.product.idle()
    assert look.poisoned == {}
    assert (await ward.rejections()).count("bad-job") == before + 1
