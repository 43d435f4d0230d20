"""`hearthline questionnaire`: what authors do with questionnaires, gathered here."""

from __future__ import annotations

import typer

from cli.questionnaire_check import check

questionnaire = typer.Typer(help="Check questionnaires.", no_args_is_help=True)
questionnaire.command()(check)


@questionnaire.callback()
def main() -> None:
    """Keep `check` a command of its own, though there is but one."""
