"""The table of every operation of the admin API: who may call it. It is the code, the docs and the test.

functions.admin registers each route from its row; docs/security.md shows it; tests walk role by operation.
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.access import analytics, journeys, messages, patients, running, segments, trail
from shared.access.operation import Operation

OPERATIONS: Mapping[str, Operation] = {
    operation.name: operation
    for module in (segments, journeys, messages, patients, running, trail, analytics)
    for operation in module.OPERATIONS
}
