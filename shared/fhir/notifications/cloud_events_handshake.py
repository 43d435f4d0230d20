"""The handshake of CloudEvents webhooks: an OPTIONS request asks whether events may be sent here.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md#4-abuse-protection
"""

from __future__ import annotations

import re

from shared.errors import Rejected
from shared.fhir.notification import Reply, Request

# A DNS name, as "eventgrid.azure.net"; it is echoed in a header, so nothing else is let through.
_ORIGIN = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*(?::[0-9]{1,5})?")
_RATE = re.compile(r"[1-9][0-9]{0,8}")
_ALLOW = "POST, PUT, DELETE, OPTIONS"


def answer_options(request: Request) -> Reply:
    """Grant the origin and the rate that were asked for; without an origin, only say which methods there are.

    Raises Rejected for an origin that is not a DNS name, or a rate that is not a positive number.
    """
    origin = request.headers.get("webhook-request-origin")
    if origin is None:
        return Reply(204, {"Allow": _ALLOW})
    rate = request.headers.get("webhook-request-rate", "*")
    if not _ORIGIN.fullmatch(origin) or (rate != "*" and not _RATE.fullmatch(rate)):
        raise Rejected("not a CloudEvents webhook handshake", "bad-handshake")
    granted = {"Allow": _ALLOW, "WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": rate}
    return Reply(200, granted)
