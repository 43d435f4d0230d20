"""Drafts by the admin API: written by some, checked, and published by somebody else."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from functions.admin.paging import cursor_of
from shared.access.roles import Role
from shared.usecases.publish import load_shelf
from tests.admin.admin_kit import Desk, code_of

URL = "https://hearthline.example/segments/adults"
ADULTS = {"url": URL, "version": "1.0.0", "title": "Adults", "criteria": {"age": {"at_least": 18}}}
CAMPAIGN = {"url": "urn:campaign", "version": "1"}


async def _created(desk: Desk, content: Any = ADULTS, kind: str = "segment", by: str = "ann") -> str:
    body = {"kind": kind, "content": content}
    answer = await desk.call("POST", "/drafts", Role.MARKETER, body, by=by)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"].endswith(answer.json()["draft"])
    return str(answer.json()["draft"])


async def _etag(desk: Desk, draft: str) -> str:
    answer = await desk.call("GET", f"/drafts/{draft}", Role.APPROVER, by="zoe")
    return answer.headers["etag"].strip('"')


async def _saved(desk: Desk, draft: str, content: Any, by: str, etag: str = "") -> httpx.Response:
    match = etag or await _etag(desk, draft)
    return await desk.call("PUT", f"/drafts/{draft}", Role.MARKETER, {"content": content}, by=by, match=match)


async def _published(desk: Desk, draft: str, by: str, etag: str = "", **body: object) -> httpx.Response:
    match = etag or await _etag(desk, draft)
    return await desk.call("POST", f"/drafts/{draft}/publish", Role.APPROVER, body, by=by, match=match)


async def test_a_draft_is_saved_read_and_published_by_somebody_else(desk: Desk) -> None:
    draft = await _created(desk)
    read = (await desk.call("GET", f"/drafts/{draft}", Role.APPROVER, by="zoe")).json()
    assert (read["content"], read["authors"], read["title"]) == (ADULTS, ["ann"], "Adults")
    answer = await _published(desk, draft, "zoe")
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert [(each["kind"], each["url"], each["version"]) for each in told["added"]] == [
        ("segment", URL, "1.0.0")
    ]
    assert told["population"] == told["publication"]
    assert f"segment {URL}|1.0.0" in (await load_shelf(desk.services.documents))[0].documents
    assert (await desk.call("GET", f"/drafts/{draft}", by="zoe")).status_code == 404
    followed = await desk.call("GET", f"/publications/{told['publication']}", Role.MARKETER)
    assert followed.json()["status"] == "running"


@pytest.mark.parametrize("author", ["ann", "bob"])
async def test_nobody_who_has_written_in_it_publishes_it(desk: Desk, author: str) -> None:
    """Not who began it, nor who saved it later, whatever roles they have."""
    draft = await _created(desk, by="ann")
    assert (await _saved(desk, draft, ADULTS, "bob")).status_code == 200
    match = await _etag(desk, draft)
    for role in (Role.APPROVER, Role.ADMINISTRATOR):
        answer = await desk.call("POST", f"/drafts/{draft}/publish", role, {}, by=author, match=match)
        assert (answer.status_code, code_of(answer)) == (403, "own-work")
    assert (await load_shelf(desk.services.documents))[0].documents == {}
    assert desk.noted[-1].outcome == "failed"


async def test_what_was_not_looked_at_is_neither_published_nor_written_over(desk: Desk) -> None:
    draft = await _created(desk)
    seen = await _etag(desk, draft)
    assert (await _saved(desk, draft, {**ADULTS, "title": "All adults"}, "bob")).status_code == 200
    for answer in (
        await _published(desk, draft, "zoe", seen),
        await _saved(desk, draft, {}, "ann", seen),
        await desk.call("DELETE", f"/drafts/{draft}", Role.MARKETER, by="ann", match=seen),
    ):
        assert (answer.status_code, code_of(answer)) == (412, "changed")
    assert (await load_shelf(desk.services.documents))[0].documents == {}


async def test_whoever_publishes_says_what_they_have_read(desk: Desk) -> None:
    """Any version will do for who deletes it, but not for who puts it in force."""
    draft = await _created(desk)
    answer = await _published(desk, draft, "zoe", "*")
    assert (answer.status_code, code_of(answer)) == (412, "changed")


async def test_of_two_who_save_at_once_one_is_told(desk: Desk) -> None:
    draft = await _created(desk)
    seen = await _etag(desk, draft)
    both = await asyncio.gather(*(_saved(desk, draft, {"title": by}, by, seen) for by in ("ann", "bob")))
    assert sorted(answer.status_code for answer in both) in ([200, 409], [200, 412])
    read = (await desk.call("GET", f"/drafts/{draft}", Role.APPROVER, by="zoe")).json()
    assert read["title"] in ("ann", "bob")
    assert set(read["authors"]) == {"ann", read["title"]}


async def test_a_draft_may_be_wrong_and_is_told_why(desk: Desk) -> None:
    """Its publication is refused with the very same problems."""
    draft = await _created(desk, {"url": URL, "criteria": {"age": {"at_leest": 18}}})
    checked = (await desk.call("POST", f"/drafts/{draft}/check", Role.MARKETER)).json()
    assert checked["sound"] is False
    wrong = {each["where"]: each["what"] for each in checked["problems"]}
    assert wrong["draft: criteria.age.at_leest"] == "is not known here"
    assert wrong["draft: title"] == "is missing"
    refused = await _published(desk, draft, "zoe")
    assert (refused.status_code, code_of(refused)) == (422, "invalid")
    assert refused.json()["problems"] == checked["problems"]
    assert (await desk.call("GET", f"/drafts/{draft}", by="ann")).status_code == 200


async def test_an_event_planner_writes_campaigns_alone(desk: Desk) -> None:
    for kind, status in (("campaign", 201), ("segment", 403)):
        body = {"kind": kind, "content": CAMPAIGN}
        answer = await desk.call("POST", "/drafts", Role.EVENT_PLANNER, body, by="eve")
        assert answer.status_code == status
    draft = await _created(desk)
    match = await _etag(desk, draft)
    for method, more in (("PUT", {"content": {}}), ("DELETE", None)):
        answer = await desk.call(method, f"/drafts/{draft}", Role.EVENT_PLANNER, more, by="eve", match=match)
        assert (answer.status_code, code_of(answer)) == (403, "forbidden")


async def test_lists_of_people_are_never_drafts(desk: Desk) -> None:
    body = {"kind": "list", "content": {"url": "urn:l", "version": "1", "members": ["Patient/1"]}}
    answer = await desk.call("POST", "/drafts", Role.MARKETER, body)
    assert (answer.status_code, code_of(answer)) == (422, "invalid")


async def test_drafts_are_listed_by_kind_and_author_page_by_page(desk: Desk) -> None:
    made = {await _created(desk, {**ADULTS, "title": str(n)}, by="ann") for n in range(5)}
    made_by_bob = await _created(desk, CAMPAIGN, "campaign", by="bob")
    found: list[str] = []
    cursor = ""
    while True:
        params = {"limit": 2, "cursor": cursor, "kind": "segment"}
        page = (await desk.call("GET", "/drafts", Role.MARKETER, params=params)).json()
        found += [each["draft"] for each in page["items"]]
        cursor = page["next"]
        if not cursor:
            break
    assert (len(found), set(found)) == (5, made)
    mine = await desk.call("GET", "/drafts", Role.MARKETER, by="bob", params={"author": "me"})
    assert [each["draft"] for each in mine.json()["items"]] == [made_by_bob]
    other = {"cursor": cursor_of(found[0], "with other filters")}
    wrong = await desk.call("GET", "/drafts", Role.MARKETER, params=other)
    assert (wrong.status_code, code_of(wrong)) == (400, "bad-cursor")


async def test_a_deleted_draft_is_gone(desk: Desk) -> None:
    draft = await _created(desk)
    etag = await _etag(desk, draft)
    whichever = await desk.call("DELETE", f"/drafts/{draft}", Role.MARKETER, by="bob", match="*")
    assert (whichever.status_code, code_of(whichever)) == (412, "changed")
    answer = await desk.call("DELETE", f"/drafts/{draft}", Role.MARKETER, by="bob", match=etag)
    assert (answer.status_code, answer.content) == (204, b"")
    again = await desk.call("DELETE", f"/drafts/{draft}", Role.MARKETER, by="bob", match=etag)
    assert (again.status_code, code_of(again)) == (404, "unknown-draft")


async def test_the_same_request_again_makes_no_second_draft(desk: Desk) -> None:
    """Also where the first one's answer was lost with everything that was known of the request."""
    body = {"kind": "segment", "content": ADULTS}
    first = await desk.call("POST", "/drafts", Role.MARKETER, body, by="ann", key="one-and-the-same")
    for name in [name async for name, _ in desk.services.documents.all("idempotency")]:
        await desk.services.documents.delete("idempotency", name)
    again = await desk.call("POST", "/drafts", Role.MARKETER, body, by="ann", key="one-and-the-same")
    assert first.json() == again.json()
    assert len((await desk.call("GET", "/drafts", Role.MARKETER)).json()["items"]) == 1


async def test_a_draft_that_is_too_large_is_refused(desk: Desk) -> None:
    body = {"kind": "template", "content": {"text": "a" * 256 * 1024}}
    answer = await desk.call("POST", "/drafts", Role.MARKETER, body)
    assert (answer.status_code, code_of(answer)) == (413, "too-large")


async def test_the_trail_says_who_wrote_and_published_what(desk: Desk) -> None:
    draft = await _created(desk)
    await _published(desk, draft, "zoe")
    told = [(each.operation, each.outcome, each.by, each.about[0]) for each in desk.noted]
    assert told == [
        ("createDraft", "begun", "ann", draft),
        ("createDraft", "done", "ann", draft),
        ("publishDraft", "begun", "zoe", draft),
        ("publishDraft", "done", "zoe", draft),
    ]
    assert desk.noted[1].after == desk.noted[2].before
