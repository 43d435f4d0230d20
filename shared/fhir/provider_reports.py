"""Delivery reports from providers that are called by webhook: what POST /api/reports/{provider} brings.

One report or a list of them: {"id", "status", "at", "code", "reason", "reference"}; the fields after `at` may
be left out. `id` is the message id, `reference` what came along with the message.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from shared.errors import Rejected
from shared.fhir.instants import Instant, parse_instant
from shared.fhir.notification import Limits

type Status = Literal["delivered", "failed", "opened", "clicked", "complained"]

_CODE = re.compile(r"[a-z][a-z0-9-]{0,40}")
_REASON = re.compile(r"(?!.*[0-9]{7})[A-Za-z0-9 ._-]{0,40}")
"""What a provider may call a failure: no phone number fits."""
_ID = re.compile(r"[0-9A-Fa-f-]{36}")
_KEY = re.compile(r"[0-9a-zA-Z_-]{1,128}")


class ProviderReport(msgspec.Struct, frozen=True):
    """One report; `key` says whose message it is, "" where the reference did not come back."""

    message_id: str
    key: str
    status: Status
    at: Instant
    code: str = ""
    reason: str = ""


class _Report(msgspec.Struct):
    id: str
    status: Status
    at: str
    code: str = ""
    reason: str = ""
    reference: str = ""


_decode = msgspec.json.Decoder(_Report | list[_Report]).decode


def parse_reports(body: bytes, limits: Limits) -> tuple[ProviderReport, ...]:
    """Read the reports. Raises Rejected where one of them is none."""
    if len(body) > limits.body:
        raise Rejected("the body is too large", "too-large")
    try:
        found = _decode(body)
    except msgspec.DecodeError:  # its text may quote what came
        raise Rejected(
            "not a report, nor a list of them: id, status and at are needed", "bad-report"
        ) from None
    reports = found if isinstance(found, list) else [found]
    if len(reports) > limits.events:
        raise Rejected("too many reports in one call", "batch-too-large")
    return tuple(map(_read, reports))


def _read(report: _Report) -> ProviderReport:
    if not _ID.fullmatch(report.id):
        raise Rejected("the report's id is no message id", "bad-report")
    if report.code and not _CODE.fullmatch(report.code):
        raise Rejected("the report's code is no kebab-case word", "bad-report")
    try:
        at = parse_instant(report.at)
    except ValueError:
        raise Rejected("the report has no usable time", "bad-report") from None
    key = report.reference.partition(" ")[0]
    return ProviderReport(
        message_id=report.id.lower(),
        key=key if _KEY.fullmatch(key) else "",
        status=report.status,
        at=at,
        code=report.code if report.status == "failed" else "",
        reason=report.reason if _REASON.fullmatch(report.reason) else "",
    )
