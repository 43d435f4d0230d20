"""`hearthline template check | lint`: tell an author all that is wrong with templates, before publishing."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import msgspec
import typer
from msgspec import Struct
from rich.console import Console

from cli.chosen import SettingsFile
from cli.template_files import (
    Json,
    Places,
    Shipped,
    TemplateFile,
    chosen_files,
    first_templates,
    look_at,
    policy_for,
)
from shared.errors import HearthlineError, Problem
from shared.message.lint.check import lint
from shared.message.lint.finding import Finding
from shared.message.policy import Policy


class Linted(Struct, frozen=True):
    """What there is to say of one file."""

    file: str
    template: str
    """Canonical "url|version", once the file can be read as far."""
    problems: tuple[Problem, ...]
    """Why it is no template."""
    findings: tuple[Finding, ...] = ()

    @property
    def errors(self) -> int:
        """Return how many keep it from being published."""
        return len(self.problems) + sum(each.level == "error" for each in self.findings)


def check(places: Places = None, shipped: Shipped = False, json: Json = False) -> None:
    """Check that templates can be compiled; exit status 1 if any has a mistake."""
    found = [_linted(look_at(file), None, first=False) for file in _files(places, shipped=shipped)]
    _tell(found, json=json)


def lint_templates(
    places: Places = None, shipped: Shipped = False, json: Json = False, settings_file: SettingsFile = None
) -> None:
    """Check what templates say, as the organisation of --settings would send it; exit status 1 on errors."""
    files = _files(places, shipped=shipped)
    try:
        policy = policy_for(settings_file)
    except (HearthlineError, OSError) as problem:
        _fail(str(problem))
    beginning = first_templates(files)
    read = [look_at(file) for file in files]
    found = [_linted(each, policy, first=_url(each) in beginning) for each in read]
    _tell(found, json=json)


def _files(places: list[Path] | None, *, shipped: bool) -> list[Path]:
    try:
        return chosen_files(places, shipped=shipped)
    except OSError as problem:
        _fail(str(problem))


def _fail(told: str) -> NoReturn:
    Console(stderr=True, soft_wrap=True).print(told, style="red", markup=False, highlight=False)
    raise typer.Exit(1) from None


def _url(read: TemplateFile) -> str:
    return read.template.url if read.template is not None else ""


def _linted(read: TemplateFile, policy: Policy | None, *, first: bool) -> Linted:
    if read.template is None:
        return Linted(read.file, "", read.problems)
    findings = lint(read.template, policy, first=first) if policy is not None else ()
    return Linted(read.file, read.template.canonical, (), findings)


def _tell(found: list[Linted], *, json: bool) -> None:
    errors = sum(each.errors for each in found)
    if json:
        told = {"sound": not errors, "files": found}
        typer.echo(msgspec.json.format(msgspec.json.encode(told), indent=2).decode())
    else:
        _print(found, errors)
    if errors:
        raise typer.Exit(1)


def _print(found: list[Linted], errors: int) -> None:
    console = Console(soft_wrap=True, highlight=False)
    for each in found:
        for problem in each.problems:
            console.print(str(problem), style="red", markup=False)
        for finding in each.findings:
            tail, style = ("", "red") if finding.level == "error" else (" - a warning", "yellow")
            console.print(f"{each.file}: {finding}{tail}", style=style, markup=False)
    warnings = sum(len(each.findings) + len(each.problems) for each in found) - errors
    counted = (_count(len(found), "template"), _count(errors, "error"), _count(warnings, "warning"))
    console.print(f"{counted[0]}: {counted[1]}, {counted[2]}.")


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"
