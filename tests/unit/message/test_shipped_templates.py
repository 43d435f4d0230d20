"""Every template that ships, rendered in every language and channel, with everything and with nothing."""

from __future__ import annotations

import gzip
import json
import os
import re
from functools import cache
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from msgspec.structs import replace

from shared.fhir.fact import Name, Person
from shared.fhir.lens import EMPTY
from shared.fhir.project import project
from shared.message.lint.samples import SampleLinks, whole
from shared.message.policy import Policy
from shared.message.recipient import Recipient
from shared.message.render import CompiledTemplate, Rendered, compile_template, render_message
from shared.message.scene import Scene
from shared.message.segments_sms import sms_size
from shared.message.template import parse_template
from tests.unit.message.kit import APPOINTMENT, PERSON, POLICY, record

ROOT = Path(__file__).parents[3]
FILES = sorted((ROOT / "definitions/templates").glob("*.yaml"))
DATA = Path(os.environ.get("HEARTHLINE_DATA", ROOT.parent / "shared" / "data"))
PATIENTS = DATA / "synthea" / "Patient.ndjson.gz"
LONGEST_SMS = 306
"""Two SMS of GSM-7 characters (2 x 153)."""
VALUES = {"text": "How was it?", "choices": "1 Good, 2 Bad", "title": "Your visit", "survey": "e|s"}
MOTHER = Recipient("RelatedPerson/m", (Name("usual", "Lopez", ("Rosa",)),), (), (), (), "MTH")


@cache
def compiled(path: Path) -> CompiledTemplate:
    """Compile a template that ships."""
    return compile_template(parse_template(yaml.safe_load(path.read_text("utf-8")), path.name))


def written(path: Path) -> list[tuple[str, str]]:
    """Return each channel and language that a template is written in."""
    parts = compiled(path).parts
    return [(channel, language) for channel in parts for language in parts[channel]]


def people() -> list[Person]:
    """Return ten patients of Synthea; where there are none, ten by hand."""
    if not PATIENTS.is_file():
        names = ("Ana", "Bob", "Çelik", "Zoë", "Nguyễn", "O'Neil", "X Æ", "Jean-Luc", "Li", "Maximiliana")
        return [
            Person(f"p{n}", names=(Name("official", "Lopez", (given,)),)) for n, given in enumerate(names)
        ]
    found = []
    with gzip.open(PATIENTS) as lines:
        for line in islice(lines, 10):
            content = project(json.loads(line), ZoneInfo("America/New_York"), EMPTY)
            assert content is not None
            assert isinstance(content.content, Person)
            found.append(content.content)
    return found


PEOPLE = people()


def assert_reads_well(made: Rendered, channel: str) -> None:
    words = f"{made.subject}\n{made.text}"
    assert not {"{", "}", "None"} & set(words.split())
    assert re.findall(r"  |\s[.,;:!?](?=\s|$)|\(\)", words) == []
    assert bool(made.subject) == (channel in ("email", "push"))
    assert made.text


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_reads_well_with_everything_and_with_nothing(path: Path) -> None:
    for channel, language in written(path):
        bare_person = record(replace(PERSON, names=()))
        full = Scene(record(), APPOINTMENT, "j|1", language, POLICY, values=VALUES)
        scenes = (
            full,
            replace(full, record=bare_person, focus=replace(APPOINTMENT, attributes={}), policy=Policy()),
        )
        for scene in scenes:
            made = render_message(compiled(path), channel, scene)
            assert_reads_well(made, channel)
            if channel == "sms":
                assert len(made.text) <= LONGEST_SMS


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_reads_well_for_ten_patients(path: Path) -> None:
    """As an organisation with everything would send it, to themselves and to the mother."""
    policy = whole(Policy())
    for channel, language in written(path):
        for person in PEOPLE:
            held = record(person)
            scene = Scene(
                held, APPOINTMENT, "j|1", language, policy, values=VALUES, linker=SampleLinks(policy)
            )
            for each in (scene, replace(scene, recipient=MOTHER)):
                made = render_message(compiled(path), channel, each)
                assert_reads_well(made, channel)
                assert sms_size(made.text).segments <= 4 or channel != "sms"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_whom_it_greets(path: Path) -> None:
    """Who reads is greeted, and told whom it is about: a mother is never taken for her child."""
    for channel, language in written(path):
        scene = Scene(record(), APPOINTMENT, "j|1", language, POLICY, recipient=MOTHER, values=VALUES)
        text = render_message(compiled(path), channel, scene).text
        assert not re.search(r"(?:Hello|Hola|Guten Tag|Thank you|Gracias|Vielen Dank)[, ]+Ana", text)
        if "patient.given" in path.read_text("utf-8"):
            assert "Ana" in text


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_family_is_told_of_each_of_its_own(path: Path) -> None:
    for channel, language in written(path):
        if compiled(path).bundles(channel, language):
            scene = Scene(
                record(), None, "j|1", language, POLICY, recipient=MOTHER, bundle=("Ana", "Leo", "Mia")
            )
            text = render_message(compiled(path), channel, scene).text
            assert all(name in text for name in scene.bundle)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_everyone_can_say_no_to_its_topic(path: Path) -> None:
    """What a journey begins with names a topic; answers to what somebody wrote need none."""
    definition = parse_template(yaml.safe_load(path.read_text("utf-8")), path.name)
    assert definition.topic or definition.urgent or definition.url.rpartition("/")[2].startswith("reply-")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_german_says_sie(path: Path) -> None:
    for channel, language in written(path):
        if language == "de":
            scene = Scene(record(), APPOINTMENT, "j|1", "de", POLICY, values=VALUES)
            text = render_message(compiled(path), channel, scene).text
            assert re.findall(r"\b(?:du|dich|dir|dein\w*|euch|hast|bist)\b", text, re.IGNORECASE) == []
