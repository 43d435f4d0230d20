"""Keyword: whether a reply is about being written to at all; then it is no answer to any question."""

from __future__ import annotations

from typing import Literal

from shared.message.understanding.understand import understand


def keyword(text: str) -> Literal["stop", "start", ""]:
    """Return whether a reply asks to stop, or to start again, however it is worded."""
    match understand(text).meaning:
        case "stop":
            return "stop"
        case "start":
            return "start"
        case _:
            return ""
