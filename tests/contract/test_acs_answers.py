"""Answers read without a service: what each says, and credentials that are renewed in time."""

from __future__ import annotations

import time
from email.utils import formatdate

import orjson
import pytest
from acs_kit import a_message
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from multidict import CIMultiDict

from shared.adapters import acs_email, acs_sms, acs_whatsapp
from shared.adapters.acs_answers import Lost, judge_failure, retry_after
from shared.adapters.acs_auth import SCOPE
from shared.adapters.identity import entra_tokens
from shared.errors import Unavailable
from shared.message.outbound import Accepted, Deferred, Refused, Unknown

NUMBER = "+15551110001"


def item(**fields) -> bytes:
    return orjson.dumps({"value": [{"to": NUMBER, "httpStatusCode": 202, "successful": False, **fields}]})


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (item(successful=True, messageId="m1", repeatabilityResult="accepted"), Accepted),
        (item(successful=True, messageId="m1"), Accepted),
        (item(successful=True), Lost),
        (item(successful=True, messageId="m1", repeatabilityResult="Rejected"), Unknown),
        (item(httpStatusCode=400, errorMessage=f"Invalid To phone number format {NUMBER}."), Refused),
        (item(httpStatusCode=400, errorMessage=None), Refused),
        (item(httpStatusCode=503, errorMessage="ServiceUnavailable"), Deferred),
        (item(httpStatusCode=429), Deferred),
        (item(httpStatusCode=500), Lost),
        (b"", Lost),
        (b"<html>", Lost),
        (b'{"value": []}', Lost),
        (b'{"value": [{}]}', Lost),
    ],
)
def test_sms_answers(body, expected):
    """Of a 202 the recipient's own status counts; what cannot be read may have been accepted."""
    verdict = acs_sms.judge(202, {}, body)
    assert isinstance(verdict, expected)
    assert NUMBER not in repr(verdict)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"receipts": []}', b"nonsense"])
def test_whatsapp_acceptance_without_receipt_is_lost(body):
    assert isinstance(acs_whatsapp.judge(202, {}, body), Lost)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"error": {"code": "Other"}}', b'{"error": 7}'])
@pytest.mark.parametrize(("status", "code"), [(400, "content"), (413, "content"), (405, "http-405")])
def test_a_refusal_without_a_known_code_is_named_by_its_status(body, status, code):
    for verdict in (acs_email.judge("m1", status, {}, body), acs_whatsapp.judge(status, {}, body)):
        assert isinstance(verdict, Refused)
        assert verdict.code == code
        assert str(status) in verdict.reason


def test_a_rejected_repeat_is_unknown_whatever_the_status():
    assert isinstance(judge_failure(400, CIMultiDict({"repeatability-result": "rejected"})), Unknown)


@pytest.mark.parametrize(
    ("text", "seconds"), [("7", 7.0), ("", None), ("soon", None), ("-3", None), ("²", None)]
)
def test_retry_after_in_seconds(text, seconds):
    assert retry_after({"Retry-After": text}) == seconds


def test_retry_after_as_a_date():
    wait = retry_after({"Retry-After": formatdate(time.time() + 60, usegmt=True)})
    assert wait is not None
    assert 50 < wait <= 61
    assert retry_after({"Retry-After": formatdate(0, usegmt=True)}) == 0.0


class Credential:
    """Gives tokens that last `lasting` seconds, or none."""

    def __init__(self, lasting: float | None) -> None:
        self.lasting = lasting
        self.asked: list[tuple[str, ...]] = []

    async def get_token(self, *scopes: str) -> AccessToken:
        self.asked.append(scopes)
        if self.lasting is None:
            raise ClientAuthenticationError("tenant secret in here")
        return AccessToken(f"token-{len(self.asked)}", int(time.time() + self.lasting))


@pytest.mark.parametrize(("lasting", "second"), [(3600, "token-1"), (200, "token-2")])
async def test_tokens_are_kept_until_shortly_before_their_end(lasting, second):
    credential = Credential(lasting)
    provide = entra_tokens(credential, SCOPE)
    assert await provide() == "token-1"
    assert await provide() == second
    assert set(credential.asked) == {(SCOPE,)}


async def test_no_token_is_unavailable_and_tells_no_secret():
    with pytest.raises(Unavailable) as caught:
        await entra_tokens(Credential(None), SCOPE)()
    assert "secret" not in str(caught.value)


def test_first_sent_is_an_http_date():
    message = a_message("sms", first_sent=1_553_616_411_500_000)
    assert acs_whatsapp._headers(message)["Repeatability-First-Sent"] == "Tue, 26 Mar 2019 16:06:51 GMT"
