"""Log lines to OpenTelemetry, each in its trace; shared.adapters.log_lines has cleaned them before."""

from __future__ import annotations

import logging

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider

from shared.adapters.log_lines import OURS, fields, is_of

_LOOPS = ("opentelemetry", "azure.monitor", "azure.core", "azure.identity", "urllib3", "requests")
"""Loggers of what brings telemetry away: their lines would bring forth lines."""

_SEVERITIES = {
    logging.DEBUG: SeverityNumber.DEBUG,
    logging.INFO: SeverityNumber.INFO,
    logging.WARNING: SeverityNumber.WARN,
    logging.ERROR: SeverityNumber.ERROR,
    logging.CRITICAL: SeverityNumber.FATAL,
}


class LogLines(logging.Handler):
    """Tells OpenTelemetry each line, in the trace that it belongs to."""

    def __init__(self, provider: LoggerProvider) -> None:
        super().__init__(logging.INFO)
        self._logger = provider.get_logger("hearthline")

    def emit(self, record: logging.LogRecord) -> None:
        """Tell one line; other libraries' only from warnings on."""
        ours = is_of(record.name, OURS)
        if is_of(record.name, _LOOPS) or (not ours and record.levelno < logging.WARNING):
            return
        self._logger.emit(
            LogRecord(
                timestamp=int(record.created * 1e9),
                severity_number=_SEVERITIES.get(record.levelno, SeverityNumber.INFO),
                severity_text=record.levelname,
                body=record.getMessage(),
                attributes=dict(fields(record)),
            )
        )
