"""Templates by the admin API: what there is, what it says, who hands it in and who says yes."""

from __future__ import annotations

from typing import Any

import pytest

from functions.admin.shapes import definition_id
from shared.access.roles import Role
from shared.document import Document
from shared.usecases.publish import publish
from tests.admin.admin_kit import Desk, code_of

URL = "https://x.example/templates/offer"
ID = definition_id("template", URL)
TEXT = "{{ organisation.name }}: new opening hours. Reply STOP to opt out."
CARE = {
    "url": "https://x.example/templates/reminder",
    "version": "1.0.0",
    "title": "Reminder",
    "channels": {
        "sms": {"text": {"en": "Hello {{ recipient.given }}", "es": "Hola {{ recipient.given }}"}},
        "email": {
            "subject": {"en": "Your visit"},
            "html": {"en": "<p>Dear {{ recipient.name }}</p><script>alert(1)</script>"},
        },
    },
}


def offer(version: str = "1.0.0", text: str = TEXT, **more: Any) -> dict[str, Any]:
    return {
        "url": URL,
        "version": version,
        "title": "Offer",
        "purpose": "marketing",
        "topic": "offers",
        "channels": {"sms": {"text": {"en": text}}},
    } | more


async def submitted(desk: Desk, content: dict[str, Any] | None = None, by: str = "ana", **more: Any) -> Any:
    body = {"content": content or offer(), **more}
    return await desk.call("POST", "/templates/submit", Role.MARKETER, body, by=by)


async def settled(
    desk: Desk, what: str, match: str, by: str = "ben", role: Any = Role.APPROVER, **more: Any
) -> Any:
    body = {"version": "1.0.0", **more}
    return await desk.call("POST", f"/templates/{ID}/{what}", role, body, by=by, match=match)


def etag_in(answer: Any) -> str:
    found: str = answer.headers["ETag"]
    return found.strip('"')


async def test_from_the_draft_to_the_approval(desk: Desk) -> None:
    handed = await submitted(desk)
    assert (handed.status_code, handed.json()["approval"]) == (200, "submitted")
    read = await desk.call("GET", f"/templates/{ID}", Role.APPROVER, by="ben")
    assert read.json()["content"] == offer()
    assert read.json()["moves"][0]["by"] == "ana"
    assert read.json()["digest"] == read.json()["submitted"] == handed.json()["digest"]
    approved = await settled(desk, "approve", etag_in(read))
    assert approved.json() == {**handed.json(), "approval": "approved"}
    (shown,) = (await desk.call("GET", "/templates", Role.MARKETER)).json()["items"]
    assert (shown["approval"], shown["published_in"], shown["channels"]) == (
        "approved",
        None,
        {"sms": ["en"]},
    )
    assert [(each.operation, each.outcome, each.about) for each in desk.noted] == [
        (operation, outcome, (f"{URL}|1.0.0",))
        for operation in ("submitTemplate", "approveTemplate")
        for outcome in ("begun", "done")
    ]
    assert await _published(desk, offer())
    (shown,) = (await desk.call("GET", "/templates", Role.MARKETER)).json()["items"]
    assert shown["published_in"] == 1


async def test_nobody_approves_their_own_work(desk: Desk) -> None:
    """Neither as the author, nor in the author's role, whatever other roles they have."""
    both = (Role.MARKETER, Role.APPROVER)
    handed = await desk.call("POST", "/templates/submit", both, {"content": offer()}, by="ana")
    own = await settled(desk, "approve", etag_in(handed), by="ana", role=both)
    assert (own.status_code, code_of(own)) == (422, "template-move")
    assert "submitted themselves" in own.json()["detail"]
    same = await settled(desk, "approve", etag_in(handed), by="ben", role=both, role_asked="")
    assert same.status_code == 422  # an unknown field
    posing = {"version": "1.0.0", "role": "Marketer"}
    path = f"/templates/{ID}/approve"
    ours = await desk.call("POST", path, both, posing, by="ben", match=etag_in(handed))
    assert "another role" in ours.json()["detail"]
    theirs = await desk.call("POST", path, Role.APPROVER, posing, by="ben", match=etag_in(handed))
    assert (theirs.status_code, code_of(theirs)) == (403, "forbidden")
    assert (await desk.call("GET", f"/templates/{ID}")).json()["approval"] == "submitted"


