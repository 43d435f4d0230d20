"""How the broker refuses: the AMQP conditions that Azure's clients turn into their exceptions.

Source: https://learn.microsoft.com/azure/service-bus-messaging/service-bus-amqp-request-response.
"""

from __future__ import annotations

NOT_FOUND = "amqp:not-found"
NOT_ALLOWED = "amqp:not-allowed"
NOT_IMPLEMENTED = "amqp:not-implemented"
DECODE_ERROR = "amqp:decode-error"
TOO_LARGE = "amqp:link:message-size-exceeded"
TIMEOUT = "com.microsoft:timeout"
LOCK_LOST = "com.microsoft:message-lock-lost"
MESSAGE_NOT_FOUND = "com.microsoft:message-not-found"
SESSION_TAKEN = "com.microsoft:session-cannot-be-locked"
SESSION_LOST = "com.microsoft:session-lock-lost"

_STATUS = {
    NOT_FOUND: 404,
    MESSAGE_NOT_FOUND: 404,
    LOCK_LOST: 410,
    SESSION_LOST: 410,
    SESSION_TAKEN: 409,
    NOT_IMPLEMENTED: 501,
}


class Refused(Exception):
    """A link, a transfer or a request that is not granted; `status` is the one for a management answer."""

    def __init__(self, condition: str, text: str) -> None:
        super().__init__(text)
        self.condition = condition
        self.text = text
        self.status = _STATUS.get(condition, 400)
