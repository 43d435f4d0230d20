"""How senders prove themselves to the real app: by key, signature, secret or token."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest
from notifiers import KEYED, SHARED, SIGNED, signature
from product_kit import PROBLEM, Product, Reply

from shared.usecases.sources.editing import Wanted, create, remove
from shared.usecases.sources.stored import load_source
from tests.unit.fhir.notification_data import PATIENT, cloud, grid

BODY = orjson.dumps(PATIENT)
EVENTS = orjson.dumps([grid(1)])


def refused(reply: Reply) -> None:
    """Hold a refusal to be ours: a problem document that quotes nothing."""
    assert reply.status == 401
    assert reply.headers["content-type"].startswith(PROBLEM)
    assert reply.json["status"] == 401
    assert set(reply.json) == {"type", "title", "status", "detail"}
    assert reply.json["type"] == "urn:hearthline:problem:unauthenticated"


async def test_a_signed_body_is_trusted(intake: Product) -> None:
    headers = signature(BODY) | {"X-Medplum-Interaction": "update", "X-Medplum-Subscription": "s1"}
    reply = intake.call("POST", f"{SIGNED}/medplum", BODY, headers, key=None)
    assert (reply.status, reply.json) == (200, {"queued": 1, "ignored": []})
    (job,) = await intake.take("changes")
    assert (job.action, job.version, job.resource) == ("updated", "3", PATIENT)


async def test_a_delete_of_medplum_is_a_reference(intake: Product) -> None:
    headers = signature(b"{}") | {"X-Medplum-Deleted-Resource": "Patient/1"}
    assert intake.call("POST", f"{SIGNED}/medplum", b"{}", headers, key=None).status == 200
    (job,) = await intake.take("changes")
    assert (job.resource_type, job.resource_id, job.action, job.resource) == ("Patient", "1", "deleted", None)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Signature": ""},
        {"X-Signature": "0" * 64},
        {"X-Signature": "not hex"},
        {"X-Signature": b"\xff\xfe"},
        signature(BODY, "another secret"),
        signature(BODY + b" "),
        {"X-Signature": signature(BODY)["X-Signature"] + "00"},
        SHARED,
    ],
)
def test_a_wrong_signature_is_refused(untouched: Product, headers: dict[str, str]) -> None:
    refused(untouched.call("POST", f"{SIGNED}/medplum", BODY, headers, key=None))
    refused(untouched.call("POST", f"{KEYED}/medplum", BODY, headers))  # a function key is no signature


@pytest.mark.parametrize("value", ["", "a-shared-secreT", "a-shared-secret2", b"\xff\xff"])
def test_a_wrong_secret_is_refused(untouched: Product, value: str) -> None:
    refused(untouched.call("POST", f"{SIGNED}/secret", EVENTS, {"X-Hearthline-Secret": value}, key=None))
    refused(untouched.call("POST", f"{SIGNED}/secret", EVENTS, key=None))


@pytest.mark.parametrize("key", [None, "wrong", "the-master", b"\xff".decode("latin-1")])
def test_without_the_function_key_the_host_refuses(untouched: Product, key: str | None) -> None:
    headers = {} if key is None else {"x-functions-key": key.encode("latin-1")}
    for path in (f"{KEYED}/events", f"{KEYED}/events?code=wrong", "/api/acs/events"):
        assert untouched.call("POST", path, EVENTS, headers, key=None).status == 401


def test_the_unkeyed_route_is_no_way_around_the_key(untouched: Product) -> None:
    """A source that proves itself by function key cannot be reached where the host checks none."""
    refused(untouched.call("POST", f"{SIGNED}/events", EVENTS, key=None))
    refused(untouched.call("POST", SIGNED, EVENTS, key=None))
    refused(untouched.call("POST", SIGNED.replace("fhir", "FHIR") + "/events", EVENTS, key=None))


async def test_the_route_is_read_in_any_case_as_azure_does(intake: Product) -> None:
    reply = intake.call("POST", SIGNED.replace("fhir", "FHIR") + "/medplum", BODY, signature(BODY), key=None)
    assert reply.status == 200
    (job,) = await intake.take("changes")
    assert job.resource == PATIENT


async def test_a_valid_token_is_trusted(intake: Product) -> None:
    for token in (
        intake.issuer.token(),
        intake.issuer.token(azp=None, appid="4962773b-9cdb-44cf-a8bf-237846a00ab7"),
    ):
        reply = intake.call("POST", f"{SIGNED}/entra", EVENTS, {"Authorization": f"Bearer {token}"}, key=None)
        assert (reply.status, reply.body) == (200, b'{"queued": 1, "ignored": []}')
        (job,) = await intake.take("changes")
        assert (job.resource_id, job.version) == ("1", "1")


WRONG = {
    "none at all": lambda issuer: "",
    "expired": lambda issuer: issuer.token(exp=1_700_000_000),
    "not yet": lambda issuer: issuer.token(nbf=4_000_000_000),
    "no end": lambda issuer: issuer.token(exp=None),
    "another audience": lambda issuer: issuer.token(aud="api://another"),
    "several audiences": lambda issuer: issuer.token(aud=["api://hearthline", "api://another"]),
    "another application": lambda issuer: issuer.token(azp="somebody"),
    "no application": lambda issuer: issuer.token(azp=None),
    "another tenant": lambda issuer: issuer.token(tid="another"),
    "another issuer": lambda issuer: issuer.token(iss="https://login.example/"),
    "an unknown key": lambda issuer: issuer.token(kid="two"),
    "signed by another": lambda issuer: issuer.forged(),
    "alg none": lambda issuer: issuer.unsigned(),
    "key confusion": lambda issuer: issuer.confused(),
    "cut off": lambda issuer: issuer.token()[:-4],
    "no token": lambda issuer: "rubbish",
    "no text": lambda issuer: b"\xff\xfe\xfd".decode("latin-1"),
    "an endless one": lambda issuer: "a." * 2000,
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_token_is_refused(untouched: Product, name: str) -> None:
    sent = f"Bearer {WRONG[name](untouched.issuer)}".encode("latin-1")
    refused(untouched.call("POST", f"{SIGNED}/entra", EVENTS, {"Authorization": sent}, key=None))


async def test_without_proof_only_the_reference_is_used(intake: Product) -> None:
    """A source of which no proof is required: a stranger's body, version and numbers are not believed."""
    reply = intake.call("POST", f"{SIGNED}/open", BODY, key=None)
    assert reply.status == 200
    (job,) = await intake.take("changes")
    assert (job.resource_type, job.resource_id, job.version, job.resource) == ("Patient", "1", "", None)
    assert intake.call("POST", f"{SIGNED}/open", BODY, signature(BODY), key=None).status == 200
    (job,) = await intake.take("changes")
    assert (job.version, job.resource) == ("3", PATIENT)
    refused(intake.call("POST", f"{SIGNED}/open", BODY, signature(BODY, "another secret"), key=None))


