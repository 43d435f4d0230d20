"""docs/templates.md: its tables are the code's, its example renders."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import yaml

from cli.template import template as cli
from shared.message.fields import FIELDS, Scene
from shared.message.lint.check import errors, lint
from shared.message.policy import Policy
from shared.message.render import compile_template, render_message
from shared.message.sandbox import FILTERS, TAGS
from shared.message.template import Channels, TemplateDefinition, parse_template
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


def test_every_channel_has_its_row_with_all_its_parts() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+?) \| .+ \|$", PAGE, re.MULTILINE))
    shown = {channel: set(re.findall(r"`(\w+)`", cell)) for channel, cell in rows.items()}
    contents = {name: get_args(field.annotation)[0] for name, field in Channels.model_fields.items()}
    assert shown == {name: set(content.model_fields) for name, content in contents.items()}


def test_every_example_is_a_sound_template_that_lint_finds_no_error_in() -> None:
    policy = Policy(hosts=frozenset({"example.org"}))
    for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL):
        template = parse_template(yaml.safe_load(block), "docs/templates.md")
        assert [str(each) for each in errors(lint(template, policy)) if "who writes" not in each.what] == []


def test_every_command_is_on_the_page() -> None:
    shown = set(re.findall(r"^hearthline template (\w+)", PAGE, re.MULTILINE))
    commands = {c.name or getattr(c.callback, "__name__", "") for c in cli.registered_commands}
    assert commands - shown == {"reject"}
    assert "`reject`" in PAGE


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
