"""The page on poison is held to the code: gauges, commands and numbers."""

from __future__ import annotations

import re

from cli.poison import poison
from shared.adapters import poison_storage, queue_letters, watch_bus
from shared.metrics import METRICS
from shared.queues import MOST_DELIVERIES
from shared.usecases.watch import LATE
from tests.unit.docs.pages import DOCS, code, table

PAGE = DOCS / "poison.md"
WORDS = {8: "eight"}


def test_every_gauge_is_on_the_page() -> None:
    shown = {code(row[0]) for row in table(PAGE, "## What is watched")}
    assert shown == {metric.name for metric in METRICS if metric.kind == "gauge"}


def test_every_command_is_on_the_page() -> None:
    known = {each.name or each.callback.__name__ for each in poison.registered_commands if each.callback}
    assert set(re.findall(r"^hearthline poison (\w+)", PAGE.read_text(), re.MULTILINE)) == known


def test_the_numbers_are_those_of_the_code() -> None:
    text = " ".join(PAGE.read_text().split())
    assert f"{WORDS[MOST_DELIVERIES]} deliveries of it failed" in text
    assert f"the first {queue_letters.MOST} |" in text
    assert poison_storage.HIDDEN == 120
    assert "at most two minutes after a crash" in text
    assert f"counted up to {watch_bus.COUNTED} |" in text
    assert f"the oldest of the first {watch_bus.HEAD} that" in text
    assert f"for more than {LATE / 60:.0f} minutes" in text
