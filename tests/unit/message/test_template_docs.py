"""docs/templates.md: its tables are the code's, its example renders."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from shared.message.fields import FIELDS, Scene
from shared.message.render import compile_template, render_message
from shared.message.sandbox import FILTERS, TAGS
from shared.message.template import TemplateDefinition, parse_template
from tests.unit.message.kit import APPOINTMENT, POLICY, record

PAGE = (Path(__file__).parents[3] / "docs/templates.md").read_text(encoding="utf-8")


def named(line: str) -> set[str]:
    found = re.search(rf"^{line}: (.*)\.$", PAGE, re.MULTILINE)
    assert found
    return set(re.findall(r"`([^`]+)`", found[1]))


def test_the_table_lists_every_field_and_none_else() -> None:
    rows = dict(re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \| (.*) \|$", PAGE, re.MULTILINE))
    assert rows == {f"{o}.{f}": field.says for o, fields in FIELDS.items() for f, field in fields.items()}


def test_tags_and_filters_are_listed() -> None:
    assert named("Tags") == TAGS - {"content", "output", "illegal"}
    assert named("Filters") == FILTERS


def test_every_key_of_a_template_is_on_the_page() -> None:
    assert not [
        name for name in TemplateDefinition.model_fields if name not in PAGE and name != "description"
    ]


def test_the_example_renders() -> None:
    block = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert block
    template = compile_template(parse_template(yaml.safe_load(block[1]), "docs/templates.md"))
    scene = Scene(record(), APPOINTMENT, "j|1", "es", POLICY)
    assert (
        render_message(template, "sms", scene).text
        == "Hola Ana, su cita es el miércoles, 4 de marzo (10:00 a.m.)."
    )
    english = render_message(template, "email", Scene(record(), APPOINTMENT, "j|1", "en", POLICY))
    assert english.subject == "Your appointment on Wednesday, March 4"
    assert english.text == "Dear Ana Lopez,\nyou are booked for Wednesday, March 4, 2026 at Harbour House."
