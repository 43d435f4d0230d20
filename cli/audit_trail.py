"""`hearthline audit list|verify|export`: who read and changed what; the proof that all is there."""

from __future__ import annotations

import json as json_text
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.addressed import patient_at
from cli.calling import Admin, by_api
from cli.chosen import SettingsFile

Json = Annotated[bool, typer.Option("--json", help="As JSON, for other programs.")]
Asking = Annotated[str, typer.Option("--by", help="Who asks, as an opaque id: it is noted.")]
Outcome = Literal["begun", "done", "failed", "refused"]


def list_entries(
    patient: Annotated[str, typer.Option("--patient", help="About a patient, by FHIR id.")] = "",
    caller: Annotated[str, typer.Option("--caller", help="By somebody, as an opaque id.")] = "",
    operation: Annotated[str, typer.Option("--operation", help="Of one operation: getPatient.")] = "",
    outcome: Annotated[Outcome | None, typer.Option("--outcome", help="With one outcome.")] = None,
    glass: Annotated[bool, typer.Option("--glass", help="Only where the glass was broken.")] = False,
    since: Annotated[str, typer.Option("--since", help="From an instant on: 2026-03-01T00:00:00Z.")] = "",
    until: Annotated[str, typer.Option("--until", help="Before an instant.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many at most.")] = 50,
    by: Asking = "",
    as_json: Json = False,
    settings_file: SettingsFile = None,
) -> None:
    """List who read and changed what, the latest first."""
    given = {"by": caller, "operation": operation, "outcome": outcome, "since": since, "until": until}
    wanted = {name: value for name, value in given.items() if value}
    wanted |= {"glass": "true"} if glass else {}

    async def calls(admin: Admin) -> list[Any]:
        if patient:
            wanted["patient"] = patient_at(patient).rpartition("/")[2]
        found: list[Any] = []
        async for each in admin.pages("/audit", wanted):
            if len(found) == limit:
                break
            found.append(each)
        return found

    found = by_api(settings_file, calls, by)
    if as_json:
        typer.echo(json_text.dumps(found, ensure_ascii=False))
        return
    for each in found:
        typer.echo(_line(each))


def _line(entry: dict[str, Any]) -> str:
    about = " ".join(filter(None, (entry["patient"], *entry["about"])))
    marks = f"{' GLASS' if entry['glass'] else ''}{'' if entry['genuine'] else ' EDITED'}"
    head = f"{entry['at']}  {entry['lane']}:{entry['number']}  {entry['outcome']:7} {entry['operation']}"
    why = f" ({entry['why']})" if entry["why"] else ""
    return f"{head} by {entry['by']}{f' of {about}' if about else ''}{why}{marks}"


def verify(by: Asking = "", as_json: Json = False, settings_file: SettingsFile = None) -> None:
    """Prove that no entry was edited, moved or removed; 1 where one was."""
    found = _followed("/audit/verify", by, settings_file)
    if as_json:
        typer.echo(json_text.dumps(found))
    else:
        _show(found)
    raise typer.Exit(0 if found["sound"] else 1)


def export(by: Asking = "", as_json: Json = False, settings_file: SettingsFile = None) -> None:
    """Write what is new to the FHIR server, an AuditEvent for each entry."""
    found = _followed("/audit/export", by, settings_file)
    typer.echo(json_text.dumps(found) if as_json else f"{found['written']} entries written.")


def _followed(path: str, by: str, settings_file: SettingsFile) -> dict[str, Any]:
    async def calls(admin: Admin) -> dict[str, Any]:
        started = (await admin.call("POST", path)).json()
        return await admin.follow(started, Console(stderr=True))

    return by_api(settings_file, calls, by)


def _show(found: dict[str, Any]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    if found["fault"] is not None:
        fault = found["fault"]
        told = f"NOT SOUND: lane {fault['lane']}, entry {fault['number']}: {fault['what']}"
        console.print(told, style="red", markup=False)
        return
    table = Table("lane", "entries", "up to", "digest", "removed after years")
    for lane in found["lanes"]:
        head = lane["head"] or {"number": 0, "digest": ""}
        cells = (lane["lane"], lane["entries"], head["number"], head["digest"][:16], lane["pruned"])
        table.add_row(*(Text(str(cell)) for cell in cells))
    console.print(table)
    console.print(f"Sound: {found['entries']} entries. What the FHIR server was told: {found['fhir']}.")
    if found["fhir"] == "gone":
        console.print("The FHIR server was told how the trail stands, and knows it no more.", style="yellow")
    if found["unkeyed"]:
        told = f"{found['unkeyed']} of them were made without a key: whoever may write could have made them."
        console.print(told, style="yellow")
