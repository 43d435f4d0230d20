"""The table of every operation of the admin API: who may call it. It is the code, the docs and the test.

functions.admin registers each route from its row; docs/security.md shows it; tests walk role by operation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from shared.access import analytics, journeys, messages, patients, running, segments, trail
from shared.access.operation import Operation

ROOT = "/api/admin/v1"
"""Where the paths of all operations begin."""

OPERATIONS: Mapping[str, Operation] = {
    operation.name: operation
    for module in (segments, journeys, messages, patients, running, trail, analytics)
    for operation in module.OPERATIONS
}


def methods_at(path: str) -> tuple[str, ...]:
    """Return the methods of the operations that an address may mean, in alphabetical order."""
    fits = (each.method for each in OPERATIONS.values() if _pattern(each.path).fullmatch(path))
    return tuple(sorted(set(fits)))


def _pattern(path: str) -> re.Pattern[str]:
    parts = ("[^/]+" if part.startswith("{") else re.escape(part) for part in path.split("/"))
    return re.compile(ROOT + "/".join(parts))
