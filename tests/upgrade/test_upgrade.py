"""Upgrade safety: what the last release stored is read and gone on with, and it can read what we store."""

from __future__ import annotations

import base64
import json
import lzma
import re
from copy import deepcopy
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from sandbox.processes import Children
from shared.adapters.table_store import TablePatientStore
from shared.patient.packing import pack, unpack
from shared.patient.record import Decision, TimelineLine, patient_key
from tests.upgrade import halves, rows
from tests.upgrade.shapes import PERSISTED, Difference, differences, shapes

RECORDED = Path(__file__).parent / "recorded"
RELEASE = "2026-11-22"
"""The release that is upgraded from: what it has stored is in files that begin so."""
STATES = halves.read(RECORDED / f"{RELEASE}-halves.xz")
SCENARIOS = dict(halves.scenarios())
SHAPES = json.loads((RECORDED / f"{RELEASE}-shapes.json").read_text(encoding="utf-8"))
ROOT = Path(__file__).parents[2]

ACCEPTED: set[Difference] = {
    # stands on the queue `operations` alone, which no instance of the release before listens to
    Difference("hazard", "job", 'was not known before: [["struct", "Operate"]]'),
}
"""Hazards of this release, each with why it is none: nothing writes it before all instances are new."""

READ_FROM_ELSEWHERE = {"_Answer", "_Failure", "_Page", "_Arrival", "_Dated", "Snapshot", "Any", "Raw"}
"""What is decoded and was not stored by us: answers of providers, what a process hands its helpers, a date
that stands in many documents, a folder of columns that is made anew, JSON that is looked into."""


class TestLives:
    """Patients in the middle of a journey, as the last release stored them, live on as if nothing were."""

    @pytest.mark.parametrize("name", sorted(STATES))
    def test_the_second_half_of_the_story_is_as_written(self, name: str) -> None:
        scenario = SCENARIOS.get(name)
        if scenario is None or halves.digest(scenario) != STATES[name]["digest"]:
            return  # another story by now; how many there may be of those is asked below
        told, written = halves.go_on(STATES[name], scenario)
        assert told == written

    def test_nearly_all_are_still_played(self) -> None:
        """A release that changes its scenarios records anew what the one before it has stored."""
        same = [
            name for name, s in SCENARIOS.items() if STATES.get(name, {}).get("digest") == halves.digest(s)
        ]
        assert len(same) >= 0.9 * len(STATES)

    def test_a_record_that_lost_something_would_be_noticed(self) -> None:
        """The tests above can fail: of most stories, another one is told when enrolments are gone."""
        worse = 0
        for name, state in STATES.items():
            robbed = unpack(patient_key("p1"), {k: base64.b64decode(v) for k, v in state["chunks"].items()})
            if not robbed.enrolments:
                continue
            robbed = msgspec.structs.replace(robbed, enrolments={})
            head = base64.b64encode(pack(robbed)["head"]).decode()
            told, written = _told({**state, "chunks": state["chunks"] | {"head": head}}, SCENARIOS[name])
            worse += told != written
        assert worse > 100


