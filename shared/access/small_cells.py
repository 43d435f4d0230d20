"""Small cells: figures of so few people that whoever knows the town knows who they are.

Told as None to callers who may not see people. What is hidden follows the cell size suppression policy of
CMS: 1 to 10, and what would let one of those be worked out (https://resdac.org/node/1506).
"""

from __future__ import annotations

from shared.access.roles import CARE, Caller

LEAST = 11
"""The smallest number of people that is told; none at all is told as well."""


def sees_people(caller: Caller) -> bool:
    """Say whether a caller works with people, so that small figures tell them nothing that is hidden."""
    return caller.has(CARE)


def few(count: int) -> bool:
    """Say whether a count is of too few to be told."""
    return 0 < count < LEAST
