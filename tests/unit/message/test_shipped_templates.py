"""Every template that ships, rendered in every language, with and without what may be missing."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from msgspec.structs import replace

from shared.message.fields import Scene
from shared.message.policy import Policy
from shared.message.render import compile_template, render_message
from shared.message.template import parse_template
from tests.unit.message.kit import APPOINTMENT, PERSON, POLICY, record

FILES = sorted((Path(__file__).parents[3] / "definitions/templates").glob("*.yaml"))
LONGEST_SMS = 306
"""Two SMS of GSM-7 characters (2 x 153)."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("channel", ["sms", "email"])
def test_it_reads_well_with_everything_and_with_nothing(path: Path, language: str, channel: str) -> None:
    template = compile_template(parse_template(yaml.safe_load(path.read_text("utf-8")), path.name))
    if channel not in template.parts:  # answers to an SMS go by SMS
        return
    bare_person = record(replace(PERSON, names=()))
    scenes = (
        Scene(record(), APPOINTMENT, "j|1", language, POLICY),
        Scene(bare_person, replace(APPOINTMENT, attributes={}), "j|1", language, Policy()),
    )
    for scene in scenes:
        done = render_message(template, channel, scene)
        words = f"{done.subject}\n{done.text}"
        assert not {"{", "}", "None"} & set(words.split())
        assert "  " not in words
        assert " ," not in words
        assert " ." not in words
        assert bool(done.subject) == (channel == "email")
        if channel == "sms":
            assert len(done.text) <= LONGEST_SMS
    greets = "patient.given" in str(yaml.safe_load(path.read_text("utf-8"))["channels"][channel])
    assert ("Ana" in render_message(template, channel, scenes[0]).text) == greets
