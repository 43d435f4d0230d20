"""docs/consent.md: its examples mean what it says, its commands parse, it knows all meanings and answers."""

from __future__ import annotations

import re
import shlex

import pytest
import typer.main

from cli.main import app
from shared.message.understanding.language import Meaning
from shared.message.understanding.understand import understand
from shared.patient.permission.consents import PURPOSE_OF
from tests.unit.docs.pages import DOCS, ROOT, blocks, table

PAGE = DOCS / "consent.md"
REPLIES = table(PAGE, "## Replies")
COMMANDS = [line for block in blocks(PAGE, "sh") for line in block.splitlines()]
EXAMPLES = [
    (phrase.strip(' "'), row[0].split(", "))
    for row in REPLIES
    for phrase in re.findall(r'"[^"]+"|[A-Z]{2,}[A-Z ]*', row[1])
]


@pytest.mark.parametrize(("phrase", "meanings"), EXAMPLES)
def test_replies_mean_what_it_says(phrase: str, meanings: list[str]) -> None:
    found = understand(phrase)
    assert found.meaning in meanings
    assert found.everywhere == ("everywhere" in meanings)
    assert found.more == ("and more" in meanings)


def test_every_meaning_is_there() -> None:
    told = {meaning for row in REPLIES for meaning in row[0].split(", ")}
    assert set(Meaning.__value__.__args__) <= told


def test_every_answer_is_named_and_ships() -> None:
    named = set(re.findall(r"`(reply-[a-z-]+)`", PAGE.read_text()))
    shipped = {path.stem for path in (ROOT / "definitions/templates").glob("reply-*.yaml")}
    assert named == shipped - {"reply-received"}


def test_purposes_of_use_are_those_of_the_code() -> None:
    rows = table(PAGE, "## FHIR Consent")
    for codes, purpose in (row for row in rows if not row[0].startswith("others")):
        assert {PURPOSE_OF[code.lower()] for code in codes.split(", ")} == {purpose}


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_parse(line: str) -> None:
    command = typer.main.get_command(app)
    words = shlex.split(line)[1:]
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    command.make_context("hearthline", words)
