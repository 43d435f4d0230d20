"""The `hearthline` command: one file per subcommand, gathered here."""

from __future__ import annotations

import typer

from cli.analytics import analytics
from cli.audit import audit
from cli.backup import backup
from cli.campaign import campaign
from cli.clock import clock
from cli.columns import columns
from cli.consent import consent
from cli.enrolment import enrolment
from cli.event import event
from cli.evidence import evidence
from cli.journey import journey
from cli.letters import letters
from cli.message import message
from cli.move_queues import move_queues
from cli.operations import operations
from cli.poison import poison
from cli.population import population
from cli.privacy import privacy
from cli.publish import publish
from cli.questionnaire import questionnaire
from cli.recover import recover
from cli.replay import replay
from cli.run import run
from cli.segment import segment
from cli.sending import sending
from cli.sources import sources
from cli.take_in import take_in
from cli.template import template
from cli.token import token
from cli.up import up

app = typer.Typer(
    name="hearthline",
    help="FHIR-native patient outreach on Azure Functions.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(up)
app.command()(run)
app.command()(clock)
app.command()(token)
app.command()(publish)
app.command()(population)
app.command("take-in")(take_in)
app.add_typer(audit, name="audit")
app.command()(recover)
app.command()(replay)
app.command()(sending)
app.command()(event)
app.add_typer(segment, name="segment")
app.add_typer(journey, name="journey")
app.add_typer(campaign, name="campaign")
app.add_typer(enrolment, name="enrolment")
app.add_typer(message, name="message")
app.add_typer(columns, name="columns")
app.add_typer(analytics, name="analytics")
app.add_typer(evidence, name="evidence")
app.add_typer(privacy, name="privacy")
app.add_typer(consent, name="consent")
app.add_typer(template, name="template")
app.add_typer(questionnaire, name="questionnaire")
app.add_typer(letters, name="letters")
app.add_typer(poison, name="poison")
app.add_typer(operations, name="operations")
app.add_typer(sources, name="sources")
app.command("move-queues")(move_queues)
app.add_typer(backup, name="backup")


@app.callback()
def main() -> None:
    """Hearthline on this machine."""


if __name__ == "__main__":
    app(prog_name="hearthline")
