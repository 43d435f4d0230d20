"""The terminal: progress bars while loading, one line for each thing that happens, and the summary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from sandbox.play.oracle import Population, Verdict
from sandbox.play.story import Expect, Story
from shared.fhir.instants import Instant, to_datetime
from shared.patient.record import TimelineLine, patient_key

_STYLES = {
    "segment": "cyan",
    "journey": "magenta",
    "message": "green",
    "inbound": "yellow",
    "fault": "red",
    "fact": "white",
}


class Show:
    """Shows a play to a person."""

    def __init__(self, console: Console, zone: ZoneInfo) -> None:
        self._console = console
        self._zone = zone
        self._names: dict[str, str] = {}
        self._day = ""

    def cast(self, stories: Iterable[Story]) -> None:
        """Learn whose stories these are."""
        self._names |= {patient_key(story.patient_id): story.title for story in stories}

    def people(self, patient_ids: Iterable[str]) -> None:
        """Learn the ids of the rest of the population."""
        self._names = {patient_key(each): f"Patient/{each}" for each in patient_ids} | self._names

    def progress(self) -> Progress:
        """Make a progress bar."""
        return Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
        )

    def say(self, text: str) -> None:
        """Say something about the play itself."""
        self._console.print(f"[bold]{escape(text)}[/bold]", highlight=False)

    def tell(self, at: Instant, key: str, text: str, lines: Sequence[TimelineLine]) -> None:
        """Show what happened to one patient, and what came of it, with the reasons."""
        local = to_datetime(at, self._zone)
        if f"{local:%a %d %b}" != self._day:
            self._day = f"{local:%a %d %b}"
            self._console.rule(f"{local:%A %d %B %Y}", align="left", style="dim")
        who = escape(self._names.get(key, ""))
        what = escape(text) if text else "[dim]time passes[/dim]"
        self._console.print(f"[dim]{local:%H:%M:%S}[/dim] [bold]{who}[/bold] {what}", highlight=False)
        for line in lines:
            style = _STYLES[line.kind]
            self._console.print(
                f"         [{style}]{line.kind:<8}[/{style}]{escape(line.text)}",
                highlight=False,
                soft_wrap=True,
            )

    def left_out(self, problem: str) -> None:
        """Name what could not be read."""
        self._console.print(f"left out: {problem}", style="yellow", markup=False, highlight=False)

    def oracle(self, population: Population, expected: int) -> None:
        """Show what the resources themselves say, counted apart from the product."""
        high = population.above(6.5)
        dead = [each for each in population.diabetics if population.dead(each)]
        self.say(
            f"Counted from the resources: {len(population.diabetics)} with active diabetes, "
            f"{len(dead)} of them dead; {len(high)} alive with a last HbA1c above 6.5 %. "
            f"{expected} messages are expected."
        )

    def members(self, counts: Mapping[str, int]) -> None:
        """Show how many members each segment has."""
        table = Table("segment", title="Members after publication", title_justify="left")
        table.add_column("patients", justify="right")
        for name, count in counts.items():
            table.add_row(name, str(count))
        self._console.print(table)

    def verdict(self, stories: Sequence[Story], verdict: Verdict) -> None:
        """Show, story by story, what was expected and what came."""
        table = Table(
            "story", "messages expected", "delivered", "verdict", title="Stories", title_justify="left"
        )
        for story in stories:
            met = sum(1 for expect, _ in verdict.met if expect.patient_id == story.patient_id)
            lost = [each for each in verdict.lost if each.patient_id == story.patient_id]
            extra = [each for each in verdict.unexpected if each.patient_id == story.patient_id]
            good = not lost and not extra
            word = "[green]as told[/green]" if good else "[red]not as told[/red]"
            table.add_row(story.title, str(len(story.expects)), str(met + len(extra)), word)
        self._console.print(table)
        for expect in verdict.lost:
            self._console.print(f"[red]lost[/red] {self._describe(expect)}", highlight=False)
        for message in verdict.unexpected:
            when = f"{to_datetime(message.at, self._zone):%d %b %H:%M:%S}"
            text = f"{message.template} in {message.language} by {message.channel} at {when}"
            self._console.print(f"[red]unexpected[/red] {message.patient_id}: {text}", highlight=False)

    def _describe(self, expect: Expect) -> str:
        when = f"{to_datetime(expect.at, self._zone):%d %b %H:%M}"
        return f"{expect.patient_id}: {expect.template} in {expect.language} by {expect.channel} at {when}"
