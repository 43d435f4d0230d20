"""Tell that the glass was broken where an alert can hear it: by operation, opaque key and opaque id alone.

The reason stands in the audit trail; it is words of somebody's, and no log holds those.
"""

from __future__ import annotations

import logging

from shared.telemetry import count

logger = logging.getLogger("hearthline.audit")


def tell_glass(operation: str, patient: str, by: str) -> None:
    """Count it, and write a line."""
    count("hearthline.glass", operation=operation)
    logger.warning("glass broken: %s of %s by %s", operation, patient or "nobody known", by)
