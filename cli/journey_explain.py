"""`hearthline journey explain`: one patient's future in a journey, step by step, with the reasons."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
import typer
from rich.console import Console
from rich.text import Text

from cli.journey_files import Folders, JourneyFile
from cli.simulation_bars import bar
from cli.simulation_options import (
    Arrivals,
    Assume,
    AssumptionsFile,
    Data,
    Enrol,
    For,
    From,
    Region,
    Seed,
    SettingsFile,
    Zone,
    asked,
    supposed,
)
from cli.simulation_source import source
from shared.errors import HearthlineError, Rejected
from shared.fhir.instants import iso, to_datetime
from shared.patient.record import patient_key
from shared.usecases.simulation.explaining import Future, explain
from shared.usecases.simulation.stage import Plan

Patient = Annotated[str, typer.Option("--patient", help="FHIR id of the patient.")]


def explain_patient(
    file: JourneyFile,
    patient: Patient,
    data: Data = None,
    start: From = "",
    length: For = "P90D",
    definitions: Folders = [],  # noqa: B006 - typer's way
    assume: Assume = [],  # noqa: B006 - typer's way
    assumptions: AssumptionsFile = None,
    seed: Seed = "",
    zone: Zone = "UTC",
    region: Region = "US",
    arrivals: Arrivals = "none",
    enrol: Enrol = "",
    settings_file: SettingsFile = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Tell what would happen to one patient, and why; nothing is written, nobody is told anything."""
    errors = Console(stderr=True, soft_wrap=True)
    warn = lambda words: errors.print(words, style="yellow", markup=False)  # noqa: E731 - a callback
    try:
        assumed = supposed(assumptions, assume, [], seed, "")
        wanted = asked(
            definitions, data, settings_file, zone, region, arrivals, start, length, assumed, enrol
        )
        with bar(errors) as shown:
            found = source((file,), wanted, shown.say, warn)
            plan, progress = found.plans[0], shown.counting("looking for the patient", found.total)
            future = explain(found.parcels, plan, patient_key(patient), progress)
        if future is None:
            raise Rejected("there is no such patient")
    except (HearthlineError, OSError) as problem:
        errors.print(str(problem), style="red", markup=False, highlight=False)
        raise typer.Exit(1) from None
    if json:
        typer.echo(_json(patient, plan, future))
    else:
        _print(patient, plan, future)


def _print(patient: str, plan: Plan, future: Future) -> None:
    console = Console(highlight=False, soft_wrap=True)
    zone = ZoneInfo(plan.policy.zone)
    console.print(
        Text(f"Patient/{patient}, {iso(plan.start)} to {iso(plan.end)}, by the clock of {zone.key}")
    )
    for moment in future.moments:
        clock = to_datetime(moment.at, zone).strftime("%Y-%m-%d %H:%M")
        console.print(Text(f"{clock}  {moment.kind:8}  {moment.text}", style=_STYLES.get(moment.kind, "")))
    if not future.moments:
        console.print("Nothing happens.")
    for line in future.standing:
        console.print(Text(f"In the end in {line}"))


_STYLES = {"supposed": "dim italic", "sends": "green", "asks": "green", "fault": "red"}


def _json(patient: str, plan: Plan, future: Future) -> str:
    moments = [{**msgspec.structs.asdict(m), "at": iso(m.at)} for m in future.moments]
    told = {"patient": patient, "start": iso(plan.start), "end": iso(plan.end), "moments": moments}
    return msgspec.json.encode({**told, "standing": future.standing}).decode()
