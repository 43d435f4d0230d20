"""Signs calls and checks those that come back as Standard Webhooks has it: HMAC-SHA256 of id, time and body.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md ; the timestamp is
that of the try, so that a receiver can refuse what was recorded and sent again.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping

from shared.errors import Unauthenticated
from shared.receivers import SignedReceiver, signing_key

TOLERANCE = 300
"""Seconds by which the clock of who signs may differ from ours."""


def signature_headers(receiver: SignedReceiver, post_id: str, seconds: int, body: bytes) -> dict[str, str]:
    """Return the three headers; with two secrets there are two signatures, either of which will do."""
    content = b"%s.%d.%s" % (post_id.encode(), seconds, body)
    secrets = [secret for secret in (receiver.secret, receiver.previous) if secret is not None]
    signatures = " ".join(_signature(secret.get_secret_value(), content) for secret in secrets)
    return {
        "webhook-id": post_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": signatures,
    }


def _signature(secret: str, content: bytes) -> str:
    digest = hmac.digest(signing_key(secret), content, "sha256")
    return f"v1,{base64.b64encode(digest).decode()}"


def verify(receiver: SignedReceiver, headers: Mapping[str, str], seconds: int, body: bytes) -> str:
    """Return the id of a call that is signed with a secret of ours, now. Raises Unauthenticated.

    `headers` have names in small letters.
    """
    post_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    fresh = stamp.isascii() and stamp.isdigit() and abs(int(stamp[:12]) - seconds) <= TOLERANCE
    if not post_id or not fresh:
        raise Unauthenticated("the call has no id, or its timestamp is not of now")
    expected = signature_headers(receiver, post_id, int(stamp), body)["webhook-signature"].encode()
    given = headers.get("webhook-signature", "").encode().split(b" ")
    right = False
    for one in given:
        for ours in expected.split(b" "):
            right |= hmac.compare_digest(one, ours)
    if not right:
        raise Unauthenticated("the signature of the call is wrong")
    return post_id
