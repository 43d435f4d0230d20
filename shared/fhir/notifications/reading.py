"""Typed looks into JSON from outside, shared by the wire formats: right or Rejected, never an echo."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from shared.errors import Rejected
from shared.fhir.instants import Instant, parse_instant
from shared.fhir.notification import Resource

_LONGEST = 2048
_EVENT_ID = re.compile(r"[\x21-\x7e]{1,256}")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.\-]{0,63}")
_DIGITS = re.compile(r"[0-9]{1,19}")


def wrong_type(what: str) -> Rejected:
    """Say that a member is not of the type it must be; `what` is a name of ours, never of the sender's."""
    return Rejected(f"{what} is missing or of the wrong type", "wrong-type")


def mapping(value: object, what: str) -> Resource:
    """Take a JSON object. Raises Rejected."""
    if not isinstance(value, dict):
        raise wrong_type(what)
    return value


def items(value: object, what: str) -> Sequence[Any]:
    """Take a JSON array, or nothing for an absent one. Raises Rejected."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise wrong_type(what)
    return value


def text(value: object, what: str) -> str:
    """Take a string of at most 2,048 printable characters. Raises Rejected."""
    if not isinstance(value, str) or len(value) > _LONGEST or not value.isprintable():
        raise wrong_type(what)
    return value


def optional_text(value: object, what: str) -> str | None:
    """Take such a string, or None for an absent one. Raises Rejected."""
    return None if value is None else text(value, what)


def code(value: object, what: str) -> str | None:
    """Take a FHIR code of at most 64 letters, digits, dots and hyphens, or None. Raises Rejected."""
    if value is None:
        return None
    if not isinstance(value, str) or not _CODE.fullmatch(value):
        raise wrong_type(what)
    return value


def event_id(value: object) -> str | None:
    """Take an event's id, fit to be logged: at most 256 characters of printable ASCII. Raises Rejected."""
    if value is None:
        return None
    if not isinstance(value, str) or not _EVENT_ID.fullmatch(value):
        raise wrong_type("the event's id")
    return value


def safe_id(event: object) -> str | None:
    """Take the id of an event that may be rubbish, if it has one that is fit to be logged."""
    try:
        return event_id(event.get("id")) if isinstance(event, dict) else None
    except Rejected:
        return None


def instant(value: object, what: str) -> Instant | None:
    """Take a date-time, or None for an absent one. Raises Rejected."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise wrong_type(what)
    try:
        return parse_instant(value)
    except ValueError as error:
        raise Rejected(f"{what} is not a date-time", "bad-time") from error


def count(value: object, what: str) -> int | None:
    """Take a number from 0 to 2^63 - 1, or None; integer64 is a string in JSON, and some write both ways.

    Raises Rejected. https://hl7.org/fhir/R5/json.html#primitive
    """
    if value is None:
        return None
    number = int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else value
    if type(number) is not int or not 0 <= number < 2**63:
        raise wrong_type(what)
    return number
