"""What tests of analytics share: a log in memory, and lines of a journey that are told by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from shared.adapters.happened_log import FiledLog
from shared.adapters.happened_memory import MemoryHappenedFiles
from shared.fhir.instants import HOUR, Instant, parse_instant
from shared.ports.happened import Line

JOURNEY = "https://hearthline.example/journeys/flu"
TEMPLATE = "https://hearthline.example/templates/invite"
BEGAN = parse_instant("2026-02-20T10:00:00Z")


def memory_log(folder: Path) -> FiledLog:
    """Make a log whose files are in memory; what is brought here goes into a folder."""
    return FiledLog(MemoryHappenedFiles(), folder)


def files_of(log: FiledLog) -> MemoryHappenedFiles:
    """Return where a log lies."""
    files = log._files
    assert isinstance(files, MemoryHappenedFiles)
    return files


class Passage:
    """One person's way through a journey, told line by line, each an hour after the one before."""

    def __init__(self, number: int, at: Instant = BEGAN, version: str = "1.0.0") -> None:
        self.key, self.enrolment = f"{number:032x}", f"enrolment-{number}"
        self.number, self.at, self.journey = number, at, f"{JOURNEY}|{version}"
        self.lines: list[Line] = []
        self._tell("journey", "entered")

    def _tell(self, kind: Literal["journey", "step", "way", "message"], what: str, **more: Any) -> None:
        about = {"enrolment": self.enrolment, "journey": self.journey}
        self.lines.append(Line(self.at, kind, what, self.key, **{**about, **more}))

    def later(self, length: int = HOUR) -> Passage:
        """Let time pass."""
        self.at = Instant(self.at + length)
        return self

    def came(self, step: str) -> Passage:
        """Come to a step."""
        self._tell("step", "came", step=step, n=len(self.lines))
        return self

    def went(self, step: str, way: str) -> Passage:
        """Go one way of a split."""
        self._tell("way", way, step=step)
        return self

    def message(self, *states: str, step: str = "invite", **more: Any) -> Passage:
        """Let something become of a step's message."""
        about = {
            "message": f"message-{step}-{self.number}",
            "template": f"{TEMPLATE}|1.0.0",
            "channel": "sms",
            "language": "en",
            "purpose": "care",
        }
        for what in ("planned", *states):
            self._tell("message", what, step=step, **{**about, **more})
        return self

    def ended(self, status: str = "completed", *, goal: bool = False) -> Passage:
        """Leave the journey."""
        self._tell("journey", status, goal=goal)
        return self


def lines_of(passages: list[Passage]) -> Iterator[Line]:
    """Walk the lines of all of them."""
    return (line for passage in passages for line in passage.lines)
