"""Signs calls as Standard Webhooks has it: HMAC-SHA256 over id, timestamp and body.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md ; the timestamp is
that of the try, so that a receiver can refuse what was recorded and sent again.
"""

from __future__ import annotations

import base64
import hmac

from shared.receivers import SignedReceiver, signing_key


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
