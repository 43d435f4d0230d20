"""What the host asks of a clock; shared/adapters/clock.py has the system's and the virtual one."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """A clock that may run at any speed, jump or stand still."""

    def now(self) -> int:
        """Return the present instant, in microseconds UTC."""
        ...
