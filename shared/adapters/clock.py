"""Clocks behind the Clock port: the system's, and the sandbox's virtual one that other processes steer."""

from __future__ import annotations

import mmap
import struct
import time
from pathlib import Path

from shared.fhir.instants import SECOND, Instant

_LAYOUT = struct.Struct("<3d")  # real anchor (unix s), virtual anchor (unix s), speed


class SystemClock:
    """The machine's clock."""

    def now(self) -> Instant:
        """Return the present instant."""
        return Instant(time.time_ns() // 1000)


class FileClock:
    """A virtual clock in a shared 24-byte file: virtual = anchor + (real - anchor) * speed.

    Every process of the sandbox maps the same file, so that a jump or a change of speed is seen by all
    at once, with no message passed.
    """

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _LAYOUT.size)

    @classmethod
    def create(cls, path: Path, start: Instant, speed: float = 1.0) -> FileClock:
        """Make the file, the clock standing at `start` (a restart keeps an existing clock: just open it)."""
        path.write_bytes(_LAYOUT.pack(time.time(), start / SECOND, speed))
        return cls(path)

    def now(self) -> Instant:
        """Return the present virtual instant."""
        real, virtual, speed = _LAYOUT.unpack_from(self._map)
        return Instant(round((virtual + (time.time() - real) * speed) * SECOND))

    @property
    def speed(self) -> float:
        """Virtual seconds a real second; 0 is a clock that stands still."""
        return float(_LAYOUT.unpack_from(self._map)[2])

    def set(self, instant: Instant, speed: float | None = None) -> None:
        """Jump to `instant`, and from there run at `speed` (unchanged when None)."""
        chosen = self.speed if speed is None else speed
        _LAYOUT.pack_into(self._map, 0, time.time(), instant / SECOND, chosen)
