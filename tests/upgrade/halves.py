"""Lives that one release begins and another goes on with: the golden scenarios, cut in the middle.

A release records how each patient is stored halfway (`python -m tests.upgrade.halves record FILE`); another
one reads that, goes on (`… go-on FILE`), and must tell the second half of the story as it is written.
scripts/rehearse_upgrade.sh does both between two revisions, there and back.
"""

from __future__ import annotations

import base64
import hashlib
import json
import lzma
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cli.yaml_files import load_yaml
from shared.patient.packing import pack, unpack
from shared.patient.record import patient_key
from tests.golden.play import Play

GOLDEN = Path(__file__).parents[1] / "golden"

type State = dict[str, Any]
"""Of one scenario: its name and digest, after how many happenings, and the record's chunks in base64."""


def scenarios() -> Iterator[tuple[str, dict[str, Any]]]:
    """Return every golden scenario in which more than one thing happens, by name."""
    for path in sorted(GOLDEN.glob("*.yaml")):
        scenario = load_yaml(path.read_text(encoding="utf-8"))
        if len(scenario["happens"]) > 1:
            yield path.stem, scenario


def record() -> Iterator[State]:
    """Play the first half of every scenario, and say how the patient is then stored."""
    for name, scenario in scenarios():
        half = len(scenario["happens"]) // 2
        play = Play(scenario)
        play.run(scenario["happens"][:half])
        chunks = {name: base64.b64encode(chunk).decode() for name, chunk in pack(play.record).items()}
        yield {"scenario": name, "digest": digest(scenario), "after": half, "chunks": chunks}


def go_on(state: State, scenario: dict[str, Any]) -> tuple[str, str]:
    """Play the second half from what another release has stored: the whole story told, and as written."""
    play = Play(scenario)
    play.run(scenario["happens"][: state["after"]])
    chunks = {name: base64.b64decode(chunk) for name, chunk in state["chunks"].items()}
    play.record = unpack(patient_key("p1"), chunks)
    return play.run(scenario["happens"][state["after"] :]), scenario["story"]


def digest(scenario: dict[str, Any]) -> str:
    """Tell scenarios apart by what happens in them, not by their stories: a release may word those anew."""
    told = {key: value for key, value in scenario.items() if key != "story"}
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()[:16]


def read(file: Path) -> dict[str, State]:
    """Read what a release has recorded, by scenario."""
    with lzma.open(file, "rt", encoding="utf-8") as lines:
        return {state["scenario"]: state for state in map(json.loads, lines)}


def write(file: Path) -> int:
    """Record this release; how many scenarios."""
    states = list(record())
    with lzma.open(file, "wt", encoding="utf-8", preset=9) as lines:
        lines.writelines(f"{json.dumps(state)}\n" for state in states)
    return len(states)


def strangers(file: Path) -> Iterator[str]:
    """Go on with what another release has recorded; yield the names of those that come out differently."""
    states = read(file)
    for name, scenario in scenarios():
        state = states.get(name)
        if state is not None and state["digest"] == digest(scenario):
            told, written = go_on(state, scenario)
            if told != written:
                yield name


def main() -> int:
    """Record, or go on; exit status 1 when a story comes out differently."""
    verb, file = sys.argv[1], Path(sys.argv[2])
    if verb == "record":
        sys.stdout.write(f"{write(file)} lives recorded\n")
        return 0
    found = list(strangers(file))
    sys.stdout.write(" ".join([f"{len(read(file))} lives gone on with, {len(found)} differ", *found]) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
