"""`hearthline questionnaire check`: tell an author what cannot be asked, and how all else is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.definitions import SHIPPED
from cli.yaml_files import read_document
from shared.errors import Invalid
from shared.fhir.wording import Wording
from shared.journey.survey.questionnaire import Item, Questionnaire, shown
from shared.journey.survey.reading import parse_questionnaire
from shared.journey.survey.scoring import categories
from shared.journey.survey.wording import question_values

Files = Annotated[
    list[Path],
    typer.Argument(help="Questionnaires as FHIR R4 resources, JSON or YAML; what ships without any."),
]
Show = Annotated[bool, typer.Option("--show", help="Print the questions as text messages ask them.")]


def check(files: Files = [], show: Show = False) -> None:  # noqa: B006 - typer's way
    """Check questionnaire files; exit status 1 if any has a mistake, each told with its place."""
    console = Console(soft_wrap=True)
    wrong = 0
    for file in files or sorted((SHIPPED / "questionnaires").glob("*.json")):
        try:
            found = parse_questionnaire(read_document(file, "a Questionnaire", "a FHIR resource"), str(file))
        except (Invalid, OSError) as problem:
            wrong += 1
            console.print(str(problem), style="red", markup=False, highlight=False)
            continue
        console.print(f"{file}: {_sound(found)}", markup=False, highlight=False)
        for language, missing in _untranslated(found):
            text = f"{file}: {missing} of its texts are not in {language} - a warning"
            console.print(text, style="yellow", markup=False, highlight=False)
        for line in _questions(found) if show else ():
            console.print(line, markup=False, highlight=False)
    if wrong:
        raise typer.Exit(1)


def _sound(found: Questionnaire) -> str:
    count = sum(1 for _ in found.questions)
    questions = f"{count} question{'' if count == 1 else 's'} in {', '.join(found.languages)}"
    words = ", ".join(categories(found))
    return f"{found.canonical} is sound; {questions}; comes to {words}."


def _untranslated(found: Questionnaire) -> Iterator[tuple[str, int]]:
    wordings = [found.title, *(each for item in found.items for each in _wordings(item))]
    for language in found.languages:
        missing = sum(1 for each in wordings if each and language not in each)
        if missing:
            yield language, missing


def _wordings(item: Item) -> Iterator[Wording]:
    yield item.wording
    yield from (option.wording for option in item.options if len(option.wording) > 1)
    for inner in item.items:
        yield from _wordings(inner)


def _questions(found: Questionnaire) -> Iterator[str]:
    """Say the questions that are asked where nothing is answered yet, in every language."""
    for language in found.languages:
        yield f"  {language}:"
        for each in shown(found, {}):
            values = question_values(found, each, (language,))
            yield "    " + f"{values['text']}\n{values['choices']}".replace("\n", "\n    ")