async def test_who_has_written_in_it_does_not_approve_it(desk: Desk) -> None:
    """Ben submitted words of before, or has saved a draft; that Ana handed it in last does not help."""
    both = (Role.MARKETER, Role.APPROVER)
    before = {"content": offer(text=TEXT.replace("new", "other"))}
    await desk.call("POST", "/templates/submit", both, before, by="ben")
    handed = await submitted(desk)
    refused = await settled(desk, "approve", etag_in(handed), by="ben", role=both)
    assert "submitted themselves" in refused.json()["detail"]
    draft = {"kind": "template", "content": offer()}
    made = await desk.call("POST", "/drafts", both, draft, by="cem")
    own = await settled(desk, "approve", etag_in(handed), by="cem", role=both)
    assert (own.status_code, code_of(own)) == (403, "own-work")
    path, other = f"/drafts/{made.json()['draft']}", {"content": {"url": "urn:other", "version": "1"}}
    saved = await desk.call("PUT", path, both, other, by="cem", match=etag_in(made))
    assert code_of(await settled(desk, "approve", etag_in(handed), by="cem", role=both)) == "own-work"
    assert (await desk.call("DELETE", path, both, by="cem", match=etag_in(saved))).status_code == 204
    assert code_of(await settled(desk, "approve", etag_in(handed), by="cem", role=both)) == "own-work"
    assert (await settled(desk, "approve", etag_in(handed), by="dan")).status_code == 200


async def test_what_was_read_is_what_is_approved(desk: Desk) -> None:
    """An author changes a word while somebody reads: the yes was to other words."""
    first = etag_in(await submitted(desk))
    await submitted(desk, offer(text=TEXT.replace("new", "much better")))
    stale = await settled(desk, "approve", first)
    assert (stale.status_code, code_of(stale)) == (412, "changed")
    assert (await settled(desk, "approve", "*")).status_code == 412
    unseen = await settled(desk, "approve", "")
    assert (unseen.status_code, code_of(unseen)) == (428, "if-match-required")
    fresh = etag_in(await desk.call("GET", f"/templates/{ID}", Role.APPROVER))
    assert (await settled(desk, "approve", fresh)).status_code == 200
    assert (await settled(desk, "approve", fresh, by="cem")).status_code == 412


async def test_a_no_makes_it_a_draft_again(desk: Desk) -> None:
    handed = await submitted(desk)
    unreasoned = await settled(desk, "reject", etag_in(handed))
    assert code_of(unreasoned) == "invalid"
    answer = await settled(desk, "reject", etag_in(handed), reason="the hours are wrong")
    assert answer.json()["approval"] == "draft"
    assert (await submitted(desk)).json()["approval"] == "submitted"


async def test_handing_in_the_same_again_changes_nothing(desk: Desk) -> None:
    first = await submitted(desk)
    again = await submitted(desk)
    assert (again.status_code, again.json(), etag_in(again)) == (200, first.json(), etag_in(first))
    other = await submitted(desk, by="eve")
    assert (other.status_code, code_of(other)) == (422, "template-move")


async def test_what_lint_calls_an_error_is_not_taken(desk: Desk) -> None:
    wrong = offer(text="{{ organisation.name }}: your HIV test. Reply STOP to opt out.")
    found = (await desk.call("POST", "/templates/lint", Role.MARKETER, {"content": wrong})).json()
    assert found["sound"] is False
    assert any(each["level"] == "error" for each in found["findings"])
    refused = await submitted(desk, wrong)
    assert (refused.status_code, code_of(refused)) == (422, "invalid")
    assert refused.json()["problems"][0]["where"].startswith("body.content: channels.sms")
    assert (await desk.call("GET", "/templates")).json()["items"] == []


async def test_lint_says_what_is_no_template(desk: Desk) -> None:
    for content in ({}, {"url": 1}, offer(channels={}), offer(version="")):
        answer = await desk.call("POST", "/templates/lint", Role.MARKETER, {"content": content})
        assert (answer.status_code, answer.json()["sound"]) == (200, False)
        for path in ("/templates/preview", "/templates/submit"):
            refused = await desk.call("POST", path, Role.MARKETER, {"content": content})
            assert (refused.status_code, code_of(refused)) == (422, "invalid")


async def test_a_preview_shows_every_channel_and_language(desk: Desk) -> None:
    answer = await desk.call("POST", "/templates/preview", Role.MARKETER, {"content": CARE})
    shown = {(each["channel"], each["language"]): each for each in answer.json()["messages"]}
    assert set(shown) == {("sms", "en"), ("sms", "es"), ("email", "en")}
    assert shown["sms", "es"]["text"] == "Hola Alexandria"
    assert (shown["sms", "es"]["parts"], shown["sms", "es"]["encoding"]) == (1, "GSM-7")
    assert shown["email", "en"]["subject"] == "Your visit"
    assert "<p>Dear Alexandria" in shown["email", "en"]["html"]
    assert answer.headers["content-type"] == "application/json"
    assert desk.noted == []


