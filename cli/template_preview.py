"""`hearthline template preview`: what one patient would read, in every channel and language."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from msgspec.structs import replace
from rich.console import Console

from cli.chosen import SettingsFile
from cli.segment_options import AsOf, Zone, instant
from cli.segment_population import Population
from cli.template_files import policy_for, read_template
from cli.template_page import page
from cli.template_rendering import text_lines
from cli.working import on_deployment
from shared.config import Settings
from shared.errors import HearthlineError, Rejected
from shared.fhir.lens import EMPTY
from shared.message.lint.samples import whole
from shared.message.policy import Policy
from shared.patient.record import PatientRecord, patient_key
from shared.usecases.known import known
from shared.usecases.services import Services
from shared.usecases.templates.rendering import Wanted, render_all

File = Annotated[Path, typer.Argument(help="The template, YAML or JSON.", exists=True, dir_okay=False)]
Patient = Annotated[str, typer.Option("--patient", help="FHIR id; of --data the first without it.")]
Source = Annotated[
    Path | None,
    typer.Option("--data", "--ndjson", help="Files of resources; the running store without it.", exists=True),
]
Languages = Annotated[str, typer.Option("--language", help="One, or all; the recipient's own without it.")]
Channels = Annotated[list[str], typer.Option("--channel", help="Only this one; may be repeated.")]
To = Annotated[str, typer.Option("--to", help="Who reads it in the patient's place: RelatedPerson/1.")]
Focus = Annotated[
    str, typer.Option("--focus", help="What it is about: Appointment/1; the next appointment without it.")
]
Html = Annotated[Path | None, typer.Option("--html", help="Write a page with all of it.", dir_okay=False)]


def preview(
    file: File,
    patient: Patient = "",
    data: Source = None,
    language: Languages = "",
    channel: Channels = [],  # noqa: B006 - typer's way
    to: To = "",
    focus: Focus = "",
    html: Html = None,
    as_of: AsOf = "",
    zone: Zone = "UTC",
    settings_file: SettingsFile = None,
) -> None:
    """Render a template for a patient; what cannot be rendered is shown with the reason."""
    now = instant(as_of, zone)
    try:
        template = read_template(file)
        policy = _policy(settings_file, zone)
        record = _from_files(data, patient, zone) if data is not None else _from_store(settings_file, patient)
        made = render_all(template, record, policy, now, Wanted(language, tuple(channel), to, focus))
    except (HearthlineError, OSError) as problem:
        Console(stderr=True, soft_wrap=True).print(str(problem), style="red", markup=False, highlight=False)
        raise typer.Exit(1) from None
    for line in text_lines(made):
        typer.echo(line)
    if html is not None:
        html.write_text(page(template, made), encoding="utf-8")


def _policy(settings_file: Path | None, zone: str) -> Policy:
    """Return the organisation's policy; without settings a made-up organisation's."""
    chosen = policy_for(settings_file)
    return whole(replace(chosen, zone=zone)) if settings_file is None else chosen


def _from_files(data: Path, patient: str, zone: str) -> PatientRecord:
    """Read the patient of these files. Raises Rejected for one who is not in them."""
    population = Population(ZoneInfo(zone), EMPTY)
    told = Console(stderr=True, soft_wrap=True)
    population.read(data, lambda problem: told.print(problem, style="yellow", markup=False))
    found = next((r for r in population.records() if patient in ("", r.patient_id)), None)
    if found is None:
        raise Rejected(f"{data}: there is no patient{f' {patient}' if patient else ''}", "no-patient")
    return found


def _from_store(settings_file: Path | None, patient: str) -> PatientRecord:
    if not patient:
        raise Rejected("name the patient: --patient ID, or files: --data", "no-patient")

    async def work(services: Services, _: Settings) -> PatientRecord:
        return (await known(services, patient_key(patient.removeprefix("Patient/")))).record

    return on_deployment(settings_file, work)
