"""Are the numbers and addresses that we send from ours? Asked once at start, shown by functions/health.py.

`GET /phoneNumbers?api-version=2022-12-01` lists the numbers of the resource, `GET /shortCodes?api-version=
2021-10-25-preview` its short codes (azure-rest-api-specs, communication/data-plane/PhoneNumbers). A list that
cannot be read is no reason to stop: a role that may send need not be one that may list.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import msgspec

from shared.adapters.acs_calls import AcsCalls
from shared.errors import Rejected, Unavailable

_NUMBERS = "/phoneNumbers?api-version=2022-12-01"
_SHORT_CODES = "/shortCodes?api-version=2021-10-25-preview"
_PAGES = 50
"""Pages of a list that are read at most."""
_SHORT = re.compile(r"\d{5,6}")
_LONG = re.compile(r"\+[1-9]\d{6,14}")
_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9]{1,11}")
"""An alphanumeric sender id, which belongs to no list."""
_ADDRESS = re.compile(r"[^@\s]+@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}")


class Senders(msgspec.Struct, frozen=True):
    """What is wrong with those that we send from, and what could not be found out: sentences."""

    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class _Capabilities(msgspec.Struct):
    sms: str = ""


class _Number(msgspec.Struct, rename="camel"):
    phone_number: str
    capabilities: _Capabilities = msgspec.field(default_factory=_Capabilities)


class _ShortCode(msgspec.Struct):
    number: str


class _Page(msgspec.Struct, rename="camel"):
    phone_numbers: list[_Number] = []
    short_codes: list[_ShortCode] = []
    next_link: str | None = None


_decode = msgspec.json.Decoder(_Page).decode


async def check_senders(calls: AcsCalls, sms_from: str, email_from: str) -> Senders:
    """Look whether the resource has the number or short code, and whether the address can be one."""
    sms = await _check_number(calls, sms_from) if sms_from else Senders()
    if email_from and not _ADDRESS.fullmatch(email_from):
        return Senders((*sms.problems, "HEARTHLINE_EMAIL_FROM is no email address"), sms.notes)
    return sms


async def _check_number(calls: AcsCalls, sender: str) -> Senders:
    if _LONG.fullmatch(sender):
        path = _NUMBERS
    elif _SHORT.fullmatch(sender):
        path = _SHORT_CODES
    elif _NAME.fullmatch(sender):
        return Senders((), ("HEARTHLINE_SMS_FROM is a name, which takes no replies and is on no list",))
    else:
        return Senders(("HEARTHLINE_SMS_FROM is neither a number as +12065550100 nor a short code",))
    try:
        found = await _find(calls, path, sender)
    except Rejected as rejected:
        return Senders((), (f"{_UNREAD}: {_refused(rejected)}",))
    except Unavailable as unavailable:
        return Senders((), (f"{_UNREAD}: {unavailable.reason}",))
    return _judged(found)


_UNREAD = "whether HEARTHLINE_SMS_FROM is registered could not be found out"


def _refused(rejected: Rejected) -> str:
    if rejected.code in ("http-401", "http-403"):
        return "our identity may not list the phone numbers of Communication Services"
    return rejected.reason


def _judged(found: str | None) -> Senders:
    if found is None:
        return Senders(("HEARTHLINE_SMS_FROM is not among the numbers of Communication Services",))
    if "outbound" not in found:
        return Senders(("the number in HEARTHLINE_SMS_FROM cannot send SMS",))
    if "inbound" not in found:
        return Senders((), ("the number in HEARTHLINE_SMS_FROM takes no replies: STOP cannot be heard",))
    return Senders()


async def _find(calls: AcsCalls, path: str, sender: str) -> str | None:
    """Return what a number can do with SMS ("inbound+outbound", …), or None where it is not on the list."""
    for _ in range(_PAGES):
        try:
            page = _decode(await calls.call("GET", path))
        except msgspec.DecodeError:
            raise Unavailable("ACS lists its numbers, but not as it should") from None
        if any(code.number == sender for code in page.short_codes):
            return "inbound+outbound"
        for number in page.phone_numbers:
            if number.phone_number == sender:
                return number.capabilities.sms
        if not page.next_link:
            return None
        path = _path(page.next_link)
    raise Unavailable("ACS has more numbers than we read")


def _path(link: str) -> str:
    """Keep path and query of the next page's address: who we call is not theirs to say."""
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
