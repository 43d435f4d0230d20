"""What Azure Communication Services calls a failure → the few kinds of failure that the next move depends on.

The kinds are those of shared.message.failures, which says what each means in words. Read by
shared.fhir.acs_events; a number that is not listed counts as temporary, as nothing is then known of the
contact point.
"""

from __future__ import annotations

_SMS = {
    "4000": "blocked",
    "4001": "blocked",
    "4002": "invalid-address",
    "4003": "landline",
    "4004": "invalid-address",
    "4005": "blocked",
    "4006": "temporary",
    "4007": "opted-out",
    "4008": "temporary",
    "4009": "blocked",
    "4010": "blocked",
    "4020": "temporary",
    "5000": "temporary",
    "5001": "temporary",
    "9999": "temporary",
}
"""https://learn.microsoft.com/azure/communication-services/resources/troubleshooting/voice-video-calling/
troubleshooting-codes, "SMS error codes". 4001 is a fault in our own number, and no word of the recipient."""

NO_WORD = frozenset({"5002"})
"""The carrier makes no reports: the message may have been delivered, so that nothing is known."""

_EMAIL = {
    "bounced": "hard-bounce",
    "suppressed": "suppressed",
    "quarantined": "blocked",
    "filteredspam": "blocked",
}
"""https://learn.microsoft.com/azure/event-grid/communication-services-email-events; bounced: for good."""

_SMTP = {
    "5.1.": "hard-bounce",
    "5.2.1": "hard-bounce",
    "5.2.2": "temporary",
    "5.3.4": "content",
    "5.4.4": "hard-bounce",
    "5.6.": "content",
    "5.7.": "blocked",
}
"""Beginnings of enhanced status codes (RFC 3463), where the provider says no more than "Failed"."""

_WHATSAPP = {
    "130429": "temporary",
    "130472": "blocked",
    "131000": "temporary",
    "131009": "content",
    "131016": "temporary",
    "131021": "invalid-address",
    "131026": "landline",
    "131031": "blocked",
    "131042": "blocked",
    "131047": "content",
    "131048": "blocked",
    "131049": "blocked",
    "131050": "opted-out",
    "131051": "content",
    "131056": "temporary",
    "132000": "content",
    "132001": "content",
    "132005": "content",
    "132007": "content",
    "132012": "content",
    "132015": "content",
    "132016": "content",
}
"""https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes. 131026 is a
number without WhatsApp, or with an old one; 131047 is free text after the 24 hours in which it is allowed."""


def sms_failure(number: str) -> str:
    """Return the kind of failure of an SMS by the code in `deliveryStatusDetails`."""
    return _SMS.get(number, "temporary")


def email_failure(status: str, smtp: str = "") -> str:
    """Return the kind of failure of an email by its status (small letters) and the mail server's code."""
    if status in _EMAIL:
        return _EMAIL[status]
    return next((kind for begin, kind in _SMTP.items() if smtp.startswith(begin)), "temporary")


def whatsapp_failure(number: str) -> str:
    """Return the kind of failure of a WhatsApp message by `error.channelCode`."""
    return _WHATSAPP.get(number, "temporary")
