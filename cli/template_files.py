"""Finding templates in files and folders, and which of them a journey begins with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from msgspec import Struct

from cli.chosen import chosen
from cli.definitions import ENDINGS, SHIPPED, files_of
from cli.yaml_files import read_document
from shared.bootstrap import policy_of
from shared.errors import Invalid, Problem
from shared.message.policy import Policy
from shared.message.template import TemplateDefinition, parse_template

Places = Annotated[
    list[Path] | None, typer.Argument(help="Templates, YAML or JSON, or folders of them.", exists=True)
]
Shipped = Annotated[bool, typer.Option("--shipped", help="The templates that ship.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object.")]


class TemplateFile(Struct, frozen=True):
    """One file, as far as it can be read."""

    file: str
    template: TemplateDefinition | None = None
    problems: tuple[Problem, ...] = ()


def chosen_files(places: list[Path] | None, *, shipped: bool) -> list[Path]:
    """Return the files that a command was given. Raises FileNotFoundError, BadParameter for none."""
    wanted = [*(places or ()), *((SHIPPED,) if shipped else ())]
    if not wanted:
        raise typer.BadParameter("name files or folders, or --shipped")
    return files_of(wanted, "template")


def read_template(file: Path) -> TemplateDefinition:
    """Read one template. Raises Invalid, OSError."""
    return parse_template(read_body(file), str(file))


def read_body(file: Path) -> dict[str, Any]:
    """Read a file unchecked. Raises Invalid for what is no mapping; OSError."""
    return read_document(file, "a template", "a mapping with url, version, title and channels")


def look_at(file: Path) -> TemplateFile:
    """Read one template, or say what is wrong with it."""
    try:
        return TemplateFile(str(file), read_template(file))
    except Invalid as invalid:
        return TemplateFile(str(file), problems=invalid.problems)
    except OSError as error:
        problem = Problem(str(file), f"cannot be read: {error.strerror}", "a file")
        return TemplateFile(str(file), problems=(problem,))


def first_templates(files: Iterable[Path]) -> frozenset[str]:
    """Return the urls of the templates that some journey beside these files begins with."""
    folders = {file.resolve().parent.parent / "journeys" for file in files}
    return frozenset(url for folder in folders if folder.is_dir() for url in _first_of(folder))


def _first_of(folder: Path) -> Iterator[str]:
    for file in sorted(folder.iterdir()):
        try:
            steps = read_document(file).get("steps") if file.suffix in ENDINGS else None
        except (Invalid, OSError):
            continue  # what is wrong with journeys is told by `journey check`
        sent = (step["template"] for step in steps or () if isinstance(step, dict) and "template" in step)
        yield from (str(url).partition("|")[0] for url in list(sent)[:1])


def policy_for(settings_file: Path | None) -> Policy:
    """Return the policy of a deployment, or that of nobody in particular. Raises Invalid, OSError."""
    return Policy() if settings_file is None else policy_of(chosen(settings_file))
