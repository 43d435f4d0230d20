"""`hearthline replay`: put the events of dead-letter blobs, fetched into files, back onto the queue."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.calling import Admin, by_api
from cli.chosen import SettingsFile
from shared.errors import Rejected
from shared.fhir.dead_letter import Undelivered, read_dead_letters
from shared.fhir.notification import Heard
from shared.fhir.strict_json import decode
from shared.usecases.replay import LIMITS, Replayed

Files = Annotated[
    list[Path], typer.Argument(help="Dead-letter blobs, or folders of them (*.json).", exists=True)
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, a list of files.")]

BYTES, EVENTS = 2 * 1024 * 1024, 2000
"""Of one request, at most: the API takes some more."""


def replay(files: Files, settings_file: SettingsFile = None, as_json: Json = False) -> None:
    """Replay events that Event Grid gave up; to do it twice changes nothing more."""
    console = Console()
    outcomes = by_api(settings_file, lambda admin: _replay_all(admin, list(_blobs(files))))
    queued = sum(outcome.queued for _, outcome in outcomes if isinstance(outcome, Replayed))
    refused = sum(isinstance(outcome, Rejected) for _, outcome in outcomes)
    if as_json:
        typer.echo(json.dumps([_said(*each) for each in outcomes]))
    else:
        console.print(_table(outcomes))
        console.print(f"{queued} changes queued from {len(outcomes) - refused} of {len(outcomes)} files.")
    raise typer.Exit(1 if refused or not outcomes else 0)


type Outcome = tuple[Path, Replayed | Rejected]


def _blobs(places: Sequence[Path]) -> Iterator[Path]:
    for place in places:
        yield from sorted(place.rglob("*.json")) if place.is_dir() else (place,)


async def _replay_all(admin: Admin, files: Sequence[Path]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for path in files:
        blob = await asyncio.to_thread(path.read_bytes)
        try:
            outcomes.append((path, await _replay(admin, blob)))
        except Rejected as rejected:
            outcomes.append((path, rejected))
    return outcomes


async def _replay(admin: Admin, blob: bytes) -> Replayed:
    """Send the events of a file, some at once. Raises Rejected for what is no such file, Refused."""
    found = read_dead_letters(blob, LIMITS)
    if not isinstance(found.parsed, Heard):
        raise Rejected("a handshake, not events that were given up", "not-a-dead-letter")
    queued = 0
    for events in _some(decode(blob, LIMITS.depth)):
        answer = await admin.call("POST", "/dead-letters/replay", {"events": events})
        queued += answer.json()["queued"]
    return Replayed(len(found.letters), queued, found.parsed.ignored, _reasons(found))


def _some(events: Any) -> Iterator[list[Any]]:
    """Cut events into requests."""
    part: list[Any] = []
    size = 0
    for event in events if isinstance(events, list) else [events]:
        length = len(orjson.dumps(event))
        if part and (size + length > BYTES or len(part) == EVENTS):
            yield part
            part, size = [], 0
        part.append(event)
        size += length
    yield part


def _reasons(found: Undelivered) -> tuple[tuple[str, int], ...]:
    return tuple(Counter(letter.reason for letter in found.letters if letter.reason).most_common())


def _said(path: Path, outcome: Replayed | Rejected) -> dict[str, Any]:
    if isinstance(outcome, Rejected):
        return {"file": path.name, "problem": outcome.reason}
    ignored = [{"code": each.code, "reason": each.reason} for each in outcome.ignored]
    counts = {"events": outcome.events, "queued": outcome.queued}
    return {"file": path.name, **counts, "ignored": ignored, "reasons": dict(outcome.reasons)}


def _table(outcomes: Sequence[Outcome]) -> Table:
    table = Table("file", "events", "queued", "why they were given up")
    for path, outcome in outcomes:
        if isinstance(outcome, Rejected):
            table.add_row(path.name, "", "", Text(f"not replayed: {outcome.reason}", "red"))
            continue
        reasons = [f"{reason}: {count}" for reason, count in outcome.reasons]
        reasons += [f"not queued: {ignored.reason}" for ignored in outcome.ignored]
        table.add_row(path.name, str(outcome.events), str(outcome.queued), Text("\n".join(reasons)))
    return table
