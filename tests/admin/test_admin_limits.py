"""What is refused before any handler sees it, and what of a request is believed."""

from __future__ import annotations

import json
import time
from typing import Any

import aiohttp
import httpx
import orjson
import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st

from functions.admin.guarding import _address
from functions.admin.limits import _depth, _has_nul, _is_json, check_address
from functions.admin.problems import Refusal
from functions.admin.routes import PREFIX
from sandbox.issuer.app import started
from sandbox.issuer.signing import AUDIENCE, SigningKey, claims_of, issuer_url
from shared.access.claims import Expected, caller_of
from shared.access.roles import CARE, Role
from shared.adapters.entra import EntraTokens
from tests.admin.admin_kit import Desk, code_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=30,
)


def deepest(found: object) -> int:
    """Count levels the slow way."""
    match found:
        case dict():
            return 1 + max(map(deepest, found.values()), default=0)
        case list():
            return 1 + max(map(deepest, found), default=0)
    return 0


@given(JSON)
def test_depth_is_that_of_the_values(found: object) -> None:
    """Whatever stands in strings: brackets, quotes, backslashes."""
    assert _depth(json.dumps(found).encode()) == deepest(found)


@given(st.binary(max_size=300))
def test_depth_of_rubbish_is_a_number(raw: bytes) -> None:
    assert 0 <= _depth(raw) <= len(raw)


@given(st.text(alphabet='[]{}"\\ab', max_size=60))
def test_depth_is_never_told_too_small(text: str) -> None:
    """What a parser takes is no deeper than what was counted."""
    try:
        found = orjson.loads(text)
    except ValueError:
        return
    assert deepest(found) == _depth(text.encode())


@given(JSON)
def test_nul_is_found_wherever_it_is(found: object) -> None:
    assert _has_nul(found) == ("\\u0000" in json.dumps(found).replace("\\\\", ""))


@pytest.mark.parametrize(
    ("told", "yes"),
    [
        ("application/json", True),
        ("Application/JSON; charset=UTF-8", True),
        ('application/json;charset="utf-8"', True),
        ("application/json; charset=utf-16", False),
        ("application/merge-patch+json", False),
        ("text/json", False),
        ("text/plain; application/json", False),
        ("", False),
    ],
)
def test_which_media_types_are_json(told: str, yes: bool) -> None:
    assert _is_json(told) is yes


@pytest.mark.parametrize(
    ("forwarded", "seen"),
    [
        ("", ""),
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7:51234", "203.0.113.7"),
        ("6.6.6.6, 203.0.113.7:51234", "203.0.113.7"),
        ("[2001:db8::1]:51234", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("203.0.113.7, <script>", ""),
        ("Ann Example", ""),
        ("127.0.0.1\tX", ""),
    ],
)
def test_only_what_the_platform_adds_counts_as_an_address(forwarded: str, seen: str) -> None:
    """Everything before its entry anybody could have written."""
    assert _address(forwarded) == seen


@given(st.text())
def test_an_address_is_an_address_or_nothing(forwarded: str) -> None:
    assert set(_address(forwarded)) <= set("0123456789abcdef.:%") or "%" in _address(forwarded)


def asked(query: str = "", **parts: str) -> Request:
    """Make a request whose path has such parameters."""
    return Request(
        {
            "type": "http",
            "path": "/",
            "headers": [(b"host", b"x")],
            "query_string": query.encode(),
            "path_params": parts,
        }
    )


@given(st.text(min_size=1, max_size=40))
def test_parts_of_addresses_are_ids_or_nothing(part: str) -> None:
    """What passes can be the key of a row as it is: nothing in it ends a string, or a segment."""
    try:
        check_address(asked(part=part))
    except Refusal:
        return
    assert part.isascii()
    assert not set(part) & set("/\\?#%'\"<>&;, \t\r\n\0")
    assert part not in (".", "..")


@pytest.mark.parametrize("query", ["a=%00", "a=%1f", "%7F=1", "a=\x00", "a=%0B"])
def test_control_characters_are_no_text(query: str) -> None:
    with pytest.raises(Refusal):
        check_address(asked(query))


async def test_every_answer_is_marked(desk: Desk) -> None:
    for path, role in (("/me", Role.AGENT), ("/operations/x", Role.AGENT), ("/sources", Role.AGENT)):
        answer = await desk.call("GET", path, role)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Request-Id"]


async def test_the_glass_is_broken_with_a_reason_in_any_script(desk: Desk) -> None:
    """Too short and too long are refused; of roles that see all anyway the header is not looked at."""
    path = "/patients/" + "0" * 32
    for reason, status in (("short", 400), ("x" * 201, 400), ("срочный звонок", 404)):
        headers: dict[str, Any] = {"Break-Glass": reason.encode()}
        answer = await desk.call("GET", path, Role.AGENT, headers=headers)
        assert answer.status_code == status, reason
    assert desk.noted[-1].why == "срочный звонок"
    assert desk.noted[-1].glass
    assert Role.AGENT in CARE


async def test_json_is_read_strictly(desk: Desk) -> None:
    """FastAPI's own reader takes NaN, and halves of characters."""
    transport = httpx.ASGITransport(app=desk.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        for body, code in (
            (b'{"a": NaN}', "not-json"),
            (b'{"a": "\\ud800"}', "not-json"),
            (b'{"a": "\xed\xa0\x80"}', "not-json"),
            (b'\xef\xbb\xbf{"a": 1}', "not-json"),
            (b'{"a\\u0000": 1}', "not-text"),
        ):
            headers = {"Authorization": "Test ann Marketer", "Content-Type": "application/json"}
            answer = await client.post(f"{PREFIX}/operations/1/cancel", content=body, headers=headers)
            assert (answer.status_code, code_of(answer)) == (400, code), body


async def test_the_local_issuer_is_believed_over_http() -> None:
    """Its metadata, its keys and a token of its own, by what checks tokens of Entra."""
    key = SigningKey.made()
    async with started(key) as origin, aiohttp.ClientSession() as session:
        issuer = issuer_url(origin)
        entra = EntraTokens(issuer, session)
        now = int(time.time())
        claims = await entra.claims(key.sign(claims_of(issuer, [Role.AGENT], "ann", now)))
        caller = caller_of(claims, Expected(issuer, AUDIENCE))
    assert (caller.subject, caller.roles) == ("ann", frozenset({Role.AGENT}))


async def test_a_refusal_says_about_whom_if_it_is_a_key(desk: Desk) -> None:
    for patient in ("0123456789abcdef" * 2, "Ann-Example"):
        by = f"somebody-{patient[:3]}"
        assert (await desk.call("GET", f"/patients/{patient}", Role.MARKETER, by=by)).status_code == 403
    assert [(each.patient, each.outcome) for each in desk.noted] == [
        ("0123456789abcdef" * 2, "refused"),
        ("", "refused"),
    ]
