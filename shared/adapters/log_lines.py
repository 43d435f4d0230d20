"""Log lines with nobody in them: what other libraries wrote into them is left out before anybody reads it.

Our own lines hold codes, counts and opaque keys. A library's may quote a URL with a phone number, and an
exception's message whatever made it fail. So of those only the template, the place and the type are kept.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime

from shared.redaction import told
from shared.telemetry import FUNCTION, trace_parent

OURS = ("hearthline", "sandbox", "azure.functions", "azure_functions", "proxy_worker")
"""Loggers whose lines are written here, or by the Functions worker: it says which function ran, and how."""


def is_of(name: str, families: tuple[str, ...]) -> bool:
    """Say whether a logger is one of these, or below one."""
    return any(name == family or name.startswith(f"{family}.") for family in families)


def cleaned(record: logging.LogRecord) -> logging.LogRecord:
    """Take out of a line, in place, what may tell of people."""
    if not is_of(record.name, OURS):
        template = str(record.msg) if record.args else "(its words are left out)"
        record.msg = f"{template} [{record.module}:{record.lineno}]"
        record.args = ()
    if record.exc_info and record.exc_info[1] is not None:
        record.msg, record.args = f"{record.getMessage()}: {told(record.exc_info[1])}", ()
        record.exc_info = None
    return record


def clean_all_lines() -> None:
    """Have every line of this process cleaned as it is made, whoever writes it and wherever it goes."""
    made = logging.getLogRecordFactory()
    if not getattr(made, "cleans", False):
        logging.setLogRecordFactory(_cleaning(made))


def _cleaning(made: Callable[..., logging.LogRecord]) -> Callable[..., logging.LogRecord]:
    def make(*given: object, **named: object) -> logging.LogRecord:
        return cleaned(made(*given, **named))

    make.cleans = True  # type: ignore[attr-defined]  # so that nobody cleans twice
    return make


def fields(record: logging.LogRecord) -> dict[str, str]:
    """Return what a line tells besides its words."""
    found = {"logger": record.name, "code": getattr(record, "code", ""), "function": FUNCTION.get()}
    return {name: value for name, value in found.items() if value}


class JsonLines(logging.Formatter):
    """A line as a JSON object: time, level, logger, message, code, function, trace."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one line."""
        trace = trace_parent().split("-")[1:2]
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **fields(record),
            **({"trace": trace[0]} if trace else {}),
        }
        return json.dumps(line, ensure_ascii=False)