def test_a_source_sends_only_its_formats_and_must_be_known(untouched: Product) -> None:
    token = {"Authorization": f"Bearer {untouched.issuer.token()}"}
    wrong = untouched.call("POST", f"{SIGNED}/entra", BODY, token, key=None)
    assert (wrong.status, wrong.json["title"]) == (400, "unexpected format")
    wrong = untouched.call("POST", f"{KEYED}/hooks", orjson.dumps(cloud(1)))
    assert (wrong.status, wrong.json["title"]) == (400, "unexpected format")
    unknown = untouched.call("POST", f"{KEYED}/nobody", EVENTS)
    assert (unknown.status, unknown.json["title"]) == (404, "unknown source")


def test_many_first_tokens_at_once_are_all_verified(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The first requests of a fresh process wait for the issuer's keys; none is refused for coming early."""
    from notifiers import SOURCES
    from product_kit import running

    with running(tmp_path_factory.mktemp("fresh"), SOURCES) as fresh, ThreadPoolExecutor(8) as pool:
        sent = {"Authorization": f"Bearer {fresh.issuer.token()}"}
        handshake = [
            grid(eventType="Microsoft.EventGrid.SubscriptionValidationEvent", data={"validationCode": "c"})
        ]
        asked = [pool.submit(fresh.call, "POST", f"{SIGNED}/entra", handshake, sent, None) for _ in range(8)]
        assert [each.result().status for each in asked] == [200] * 8


async def test_a_source_that_staff_configured_is_heard_and_no_more_once_it_is_removed(
    intake: Product,
) -> None:
    path = f"{KEYED}/by-staff"
    assert intake.call("POST", path, EVENTS).status == 404
    async with intake.opened() as services:
        wanted = Wanted(["event-grid"], [{"kind": "function-key"}])
        await create(services, "by-staff", wanted, "somebody")
    try:
        assert intake.call("POST", path, EVENTS).json == {"queued": 1, "ignored": []}
        refused(intake.call("POST", f"{SIGNED}/by-staff", EVENTS, key=None))
    finally:
        async with intake.opened() as services:
            await remove(services, *await load_source(services.documents, "by-staff"))
    assert intake.call("POST", path, EVENTS).status == 404
    await intake.take("changes")