class TestShapes:
    """Old and new instances work side by side while a deployment is upgraded."""

    def test_nothing_that_is_stored_is_unreadable_either_way(self) -> None:
        assert set(differences(SHAPES, shapes())) <= ACCEPTED

    def test_everything_that_we_decode_is_watched(self) -> None:
        """A new kind of document or row is written into the list of what is persisted."""
        watched = {getattr(t, "__name__", "") for root in PERSISTED.values() for t in (root, *get_args(root))}
        watched |= {"Job", "_Head", "_Held", "_Place"}  # the last two read what a Newest wrote
        assert _decoded() - watched - READ_FROM_ELSEWHERE == set()

    @pytest.mark.parametrize(
        ("spoil", "kind"),
        [
            (lambda s: s["Message"]["fields"].pop(3), "break"),
            (lambda s: s["Message"]["fields"].reverse(), "break"),
            (lambda s: s["Message"]["fields"].append(["new", "str", True]), "break"),
            (lambda s: s["Message"].update(array=False), "break"),
            (lambda s: s["Wake"].update(tag="woken"), "break"),
            (lambda s: s["Change"]["fields"].append(["new", "str", True]), "break"),
            (lambda s: s["Change"]["fields"].pop(0), "hazard"),
            (lambda s: s["Change"]["fields"][3][1][1].append("merged"), "hazard"),
            (lambda s: s["Change"]["fields"][3][1][1].remove("deleted"), "break"),
            (lambda s: _set_type(s, "Enrolment", "entered", "str"), "break"),
            (lambda s: _set_type(s, "_Head", "outbox", ["dict", "str", ["struct", "Message"]]), "break"),
        ],
    )
    def test_what_would_break_is_found(self, spoil: Any, kind: str) -> None:
        now = deepcopy(shapes())
        spoil(now["structs"])
        assert kind in {difference.kind for difference in differences(shapes(), now)}

    def test_what_is_appended_with_a_default_is_fine(self) -> None:
        now = deepcopy(shapes())
        for name in ("Message", "Change", "_Head"):
            now["structs"][name]["fields"].append(["new", "str", False])
        assert list(differences(shapes(), now)) == []

    def test_a_new_effect_is_a_hazard(self) -> None:
        """An old instance that meets it in a record's outbox cannot read that record."""
        now = deepcopy(shapes())
        (outbox,) = (field for field in now["structs"]["_Head"]["fields"] if field[0] == "outbox")
        outbox[1][2][1].append(["struct", "SingToPatient"])
        (found,) = differences(shapes(), now)
        assert (found.kind, found.where) == ("hazard", "_Head.outbox[1]")


async def test_what_the_last_release_left_in_its_tables_is_read_as_it_was(own_azurite: str) -> None:
    """Row by row: records, messages, timelines, members, links, wake-ups, what is published."""
    with lzma.open(RECORDED / f"{RELEASE}-rows.xz", "rt", encoding="utf-8") as file:
        recorded = json.load(file)
    async with rows.tables_of(own_azurite) as tables:
        await rows.restore(tables, recorded["rows"])
        told = await rows.said(tables)
        assert list(_lost(recorded["said"], told)) == []
        patients = TablePatientStore(tables)
        for key in told["keys"]:
            stored = await patients.load(key)
            await patients.commit(stored, Decision(stored.record, timeline=(TimelineLine(1, "fact", "new"),)))
        again = await rows.said(tables)
    for key in told["keys"]:
        assert len(again[key].pop("timeline")) == len(told[key].pop("timeline")) + 1
    assert again == told


@pytest.fixture
def own_azurite(tmp_path: Path) -> Any:
    """Start an emulator with nothing in it: the tables have the names that they have in a deployment."""
    children = Children()
    try:
        yield rows.start_azurite(children, tmp_path)
    finally:
        children.stop()


def _told(state: halves.State, scenario: dict[str, Any]) -> tuple[str, str]:
    try:
        return halves.go_on(state, scenario)
    except (KeyError, IndexError, StopIteration):  # the play asks for what is not there any more
        return "", scenario["story"]


def _decoded() -> set[str]:
    """Return the names of types that are decoded anywhere in the product's use cases and adapters."""
    found: set[str] = set()
    for path in (*(ROOT / "shared").rglob("*.py"),):
        if "notifications" in path.parts or path.name == "provider_reports.py":
            continue
        text = path.read_text(encoding="utf-8")
        for match in re.finditer(
            r"msgspec\.(?:json|msgpack)\.Decoder\(([^)]*)\)|type=([\w\[\], .]+)\)", text
        ):
            if "msgspec" in text:
                found |= set(re.findall(r"\b_?[A-Z]\w+", match[1] or match[2]))
    return found


def _set_type(structs: dict[str, Any], struct: str, name: str, shape: Any) -> None:
    (field,) = (field for field in structs[struct]["fields"] if field[0] == name)
    field[1] = shape


def _lost(old: Any, new: Any, where: str = "") -> Any:
    """Yield where something that was said is said otherwise; what is said besides may be new."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key, value in old.items():
            yield from _lost(value, new.get(key), f"{where}.{key}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) <= len(new):
        for place, value in enumerate(old):
            yield from _lost(value, new[place], f"{where}[{place}]")
    elif old != new:
        yield where
