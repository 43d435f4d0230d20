"""`hearthline publish`: put definitions in force, and have every patient looked at with them."""

from __future__ import annotations

import json as json_text
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.calling import Admin, by_api
from cli.chosen import SettingsFile
from cli.definitions import SHIPPED, read_definitions
from cli.population import follow_run, show_run
from shared.catalogue import Document
from shared.errors import HearthlineError, Rejected

Folder = Annotated[
    Path, typer.Argument(help="With segments/, journeys/, templates/ and valuesets/; what ships without it.")
]
Wait = Annotated[bool, typer.Option("--wait", help="Return only when every patient was looked at.")]
Shards = Annotated[
    int | None,
    typer.Option(
        "--shards",
        min=1,
        max=1000,
        help="Into how many parts the patients fall; by their number if not given.",
    ),
]
Approved = Annotated[
    bool, typer.Option("--approved-only", help="No template that nobody approved; marketing never without.")
]
Lint = Annotated[bool, typer.Option("--lint", help="No template in which lint finds errors.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object.")]

MOST_BYTES = 3 * 1024 * 1024
"""That are sent at once: the API takes 4 MiB."""


def publish(
    folder: Folder = SHIPPED,
    settings_file: SettingsFile = None,
    wait: Wait = False,
    shards: Shards = None,
    approved_only: Approved = False,
    lint: Lint = False,
    json: Json = False,
) -> None:
    """Publish a folder of definitions; a version that is published already stays as it is."""
    console = Console()
    documents = _read(folder)
    gates = {"approved_only": approved_only, "linted": lint, "shards": shards}

    async def calls(admin: Admin) -> tuple[dict[str, Any], Any]:
        told = await _publish(admin, documents, gates)
        wanted = told["population"] if wait else ""
        return told, await follow_run(admin, wanted, Console(stderr=json)) if wanted else None

    told, run = by_api(settings_file, calls)
    if json:
        typer.echo(json_text.dumps({**told, "run": run}))
        return
    for each in told["read"]:
        console.print(f"read from the FHIR server: {_name(each)}", highlight=False, soft_wrap=True)
    for each in told["added"]:
        console.print(f"published {_name(each)}", highlight=False, soft_wrap=True)
    offered = len(documents) + len(told["read"])
    console.print(
        f"{len(told['added'])} of {offered} were new; {_said(told)}.", highlight=False, soft_wrap=True
    )
    if run is not None:
        show_run(console, run)


def _read(folder: Path) -> tuple[Document, ...]:
    try:
        documents = read_definitions(folder)
        if not documents:
            raise Rejected(f"{folder}: there are no definitions in it")
    except (HearthlineError, OSError) as problem:
        Console(stderr=True).print(str(problem), style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    return documents


async def _publish(admin: Admin, documents: Sequence[Document], gates: dict[str, Any]) -> dict[str, Any]:
    """Publish documents together, in several calls only where they are too large for one."""
    told: dict[str, Any] = {"added": [], "read": []}
    for some in batches(documents):
        body = {**gates, "documents": [_offered(each) for each in some]}
        found = (await admin.call("POST", "/publications", body)).json()
        told = {**found, **{name: [*told[name], *found[name]] for name in ("added", "read")}}
    return told


def batches(documents: Sequence[Document], most: int = MOST_BYTES) -> Iterator[Sequence[Document]]:
    """Yield documents as they are sent: all together where that is small enough.

    Else value sets and lists go first, which lean on nothing, and what may refer to each other goes together.
    """
    if sum(map(_size, documents)) <= most:
        yield documents
        return
    some: list[Document] = []
    for each in (document for document in documents if document.kind in _LEANING_ON_NOTHING):
        if some and sum(map(_size, some)) + _size(each) > most:
            yield some
            some = []
        some.append(each)
    rest = [document for document in documents if document.kind not in _LEANING_ON_NOTHING]
    yield from (part for part in (some, rest) if part)


_LEANING_ON_NOTHING = ("valueset", "list")


def _size(document: Document) -> int:
    return len(json_text.dumps(_offered(document)))


def _offered(document: Document) -> dict[str, Any]:
    return {"kind": document.kind, "content": document.body, "where": document.where}


def _name(each: dict[str, Any]) -> str:
    return f"{each['kind']} {each['url']}|{each['version']}"


def _said(told: dict[str, Any]) -> str:
    if not told["added"] or told["population"] != told["publication"]:
        return "nobody need be looked at for them"
    return f"every patient is looked at (hearthline population {told['population']})"
