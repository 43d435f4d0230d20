"""Golden runs: definition and scenario in, the whole story out, compared line by line.

HEARTHLINE_GOLDEN=rewrite writes the stories as they are now; read the diff before you commit it.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Any

import pytest

from cli.yaml_files import load_yaml
from shared.journey.happening import Happening
from shared.journey.trigger import Trigger
from tests.golden.play import DEFINITIONS, Play

HERE = Path(__file__).parent
SCENARIOS = sorted(HERE.glob("*.yaml"))
MARK = "story: |\n"


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_the_story_is_as_written(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    scenario = load_yaml(text)
    told = Play(scenario).run(scenario["happens"])
    if os.environ.get("HEARTHLINE_GOLDEN") == "rewrite":
        head = text.partition(MARK)[0]
        path.write_text(head + MARK + "".join(f"  {line}\n" for line in told.splitlines()), encoding="utf-8")
        return
    expected = scenario["story"]
    diff = "\n".join(
        difflib.unified_diff(expected.splitlines(), told.splitlines(), "written", "told", lineterm="")
    )
    if told != expected:
        pytest.fail(f"{path.name} tells another story:\n{diff}", pytrace=False)


def test_every_shipped_journey_has_a_golden_run() -> None:
    played: set[Any] = set()
    for path in SCENARIOS:
        played |= {j for j in load_yaml(path.read_text(encoding="utf-8"))["journeys"] if isinstance(j, str)}
    assert played == {path.stem for path in (DEFINITIONS / "journeys").glob("*.yaml")}


def test_every_step_has_a_golden_run() -> None:
    steps = {path.stem for path in (DEFINITIONS.parent / "shared/journey/steps").glob("*.py")}
    wanted = {f"step-{name.replace('_', '-')}" for name in steps - {"__init__", "base"}}
    assert wanted <= {path.stem for path in SCENARIOS}


def test_every_trigger_has_a_golden_run() -> None:
    wanted = {f"trigger-{name.replace('_', '-')}" for name in Trigger.model_fields}
    assert wanted <= {path.stem for path in SCENARIOS}


def test_every_happening_is_waited_for_in_a_golden_run() -> None:
    waited = {
        kind
        for path in SCENARIOS
        for journey in load_yaml(path.read_text(encoding="utf-8"))["journeys"]
        if isinstance(journey, dict)
        for step in journey["steps"]
        if step["kind"] == "wait_for"
        for case in step["cases"]
        for kind in case["when"]
    }
    assert waited == set(Happening.model_fields)
