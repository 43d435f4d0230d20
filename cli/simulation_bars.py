"""The bar that shows how far a dry run is; on stderr, so that figures can be piped on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


class Bar:
    """One line: what is going on, and how many patients are done."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("reading the definitions", total=None)

    def say(self, words: str) -> None:
        """Say what is going on."""
        self._progress.update(self._task, description=words)

    def counting(self, words: str, total: int | None) -> Callable[[int], None]:
        """Begin to count patients; what is returned hears how many are done."""
        self._progress.update(self._task, description=words, total=total, completed=0)
        return lambda done: self._progress.update(self._task, completed=done)


@contextmanager
def bar(console: Console) -> Iterator[Bar]:
    """Show a bar as long as the context lasts."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console) as progress:
        yield Bar(progress)
