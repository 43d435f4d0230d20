"""The admin API through the Functions runtime: what arrives, what is answered, and what stays out of logs."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from click.testing import Result
from product_kit import PROBLEM, Product, Reply
from typer.testing import CliRunner

from cli.main import app as cli
from functions.admin.limits import MOST_BYTES
from sandbox.issuer.signing import AUDIENCE

API = "/api/admin/v1"
MEDIA = "unsupported-media-type"
SUBJECT = "0d5c8b5e-6a1f-4a3b-9f55-3d7a1f6a2b10"


def bearer(product: Product, *roles: str, **changed: object) -> dict[str, str | bytes]:
    """Return the header of somebody in these roles."""
    told = {"aud": AUDIENCE, "tid": "issuer", "oid": SUBJECT, "scp": "access_as_user", "roles": list(roles)}
    return {"Authorization": f"Bearer {product.issuer.token(**{**told, **changed})}"}


def send(
    product: Product,
    method: str,
    path: str,
    headers: Mapping[str, str | bytes],
    body: bytes = b"",
) -> Reply:
    """Send a request, without a function key."""
    return product.call(method, path if path.startswith("/api") else API + path, body, headers, key=None)


def problem(reply: Reply, status: int, code: str) -> None:
    """Hold an answer to be a problem document of ours."""
    assert (reply.status, reply.headers["content-type"]) == (status, PROBLEM), reply.body
    assert reply.json["type"] == f"urn:hearthline:problem:{code}"
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_a_token_opens_it(untouched: Product) -> None:
    reply = send(untouched, "GET", "/me", bearer(untouched, "Marketer"))
    assert (reply.status, reply.json["subject"], reply.json["roles"]) == (200, SUBJECT, ["Marketer"])
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["x-request-id"]


def test_a_function_key_does_not(untouched: Product) -> None:
    problem(untouched.call("GET", f"{API}/me"), 401, "unauthenticated")
    problem(send(untouched, "GET", "/me", {"X-MS-CLIENT-PRINCIPAL": "e30="}), 401, "unauthenticated")


@pytest.mark.parametrize(
    "changed", [{"aud": "api://hearthline"}, {"tid": "another"}, {"scp": None}, {"exp": 1_700_000_000}]
)
def test_a_token_for_others_does_not(untouched: Product, changed: dict[str, object]) -> None:
    """Not even one by which a source may notify us."""
    problem(send(untouched, "GET", "/me", bearer(untouched, "Marketer", **changed)), 401, "unauthenticated")


def test_no_other_site_is_let_in(untouched: Product) -> None:
    headers = {**bearer(untouched, "Marketer"), "Origin": "https://evil.example"}
    preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for reply in (
        send(untouched, "GET", "/me", headers),
        send(untouched, "OPTIONS", "/me", preflight),
    ):
        assert not [name for name in reply.headers if name.startswith("access-control")]


def test_other_methods_are_told_which_there_are(untouched: Product) -> None:
    for method in ("OPTIONS", "DELETE", "PATCH"):
        reply = send(untouched, method, "/me", {})
        problem(reply, 405, "method-not-allowed")
        assert reply.headers["allow"] == "GET"
    head = send(untouched, "HEAD", "/me", {})
    assert (head.status, head.headers["allow"], head.body) == (405, "GET", b"")
    drafts = send(untouched, "PATCH", "/drafts/1", {})
    assert drafts.headers["allow"] == "DELETE, GET, PUT"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/nothing",
        "/operations/a%2Fb",
        "/operations/..%2F..%2Fsettings",
        "/operations/%2e%2e",
        "/operations/%00",
        "/operations/%ff",
        "/operations/%E2%80%AE",
        "/operations/a'%20or%20'1'%20eq%20'1",
        f"/operations/{'a' * 300}",
        "/api/ADMIN/v1/me",
        "/api/admin/v2/me",
        "/api/administration/v1/me",
    ],
)
def test_odd_addresses_lead_nowhere(untouched: Product, path: str) -> None:
    reply = send(untouched, "GET", path, bearer(untouched, "Administrator"))
    assert reply.status == 404
    if not path.startswith("/api/") or "ADMIN" in path:
        problem(reply, 404, reply.json["type"].rpartition(":")[2])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "query", ["cursor=%00", "cursor=%F0%28", "limit=0", "limit=1&limit=2x", "limit=%EF%BC%99x"]
)
def test_odd_queries_are_refused(untouched: Product, query: str) -> None:
    reply = send(untouched, "GET", f"/operations?{query}", bearer(untouched, "Administrator"))
    assert reply.status in (400, 422)
    assert reply.headers["content-type"] == PROBLEM


def test_bodies_have_a_limit_and_a_type(untouched: Product) -> None:
    known = bearer(untouched, "Administrator")
    json_type = {"Content-Type": "application/json"}
    path = "/operations/1/cancel"
    problem(send(untouched, "POST", path, known | json_type, b"x" * (MOST_BYTES + 1)), 413, "too-large")
    problem(send(untouched, "POST", path, known | {"Content-Type": "text/xml"}, b"<a/>"), 415, MEDIA)
    utf16 = {"Content-Type": "application/json; charset=utf-16"}
    problem(send(untouched, "POST", path, known | utf16, b"{}"), 415, MEDIA)
    problem(send(untouched, "POST", path, known | json_type, b"{"), 400, "not-json")
    problem(send(untouched, "POST", path, json_type, b"{"), 401, "unauthenticated")


def test_the_document_is_open_to_all(untouched: Product) -> None:
    """Neither it nor its page holds a secret: who reads them knows what is in the repository."""
    reply = send(untouched, "GET", "/openapi.json", {})
    assert reply.status == 200
    assert json.loads(reply.body)["openapi"].startswith("3.1")
    page = send(untouched, "GET", "/docs", {})
    assert page.status == 200
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


def test_nothing_that_was_sent_or_answered_is_logged(intake: Product) -> None:
    """Neither tokens nor bodies: the log is read by people who may not see either."""
    headers = bearer(intake, "Administrator") | {"Content-Type": "application/json"}
    token = str(headers["Authorization"])
    send(intake, "POST", "/operations/1/cancel", headers, b'{"name": "Zebulon Quackenbush"}')
    send(intake, "GET", "/operations/Zebulon", headers)
    send(intake, "GET", "/me", {"Authorization": token[:-3]})
    logged = (intake.stack.plan.folder / "logs" / "host.log").read_text()
    assert "Zebulon" not in logged
    assert token[7:40] not in logged
    assert SUBJECT not in logged
    assert "the admin API knows no caller of getMe" in logged


def test_commands_call_a_running_system(intake: Product) -> None:
    """By its address and a token; what it refuses is said in its words, with exit status 1."""

    def run(token: str) -> Result:
        env = {"HEARTHLINE_API_URL": intake.urls["host"], "HEARTHLINE_API_TOKEN": token}
        return CliRunner().invoke(cli, ["message", "list"], env=env)

    agent, marketer = (str(bearer(intake, role)["Authorization"])[7:] for role in ("Agent", "Marketer"))
    assert run(agent).exit_code == 0, run(agent).output
    assert (run(marketer).exit_code, "is for these roles" in run(marketer).output) == (1, True)
    wrong = run(agent[:-4])
    assert (wrong.exit_code, "a valid bearer token must come along" in wrong.output) == (1, True)
