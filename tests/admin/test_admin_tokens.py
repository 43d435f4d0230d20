"""Tokens that are believed, and those that are not: all refused in the same words, and nothing stored."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable

import httpx
import pytest
from fastapi import Request

from functions.admin import trigger
from sandbox.issuer.signing import claims_of
from shared import bootstrap
from shared.access.roles import Role
from shared.adapters import entra
from shared.errors import Invalid, Problem, Unavailable
from tests.admin.admin_kit import code_of
from tests.admin.token_kit import (
    AUDIENCE,
    ISSUER,
    KEY,
    OTHER,
    SUBJECT,
    Door,
    claims,
    confused,
    principal,
    raw,
    self_made,
    signed_as,
    signed_bytes,
    tampered,
    token,
)

NOW = int(time.time())

WRONG: dict[str, Callable[[], str]] = {
    "empty": lambda: "",
    "rubbish": lambda: "rubbish",
    "two parts": lambda: token().rpartition(".")[0],
    "four parts": lambda: f"{token()}.x",
    "five parts, encrypted": lambda: "a.b.c.d.e",
    "cut off": lambda: token()[:-4],
    "huge": lambda: token(more="x" * 20_000),
    "expired": lambda: token(exp=NOW - 3600),
    "not yet": lambda: token(nbf=NOW + 3600),
    "issued in the future": lambda: token(iat=NOW + 3600),
    "no end": lambda: token(exp=None),
    "an end that is text": lambda: token(exp="never"),
    "an end that is no number": lambda: token(exp=[]),
    "another issuer": lambda: token(iss="https://login.example/another/v2.0"),
    "the issuer's other endpoint": lambda: token(iss=ISSUER.removesuffix("/v2.0")),
    "the issuer with a slash": lambda: token(iss=f"{ISSUER}/"),
    "no issuer": lambda: token(iss=None),
    "issuers": lambda: signed_bytes(json.dumps(claims(iss=[ISSUER])).encode()),
    "another audience": lambda: token(aud="00000003-0000-0000-c000-000000000000"),
    "an audience that begins alike": lambda: token(aud=f"{AUDIENCE}0"),
    "no audience": lambda: token(aud=None),
    "two audiences": lambda: token(aud=[AUDIENCE, "another"]),
    "one audience in a list": lambda: token(aud=[AUDIENCE]),
    "another tenant": lambda: token(tid="11111111-1111-4111-8111-111111111111"),
    "no tenant": lambda: token(tid=None),
    "no object id": lambda: token(oid=None),
    "an address for an object id": lambda: token(oid="ann@example.org"),
    "an object id that is none": lambda: token(oid={"$ne": ""}),
    "an id token": lambda: token(scp=None),
    "roles that are text": lambda: token(roles="Administrator"),
    "roles that are an object": lambda: token(roles={"Administrator": True}),
    "another key of the same name": lambda: signed_as({"kid": KEY.name}, OTHER),
    "an unknown key": lambda: token(OTHER),
    "no key named": lambda: signed_as({}),
    "a key named by a path": lambda: signed_as({"kid": "../../../dev/null"}),
    "a key named by SQL": lambda: signed_as({"kid": "x' UNION SELECT 'secret"}),
    "a key that is an object": lambda: raw({"alg": "RS256", "kid": {"a": 1}}, claims(), b"x"),
    "a key brought along": self_made,
    "a key elsewhere": lambda: signed_as({"kid": OTHER.name, "jku": "https://evil.example/keys"}, OTHER),
    "a certificate elsewhere": lambda: signed_as({"kid": OTHER.name, "x5u": "https://evil.example/x"}, OTHER),
    "what is critical unknown": lambda: signed_as({"kid": KEY.name, "crit": ["unheard"], "unheard": 1}),
    "alg none": lambda: raw({"alg": "none", "kid": KEY.name}, claims()),
    "alg None": lambda: raw({"alg": "None", "kid": KEY.name}, claims()),
    "no alg": lambda: raw({"kid": KEY.name}, claims()),
    "alg RS512": lambda: raw({"alg": "RS512", "kid": KEY.name}, claims(), b"x" * 256),
    "key confusion": confused,
    "no signature": lambda: f"{token().rpartition('.')[0]}.",
    "payload changed": tampered,
    "a claim twice": lambda: signed_bytes(
        json.dumps(claims()).encode().replace(b'"roles"', b'"roles": ["Administrator"], "roles"')
    ),
    "no object": lambda: signed_bytes(b"[]"),
    "no JSON": lambda: signed_bytes(b"{"),
    "deep": lambda: signed_bytes(b"[" * 10_000),
    "deep in its header": lambda: f"{'W1tb' * 3000}.e30.e30",
}

type Patch = Callable[[object, str, object], None]


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Door:
    """Give the API behind the real checks."""
    return Door(monkeypatch.setattr)


def refused(answer: httpx.Response) -> None:
    """Hold an answer to say nothing but that a token is needed."""
    assert (answer.status_code, code_of(answer)) == (401, "unauthenticated")
    assert answer.json()["detail"] == "a valid bearer token must come along"
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_a_good_token_says_who_it_is(door: Door) -> None:
    answer = await door.shows(token())
    assert answer.status_code == 200, answer.text
    assert (answer.json()["subject"], answer.json()["roles"]) == (SUBJECT, ["Marketer"])
    assert answer.json()["application"] is False


@pytest.mark.parametrize("audience", [AUDIENCE, f"api://{AUDIENCE}"])
async def test_both_names_of_the_application_are_it(door: Door, audience: str) -> None:
    """Tokens of v1.0 may name the address of the application, those of v2.0 its id."""
    assert (await door.shows(token(aud=audience))).status_code == 200


async def test_clocks_may_differ_a_little(door: Door) -> None:
    assert (await door.shows(token(exp=int(time.time()) - 20))).status_code == 200
    assert (await door.shows(token(nbf=int(time.time()) + 20, iat=int(time.time()) + 20))).status_code == 200


@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_token_is_refused_and_nothing_is_stored(
    door: Door, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "hearthline")
    sent = WRONG[name]()
    refused(await door.shows(sent))
    refused(await door.shows(sent, method="POST", path="/operations/1/cancel"))
    assert door.desk.noted == []
    assert not any(url.startswith("https://evil") for url in door.published.asked)
    assert len(sent) < 8 or sent not in caplog.text


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic YTpi", "bearer", "Test ann Administrator", "Bearer a, Bearer b"],
)
async def test_other_headers_are_no_tokens(door: Door, header: str) -> None:
    refused(await door.call({"Authorization": header}))
    refused(await door.call({}))


async def test_two_tokens_are_none(door: Door) -> None:
    """Whoever joins headers must not make us choose."""
    refused(await door.shows(f"{token()}, Bearer {token()}"))
    refused(await door.shows(f"{token()},{token()}"))


async def test_text_that_is_none_is_no_token(door: Door) -> None:
    refused(await door.call({"Authorization": b"Bearer \xff\xfe\xfd"}))


async def test_unknown_roles_are_passed_over(door: Door) -> None:
    answer = await door.shows(token(roles=["Owner", "Auditor", 7, None]))
    assert answer.json()["roles"] == ["Auditor"]


@pytest.mark.parametrize("roles", [None, [], ["Owner"], ["marketer"], [["Marketer"]]])
async def test_without_a_role_nothing_may_be_done(door: Door, roles: object) -> None:
    answer = await door.shows(token(roles=roles))
    assert (answer.status_code, code_of(answer)) == (403, "forbidden")


async def test_an_application_is_known_as_one(door: Door) -> None:
    told = claims_of(ISSUER, [Role.AUDITOR], SUBJECT, NOW, application=True)
    assert (await door.shows(KEY.sign(told))).json()["application"] is True
    del told["idtyp"]  # which Entra adds only where the registration asks for it
    assert (await door.shows(KEY.sign(told))).json()["application"] is True


class TestKeys:
    """Where the issuer's keys come from, and what happens when they do not."""

    async def test_they_are_fetched_once(self, door: Door) -> None:
        for _ in range(3):
            await door.shows(token())
        assert len(door.published.asked) == 2

    async def test_unknown_names_do_not_make_us_ask_again_and_again(self, door: Door) -> None:
        for number in range(5):
            refused(await door.shows(signed_as({"kid": f"unknown-{number}"})))
        assert len(door.published.asked) == 2

    async def test_without_them_nobody_is_judged(self, door: Door) -> None:
        """503, and the next request does not ask at once again; once they come all is well."""
        door.published.failing = True
        for _ in range(3):
            answer = await door.shows(token())
            assert (answer.status_code, code_of(answer)) == (503, "unavailable")
        assert len(door.published.asked) == 1

    async def test_a_key_that_is_withdrawn_is_good_for_a_day(
        self, door: Door, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Keys are fetched again after a day; where that fails, those that we have hold until it works."""
        now = time.monotonic()
        monkeypatch.setattr(entra.time, "monotonic", lambda: now)
        assert (await door.shows(token())).status_code == 200
        door.published.keys = OTHER.published()
        now += 86_000
        assert (await door.shows(token())).status_code == 200
        now += 500
        door.published.failing = True
        assert (await door.shows(token())).status_code == 200
        now += 10
        door.published.failing = False
        refused(await door.shows(token()))
        assert (await door.shows(token(OTHER))).status_code == 200

    async def test_a_new_key_is_found_when_a_token_names_it(
        self, door: Door, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = time.monotonic()
        monkeypatch.setattr(entra.time, "monotonic", lambda: now)
        assert (await door.shows(token())).status_code == 200
        door.published.keys = {"keys": [*KEY.published()["keys"], *OTHER.published()["keys"]]}  # type: ignore[misc]
        refused(await door.shows(token(OTHER)))
        now += 301
        assert (await door.shows(token(OTHER))).status_code == 200

    async def test_metadata_of_another_issuer_is_not_believed(self, door: Door) -> None:
        door.published.issuer = "https://evil.example"
        assert (await door.shows(token())).status_code == 503

    async def test_keys_for_other_purposes_are_not_used(self, door: Door) -> None:
        """A set with a symmetric key in it makes no HMAC valid."""
        door.published.keys = {"keys": [{"kty": "oct", "kid": KEY.name, "k": "c2VjcmV0", "alg": "HS256"}]}
        assert (await door.shows(confused())).status_code in (401, 503)


class TestThePlatform:
    """App Service authentication's header: only where it is switched on here and there."""

    @pytest.mark.parametrize(
        ("setting", "platform"), [("", ""), ("true", ""), ("false", "True"), ("true", "False"), ("", "True")]
    )
    async def test_it_is_nothing_unless_both_say_so(
        self, monkeypatch: pytest.MonkeyPatch, setting: str, platform: str
    ) -> None:
        door = Door(monkeypatch.setattr, HEARTHLINE_PLATFORM_AUTH=setting or "false")
        monkeypatch.setenv("WEBSITE_AUTH_ENABLED", platform)
        refused(await door.call({"X-MS-CLIENT-PRINCIPAL": principal()}))

    @pytest.fixture
    def vouched(self, monkeypatch: pytest.MonkeyPatch) -> Door:
        monkeypatch.setenv("WEBSITE_AUTH_ENABLED", "True")
        return Door(monkeypatch.setattr, HEARTHLINE_PLATFORM_AUTH="true")

    async def test_where_it_counts_it_says_who_it_is(self, vouched: Door) -> None:
        answer = await vouched.call({"X-MS-CLIENT-PRINCIPAL": principal()})
        assert (answer.json()["subject"], answer.json()["roles"]) == (SUBJECT, ["Marketer"])

    async def test_claims_may_have_the_platforms_names(self, vouched: Door) -> None:
        role = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
        told = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "http://schemas.microsoft.com/identity/claims/objectidentifier": SUBJECT,
            "http://schemas.microsoft.com/identity/claims/tenantid": claims()["tid"],
            role: ["Marketer", "Approver"],
        }
        answer = await vouched.call({"X-MS-CLIENT-PRINCIPAL": principal(told, role)})
        assert answer.json()["roles"] == ["Approver", "Marketer"]

    async def test_a_token_is_judged_before_it(self, vouched: Door) -> None:
        """Who sends a wrong token is not let in by the other way."""
        headers = {"X-MS-CLIENT-PRINCIPAL": principal(), "Authorization": f"Bearer {token(OTHER)}"}
        refused(await vouched.call(headers))

    @pytest.mark.parametrize(
        "header",
        [
            "",
            "!",
            "e30=",
            "W10=",
            principal()[:-8],
            principal(kind="google"),
            principal(claims(iss="https://login.example/another/v2.0")),
            principal(claims(aud="another")),
            principal(claims(tid="another")),
            principal(claims(tid=[claims()["tid"], "another"])),
            principal(claims(oid=None)),
            principal(claims(oid=[SUBJECT, "another"])),
            principal(claims(more="x" * 40_000)),
        ],
    )
    async def test_what_it_says_is_judged_as_a_token_is(self, vouched: Door, header: str) -> None:
        refused(await vouched.call({"X-MS-CLIENT-PRINCIPAL": header}))

    async def test_another_sites_page_cannot_send_a_form(self, vouched: Door) -> None:
        """A browser adds the platform's cookie to what any page sends; JSON it only sends after asking."""
        headers = {"X-MS-CLIENT-PRINCIPAL": principal()}
        path = "/operations/1/cancel"
        answer = await vouched.call(headers, "POST", path)
        assert (answer.status_code, code_of(answer)) == (415, "unsupported-media-type")
        answer = await vouched.call(headers, "POST", path, data={"a": "b"})
        assert answer.status_code == 415
        answer = await vouched.call({**headers, "Content-Type": "application/json"}, "POST", path)
        assert answer.status_code == 404


async def test_without_an_audience_everybody_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door(monkeypatch.setattr, HEARTHLINE_API_AUDIENCE="")
    refused(await door.shows(token()))
    refused(await door.shows(token(aud="")))


async def test_wrong_settings_are_told_to_nobody_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which are wrong stands in the log, and in health/ready; a stranger is told to come later."""

    def wrong() -> None:
        raise Invalid((Problem("HEARTHLINE_FHIR_URL", "must be set"),))

    monkeypatch.setattr(bootstrap, "_settings", wrong)
    request = Request({"type": "http", "path": "/", "headers": [(b"authorization", b"Bearer x")]})
    with pytest.raises(Unavailable, match=r"^the settings are wrong$"):
        await trigger._authenticate(request)
