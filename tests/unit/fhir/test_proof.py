"""Proofs: right, wrong, missing, being rotated; and what is left of what nobody proved."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.errors import Rejected, Unauthenticated
from shared.fhir.notification import Heard, Recover, Reply, Request, ResourceChange
from shared.fhir.parse_notification import parse
from shared.fhir.proof import Claims, Evidence, Proof, bearer_token, believe, prove
from shared.fhir.sources import EntraBearer, FunctionKey, Hmac, SharedSecret, Source
from tests.unit.fhir.notification_data import KEY, PATIENT, grid, heard, only, post
from tests.unit.fhir.test_subscription_bundle import bundle, event, status

SECRET = "correct horse battery"
NOTHING = Evidence()
ALL = ["event-grid", "cloud-events", "rest-hook", "subscription", "medplum"]


def source(*proofs: object, required: bool = True, formats: list[str] = ALL) -> Source:
    return Source(name="a", formats=formats, proofs=proofs, required=required)


def sign(body: bytes, secret: str = SECRET, algorithm: str = "sha256") -> bytes:
    return hmac.new(secret.encode(), body, getattr(hashlib, algorithm)).digest()


def outcome(of: Source, request: Request, evidence: Evidence = NOTHING) -> bool | None:
    """Say whether the request is trusted, or None where it is refused."""
    try:
        return prove(of, request, evidence).trusted
    except Unauthenticated:
        return None


def test_medplums_signature_over_the_body_as_it_came() -> None:
    medplum = source(Hmac(secret=SECRET))
    body = b'{"resourceType": "Patient"}'
    assert outcome(medplum, post(body, x_signature=sign(body).hex())) is True
    assert outcome(medplum, post(body, x_signature=sign(body).hex().upper())) is True
    assert outcome(medplum, post(body + b" ", x_signature=sign(body).hex())) is None
    assert outcome(medplum, post(body)) is None


def test_other_writings_of_a_signature() -> None:
    rule = Hmac(header="X-Sig", algorithm="sha512", encoding="base64", prefix="sha512=", secret=SECRET)
    right = "sha512=" + b64encode(sign(b"x", algorithm="sha512")).decode()
    assert outcome(source(rule), post(b"x", x_sig=right)) is True
    assert outcome(source(rule), post(b"x", x_sig=right.removeprefix("sha512="))) is None


@pytest.mark.parametrize("rule", [Hmac(secret="new secret", previous=SECRET)])
def test_a_signature_with_the_previous_secret_is_right_for_a_while(rule: Hmac) -> None:
    assert outcome(source(rule), post(b"x", x_signature=sign(b"x").hex())) is True
    assert outcome(source(rule), post(b"x", x_signature=sign(b"x", "new secret").hex())) is True
    assert outcome(source(rule), post(b"x", x_signature=sign(b"x", "old secret").hex())) is None


@given(st.text(max_size=80))
def test_no_signature_is_right_by_accident(sent: str) -> None:
    for encoding in ("hex", "base64"):
        rule = source(Hmac(secret=SECRET, encoding=encoding))
        assert outcome(rule, Request("POST", "", {"x-signature": sent}, {}, b"x")) is None


def test_a_shared_secret_is_the_whole_value_of_a_header() -> None:
    rule = source(SharedSecret(header="Authorization", secret="Bearer abc-def", previous="Bearer old-one"))
    assert outcome(rule, post(b"", authorization="Bearer abc-def")) is True
    assert outcome(rule, post(b"", authorization="Bearer old-one")) is True
    for wrong in ("", "abc-def", "Bearer abc-deF", "Bearer abc-def ", "é", "\ud800"):
        assert outcome(rule, post(b"", authorization=wrong)) is None
    assert outcome(rule, post(b"")) is None


def test_a_refusal_tells_nothing() -> None:
    with pytest.raises(Unauthenticated) as caught:
        prove(source(Hmac(secret=SECRET)), post(b"x", x_signature="00"), NOTHING)
    assert (caught.value.code, SECRET in caught.value.reason) == ("unauthenticated", False)


def test_a_function_key_is_checked_by_the_host() -> None:
    rule = source(FunctionKey())
    assert outcome(rule, post(b""), Evidence(function_key=True)) is True
    assert outcome(rule, post(b"")) is None


@pytest.mark.parametrize(
    ("claims", "right"),
    [
        (Claims("api://hearthline", "4962773b", "t"), True),
        (Claims("api://other", "4962773b", "t"), None),
        (Claims("api://hearthline", "someone", "t"), None),
        (Claims("api://hearthline", "4962773b", "other"), None),
        (None, None),
    ],
)
def test_an_entra_token_must_be_for_us_from_a_known_application(
    claims: Claims | None, right: bool | None
) -> None:
    rule = EntraBearer(audiences={"api://hearthline"}, app_ids={"4962773b"}, tenants={"t"})
    assert outcome(source(rule), post(b""), Evidence(claims=claims)) is right


def test_all_proofs_are_needed() -> None:
    both = source(FunctionKey(), SharedSecret(header="x-secret", secret=SECRET))
    key = Evidence(function_key=True)
    assert outcome(both, post(b"", x_secret=SECRET), key) is True
    assert outcome(both, post(b"", x_secret=SECRET)) is None
    assert outcome(both, post(b""), key) is None


def test_where_no_proof_is_required_a_missing_one_costs_the_trust_and_a_wrong_one_is_refused() -> None:
    loose = source(Hmac(secret=SECRET), required=False)
    assert outcome(loose, post(b"x", x_signature=sign(b"x").hex())) is True
    assert outcome(loose, post(b"x")) is False
    assert outcome(loose, post(b"x", x_signature="00")) is None
    assert outcome(source(required=False), post(b"x")) is False
    assert not source(required=False).trusts_body


@pytest.mark.parametrize(
    "settings",
    [
        {"proofs": []},
        {"proofs": [{"kind": "hmac", "secret": "short"}]},
        {"proofs": [{"kind": "magic"}]},
        {"proofs": [{"kind": "shared-secret", "header": "a b", "secret": SECRET}]},
        {"proofs": [{"kind": "entra-bearer", "audiences": [], "app_ids": ["x"]}]},
        {"proofs": [{"kind": "function-key"}], "name": "Hapi"},
        {"proofs": [{"kind": "function-key"}], "formats": []},
        {"proofs": [{"kind": "function-key"}], "typo": 1},
    ],
)
def test_a_source_that_makes_no_sense_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Source.model_validate({"name": "hapi", "formats": ["rest-hook"], **settings})


def test_secrets_do_not_show() -> None:
    assert SECRET not in repr(source(Hmac(secret=SECRET), SharedSecret(header="x", secret=SECRET)))


def test_a_format_that_the_source_does_not_send_is_refused() -> None:
    parsed = parse(post([grid()]))
    with pytest.raises(Rejected) as caught:
        believe(source(FunctionKey(), formats=["medplum"]), Proof(True), parsed)
    assert caught.value.code == "unexpected-format"


def test_a_proven_body_is_kept_and_of_another_only_the_reference() -> None:
    parsed = heard(parse(post(PATIENT)))
    assert believe(source(FunctionKey()), Proof(True), parsed) is parsed
    (change,) = only(believe(source(required=False), Proof(False), parsed)).changes
    assert change == ResourceChange(KEY)


def test_counters_of_a_stranger_are_not_used() -> None:
    parsed = parse(post(bundle(status(event(7, "Encounter/1"), event(8)))))
    told = only(believe(source(required=False), Proof(False), parsed))
    assert (told.event_numbers, told.events_since_start, told.at) == ((), None, None)
    assert told.recover == Recover("no-focus")
    assert told.subscription == "Subscription/s"


def test_replies_and_ignored_events_pass() -> None:
    reply = Reply(200)
    assert believe(source(required=False), Proof(False), reply) is reply
    ignored = heard(parse(post([grid(eventType="x")])))
    assert believe(source(required=False), Proof(False), ignored) == Heard((), ignored.ignored)


@pytest.mark.parametrize(
    ("value", "token"),
    [("Bearer abc", "abc"), ("bearer  abc ", "abc"), ("Basic abc", None), ("Bearer", None), ("", None)],
)
def test_finding_a_bearer_token(value: str, token: str | None) -> None:
    assert bearer_token({"authorization": value}) == token
