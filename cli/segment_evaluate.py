"""`hearthline segment evaluate`: who is in a segment, of the patients in a folder of files, and why."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
import typer
from rich.console import Console

from cli.segment_files import compile_file, surroundings
from cli.segment_options import (
    AsOf,
    Data,
    Params,
    SegmentFile,
    SegmentFolders,
    ValueSetFiles,
    Zone,
    instant,
    parameters,
    spinner,
)
from cli.segment_population import Population
from shared.errors import HearthlineError
from shared.fhir.instants import Instant, iso
from shared.segment.compiled import CompiledSegment
from shared.segment.evaluation import Evaluation
from shared.segment.explanation import Explanation

_encode = msgspec.json.Encoder().encode


def evaluate(
    file: SegmentFile,
    data: Data,
    valuesets: ValueSetFiles = [],  # noqa: B006 - typer's way
    segments: SegmentFolders = [],  # noqa: B006 - typer's way
    as_of: AsOf = "",
    param: Params = [],  # noqa: B006 - typer's way
    zone: Zone = "UTC",
    explain: Annotated[bool, typer.Option(help="Every criterion, with the facts that decide.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line and patient.")] = False,
) -> None:
    """Evaluate a segment for every patient in files: member or not, until when, and why."""
    errors = Console(stderr=True, soft_wrap=True)
    now, given = instant(as_of, zone), parameters(param)
    report = lambda problem: errors.print(problem, style="yellow", markup=False)  # noqa: E731 - a callback
    try:
        around = surroundings([file], valuesets, zone, report, segments)
        segment, _ = compile_file(file, around, given)
        population = Population(ZoneInfo(zone), segment.criteria.lens)
        with spinner(errors) as bars:
            bars.add_task("reading the patients", total=None)
            population.read(data, report)
        members = _write(segment, population, now, explain, json)
    except BrokenPipeError:  # whoever reads has seen enough
        raise typer.Exit(0) from None
    except (HearthlineError, OSError) as problem:
        errors.print(str(problem), style="red", markup=False, highlight=False)
        raise typer.Exit(1) from None
    errors.print(f"{members} of {len(population)} patients are in {segment.canonical} as of {iso(now)}.")


def _write(segment: CompiledSegment, population: Population, now: Instant, explain: bool, json: bool) -> int:
    members = 0
    out = sys.stdout.buffer
    for record in population.records():
        evaluation = segment.evaluate(record, now)
        members += evaluation.member
        line = _json(evaluation, explain) if json else "\n".join(_text(evaluation, explain)).encode()
        out.write(line + b"\n")
    out.flush()
    return members


def _json(evaluation: Evaluation, explain: bool) -> bytes:
    explanation = evaluation.explanation
    answer: dict[str, object] = {
        "patient": evaluation.record.patient_id,
        "member": evaluation.member,
        "next_flip": None if evaluation.next_flip is None else iso(evaluation.next_flip),
        "reasons": list(dict.fromkeys(_reasons(explanation, explanation.holds))),
    }
    return _encode({**answer, "explanation": explanation} if explain else answer)


def _reasons(explanation: Explanation, holds: bool) -> Iterator[str]:
    """Walk the sentences of the criteria that decide, innermost."""
    deciding = [
        part for part in explanation.parts if part.holds == (holds ^ (explanation.criterion == "not"))
    ]
    if not deciding:
        yield explanation.why
    for part in deciding:
        yield from _reasons(part, part.holds)


def _text(evaluation: Evaluation, explain: bool) -> Iterator[str]:
    until = "" if evaluation.next_flip is None else f" (until {iso(evaluation.next_flip)})"
    word = "in " if evaluation.member else "out"
    yield f"{word} {evaluation.record.patient_id}: {evaluation.reason}{until}"
    if explain:
        yield from _tree(evaluation.explanation, 1)


def _own_words(explanation: Explanation) -> str:
    """Return what a criterion says beside what its parts say: nothing, but for another segment its title."""
    if not explanation.parts:
        return explanation.why
    if explanation.criterion != "member_of":
        return ""
    return explanation.why.removesuffix(f": {explanation.parts[0].why}")


def _tree(explanation: Explanation, depth: int) -> Iterator[str]:
    facts = ", ".join(f"{ref.reference} v{ref.version}".removesuffix(" v") for ref in explanation.facts)
    mark = "+" if explanation.holds else "-"
    said = ": ".join(filter(None, (explanation.criterion, _own_words(explanation))))
    yield f"{'  ' * depth}{mark} {said}{f' [{facts}]' if facts else ''}"
    for part in explanation.parts:
        yield from _tree(part, depth + 1)
