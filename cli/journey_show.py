"""`hearthline journey show`: a journey as people read it, in the terminal or as a diagram."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from cli.journey_files import JourneyFile, read_journey
from shared.errors import HearthlineError
from shared.journey.definition import JourneyDefinition, parse_journey
from shared.journey.diagram.graph import Edge, Graph, graph
from shared.journey.diagram.svg import svg
from shared.journey.outline import outline

Svg = Annotated[str, typer.Option("--svg", help="Write a diagram into this file; - is the standard output.")]


def show(file: JourneyFile, svg_file: Svg = "") -> None:
    """Show a journey: who gets in, what each step does and where it leads, how people get out."""
    errors = Console(stderr=True, soft_wrap=True, highlight=False)
    try:
        journey = parse_journey(read_journey(file), str(file))
        if svg_file == "-":
            typer.echo(svg(journey), nl=False)
        elif svg_file:
            Path(svg_file).write_text(svg(journey), encoding="utf-8")
            errors.print(f"wrote {svg_file}", markup=False)
        else:
            _print(journey)
    except (HearthlineError, OSError) as problem:
        errors.print(str(problem), style="red", markup=False)
        raise typer.Exit(1) from None


def _print(journey: JourneyDefinition) -> None:
    console = Console(highlight=False)
    console.print(Text(journey.title, "bold"))
    console.print(Text(journey.canonical, "dim"), soft_wrap=True)
    if journey.description:
        console.print(Text(journey.description))
    console.print()
    for line in outline(journey):
        console.print(Text.assemble((f"{line.label:<12}", "dim"), line.text), soft_wrap=True)
    console.print()
    for step in listed(graph(journey)):
        console.print(step, soft_wrap=True)


def listed(meant: Graph) -> Iterator[Text]:
    """Walk the steps in the author's order, each with the ways out of it; an arrow up leads back."""
    steps = [node for node in meant.nodes if node.step]
    place = {node.key: n for n, node in enumerate(steps, 1)}
    widest = max((len(node.step) for node in steps), default=0)
    for node in steps:
        n = place[node.key]
        yield Text.assemble(
            (f"{n:>3}  ", "dim"), (f"{node.step:<{widest}}  ", "cyan"), (node.heading, "bold")
        )
        if node.detail:
            yield Text(f"{'':{widest + 7}}{node.detail}")
        out = [edge for edge in meant.edges if edge.source == node.key]
        yield from (
            Text.assemble(" " * (widest + 7), *_way(edge, place)) for edge in out if _worth(edge, n, place)
        )


def _worth(edge: Edge, n: int, place: dict[str, int]) -> bool:
    """Leave out what goes without saying: that the next in the list follows."""
    return bool(edge.label) or place.get(edge.target) != n + 1


def _way(edge: Edge, place: dict[str, int]) -> Iterator[tuple[str, str]]:
    back = place.get(edge.target, len(place) + 1) <= place[edge.source]
    if edge.label:
        yield f"{edge.label} ", "dim"
    yield ("↑ " if back else "→ "), "dim"
    yield (edge.target, "cyan") if edge.target in place else ("complete", "green")