async def test_a_preview_is_for_somebody_in_a_channel_and_a_language(desk: Desk) -> None:
    wanted = {"content": CARE, "person": "mother", "channels": ["sms"], "language": "en"}
    (shown,) = (await desk.call("POST", "/templates/preview", Role.APPROVER, wanted)).json()["messages"]
    assert shown["text"] == "Hello Josephine"
    family = {"content": CARE, "person": "family"}
    none = await desk.call("POST", "/templates/preview", Role.MARKETER, family)
    assert (none.status_code, code_of(none)) == (422, "nothing-written")
    little = {"content": CARE, "person": "little-known", "channels": ["sms"], "language": "en"}
    (shown,) = (await desk.call("POST", "/templates/preview", Role.MARKETER, little)).json()["messages"]
    assert (shown["text"], shown["fault"]) == ("Hello", "")


async def test_what_would_run_for_ever_is_cut_short(desk: Desk) -> None:
    endless = "{% for a in (1..1000000000) %}x{% endfor %}"
    content = offer(text=endless, purpose="care")
    answer = await desk.call("POST", "/templates/preview", Role.MARKETER, {"content": content})
    (shown,) = answer.json()["messages"]
    assert (shown["text"], shown["fault"].rpartition(": ")[2]) == ("", "LoopIterationLimitError")


async def _published(desk: Desk, *bodies: dict[str, Any]) -> bool:
    documents = tuple(Document("template", f"{n}.yaml", body) for n, body in enumerate(bodies))
    await publish(desk.services, documents)
    return True


async def test_the_list_has_what_is_published_and_what_waits(desk: Desk) -> None:
    await _published(desk, CARE, {**CARE, "version": "1.10.0"}, {**CARE, "version": "1.9.0"})
    await submitted(desk)
    items = (await desk.call("GET", "/templates", Role.AGENT)).json()["items"]
    told = [(each["url"], each["version"], each["approval"], each["published_in"]) for each in items]
    assert told == [(URL, "1.0.0", "submitted", None), (CARE["url"], "1.10.0", "draft", 1)]
    for params, urls in (
        ({"published": True}, [CARE["url"]]),
        ({"approval": "submitted"}, [URL]),
        ({"purpose": "marketing"}, [URL]),
        ({"channel": "email"}, [CARE["url"]]),
        ({"channel": "push"}, []),
    ):
        found = (await desk.call("GET", "/templates", params=params)).json()["items"]
        assert [each["url"] for each in found] == urls
    first = (await desk.call("GET", "/templates", params={"limit": 1})).json()
    rest = (await desk.call("GET", "/templates", params={"limit": 1, "cursor": first["next"]})).json()
    assert [each["url"] for each in (*first["items"], *rest["items"])] == [URL, CARE["url"]]


async def test_one_reads_a_version_of_several(desk: Desk) -> None:
    await _published(desk, CARE, {**CARE, "version": "1.10.0", "title": "Newer"})
    path = f"/templates/{definition_id('template', str(CARE['url']))}"
    latest = (await desk.call("GET", path, Role.EVENT_PLANNER)).json()
    assert (latest["version"], latest["title"], latest["versions"]) == (
        "1.10.0",
        "Newer",
        ["1.0.0", "1.10.0"],
    )
    old = await desk.call("GET", path, Role.EVENT_PLANNER, params={"version": "1.0.0"})
    assert old.json()["content"] == CARE
    for absent in (
        await desk.call("GET", path, params={"version": "7"}),
        await desk.call("GET", f"/templates/{'0' * 32}"),
    ):
        assert (absent.status_code, code_of(absent)) == (404, "unknown-template")


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (Role.MARKETER, {"preview", "lint", "submit"}),
        (Role.ADMINISTRATOR, {"preview", "lint", "submit"}),
        (Role.APPROVER, {"preview", "lint"}),
        (Role.EVENT_PLANNER, {"preview", "lint"}),
        (Role.AGENT, set()),
        (Role.AUDITOR, set()),
    ],
)
async def test_who_may_do_what(desk: Desk, role: Role, allowed: set[str]) -> None:
    for what in ("preview", "lint", "submit"):
        answer = await desk.call("POST", f"/templates/{what}", role, {"content": offer()})
        assert answer.status_code == (200 if what in allowed else 403), answer.text
    for what in ("approve", "reject"):
        answer = await settled(desk, what, "x", role=role, reason="as it should be")
        assert answer.status_code == (404 if role == Role.APPROVER else 403)
