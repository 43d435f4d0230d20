"""A second reading of composed definitions, slow and obvious: sets of facts, loops, no flips, no indexes.

Written from docs/segments.md; only Wall (tested on its own) is shared with the code under test.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import pairwise, product
from typing import Any

from shared.fhir.calendar import parse_duration
from shared.fhir.fact import Fact
from shared.fhir.instants import DAY, Instant, parse_range
from shared.patient.record import PatientRecord
from shared.segment.birth import age_reached
from shared.segment.wall import ALWAYS, NEVER, Wall

type Json = dict[str, Any]
type Names = dict[str, Fact]
_CALENDAR = {"last": -1, "this": 0, "next": 1}


def goes_on(fact: Fact) -> bool:
    return fact.resource_type != "Condition" or fact.status in ("active", "recurrence", "relapse")


class Reader:
    """Reads one definition for one record as of one instant."""

    def __init__(self, record: PatientRecord, body: Json, now: Instant, zone: tzinfo) -> None:
        self.record, self.body, self.now, self.wall = record, body, now, Wall(zone)

    def criterion(self, node: Json) -> bool:
        ((word, inner),) = node.items()
        match word:
            case "all":
                return all(self.criterion(part) for part in inner)
            case "has":
                return self.enough(inner, {})
            case "has_no":
                return not self.enough(inner, {})
            case "age":
                return self.old_enough(inner)
        raise AssertionError(word)

    def old_enough(self, inner: Json) -> bool:
        assert self.record.person is not None
        reached = age_reached(self.wall, inner["at_least"] * 12)(self.record.person.birth_date)
        for names in self.ways(inner["at"], {}):
            edges = self.bound(inner["at"], names)
            if edges is not None and reached != NEVER and edges[0] >= reached:
                return True
        return False

    # -- patterns

    def enough(self, pattern: Json, names: Names) -> bool:
        facts = self.find(pattern, names)
        if len(facts) < pattern.get("at_least", 1):
            return False
        if "on_days" in pattern:
            days = {self.wall.show(fact.start).date() for fact in facts if fact.start is not None}
            return len(days) >= pattern["on_days"]
        if "covered_days" in pattern:
            asked = pattern["covered_days"]
            return any(len(self.days(c)) >= asked["at_least"] for c in self.clips(facts, asked, names))
        if "total_time" in pattern:
            asked = pattern["total_time"]
            length = parse_duration(asked["at_least"])
            wanted = length.days * DAY + length.micros
            return any(self.total(c) >= wanted for c in self.clips(facts, asked, names))
        return True

    def find(self, pattern: Json, names: Names) -> list[Fact]:
        facts = [fact for fact in self.source(pattern, names) if self.in_time(fact, pattern, names)]
        for inner in pattern.get("with", ()):
            facts = [fact for fact in facts if self.enough(inner, {**names, "this": fact})]
        for inner in pattern.get("without", ()):
            facts = [fact for fact in facts if not self.enough(inner, {**names, "this": fact})]
        for pick in pattern.get("which", ()):
            facts = self.pick(facts, pick)
        return [fact for fact in facts if self.valued(fact, pattern)]

    def source(self, pattern: Json, names: Names) -> list[Fact]:
        if "from" in pattern:
            return self.find(self.body["matches"][pattern["from"]], {})
        if "any_of" in pattern:
            found = [fact for part in pattern["any_of"] for fact in self.find(part, names)]
            return list({fact.reference: fact for fact in found}.values())
        facts = [f for f in self.record.facts if f.resource_type == pattern["type"] and not f.gone]
        facts = [f for f in facts if f.status not in ("cancelled", "planned")]
        if "code" in pattern:
            facts = [f for f in facts if set(pattern["code"]) & set(f.codes)]
        if "link" in pattern:
            facts = [f for f in facts if f.reference in names["this"].attributes.get("encounter", ())]
        if "linked_by" in pattern:
            facts = [f for f in facts if names["this"].reference in f.attributes.get("encounter", ())]
        return facts

    def valued(self, fact: Fact, pattern: Json) -> bool:
        if "value" not in pattern:
            return True
        return fact.value is not None and (fact.value.number or 0) > pattern["value"]["above"]

    def pick(self, facts: list[Fact], pick: str | Json) -> list[Fact]:
        ((word, count),) = (
            {pick: 1} if isinstance(pick, str) else {k: pick[k] for k in pick if k != "unit"}
        ).items()
        if word in ("highest", "lowest"):
            return self.extreme(facts, word, count)
        backwards = word.startswith("latest")
        if word.endswith("_day"):
            days = {f.reference: self.day(f) for f in facts}
            kept = sorted({d for d in days.values() if d is not None}, reverse=backwards)[:count]
            return [f for f in facts if days[f.reference] in kept]
        side: Callable[[Fact], Instant | None] = lambda f: f.end if word.endswith("_end") else f.start  # noqa: E731
        dated = [f for f in facts if side(f) is not None]
        ordered = sorted(dated, key=lambda f: f.resource_id, reverse=backwards)
        ordered = sorted(ordered, key=lambda f: f.updated, reverse=True)
        ordered = sorted(ordered, key=lambda f: side(f) or 0, reverse=backwards)
        others = sorted((f for f in facts if side(f) is None), key=lambda f: f.resource_id, reverse=backwards)
        return [*ordered, *others][:count]

    def extreme(self, facts: list[Fact], word: str, of: str) -> list[Fact]:
        rated: list[tuple[float, Fact]] = []
        for fact in facts:
            values = [fact.value] if of == "value" else [c.value for c in fact.components if of in c.codes]
            numbers = [v.number for v in values if v is not None and v.number is not None and v.unit == "%"]
            rated += [(numbers[0], fact)] if numbers else []
        if not rated:
            return []
        best = (max if word == "highest" else min)(number for number, _ in rated)
        return self.pick([fact for number, fact in rated if number == best], "latest")

    def day(self, fact: Fact) -> date | None:
        at = fact.start if fact.end is None else fact.end
        return None if at is None else self.wall.show(at).date()

    # -- time

    def in_time(self, fact: Fact, pattern: Json, names: Names) -> bool:
        when = pattern.get("when")
        if when is None:
            typed = "type" in pattern and pattern["type"] != "Encounter"
            return not typed or fact.start is None or fact.start <= self.now
        for given in self.ways(str(when), names):
            asked = {word: window for word, window in when.items() if word != "undated"}
            free = when.get("undated", False)
            if all(self.lies(fact, word, window, given, free) for word, window in asked.items()):
                return True
        return False

    def ways(self, text: str, names: Names) -> list[Names]:
        if "m" in names or not re.search(r"\bm\b", text):
            return [names]
        found = self.find(self.body["matches"]["m"], {})
        return [{**names, "m": fact} for (fact,) in product(found)]

    def lies(self, fact: Fact, word: str, window: Any, names: Names, free: bool) -> bool:
        edges = self.window(window, names)
        if edges is None:
            return False
        low, high = edges
        start, end = fact.start, fact.end
        at = start if end is None else end
        known = {
            "starts": start is not None,
            "ends": end is not None,
            "at": at is not None,
            "overlaps": at is not None,
            "during": start is not None and end is not None,
            "before": end is not None,
            "after": start is not None,
        }
        if free and not known[word]:
            return True
        match word:
            case "starts":
                return start is not None and low <= start < high
            case "ends":
                return end is not None and low <= end < high
            case "at":
                return at is not None and low <= at < high
            case "overlaps":
                known = start is not None or end is not None
                ended = low == ALWAYS or goes_on(fact) if end is None else end >= low
                return known and (start is None or start < high) and ended
            case "during":
                return start is not None and end is not None and low <= start and end < high
            case "before":
                return end is not None and end < low
            case "after":
                return start is not None and start >= high
        raise AssertionError(word)

    def window(self, window: Any, names: Names) -> tuple[Instant, Instant] | None:
        if isinstance(window, str):
            return self.span(window, names)
        low, high = ALWAYS, NEVER
        for word, text in window.items():
            if word in ("last", "next"):
                text = f"now {'-' if word == 'last' else '+'} {text}"
                now = Instant(self.now + 1)
                edge = self.bound(text, names)
                assert edge is not None
                return (edge[1], now) if word == "last" else (now, edge[1])
            edges = self.bound(text, names)
            if edges is None:
                return None
            if word in ("from", "after"):
                low = edges[word == "after"]
            else:
                high = edges[word == "until"]
        return low, high

    def span(self, text: str, names: Names) -> tuple[Instant, Instant] | None:
        if found := re.fullmatch(r"(this|last|next) (.*)", text):
            return self.calendar(_CALENDAR[found[1]], found[2])
        if text == "yesterday":
            return self.calendar(-1, "day")
        if found := re.fullmatch(r"(day of )?(m|this)", text):
            fact = names[found[2]]
            low = self.covered(fact.start, bool(found[1]))
            high = self.covered(fact.end, bool(found[1]))
            return (ALWAYS if low is None else low[0]), (NEVER if high is None else high[1])
        first, _, last = text.partition("/")
        low, high = self.bound(first, names), self.bound(last or first, names)
        return None if low is None or high is None else (low[0], high[1])

    def calendar(self, after: int, unit: str) -> tuple[Instant, Instant]:
        today = self.wall.show(self.now).date()
        if unit in ("day", "week"):
            first = today - timedelta(days=today.weekday()) if unit == "week" else today
            size = timedelta(days=7 if unit == "week" else 1)
            return self.begin(first + after * size), self.begin(first + (after + 1) * size)
        months = {"month": 1, "quarter": 3, "half-year": 6, "year": 12}[unit]
        number = (today.year * 12 + today.month - 1) // months + after
        starts = [divmod(n * months, 12) for n in (number, number + 1)]
        low, high = (self.begin(date(year, month + 1, 1)) for year, month in starts)
        return low, high

    def begin(self, day: date) -> Instant:
        return self.wall.reach(datetime.combine(day, time()))

    def bound(self, text: str, names: Names) -> tuple[Instant, Instant] | None:
        """Return what a bound covers, [first, beyond)."""
        base, *lengths = re.split(r" (?=[+-] P)", text)
        found = self.base(base, names)
        if found is None:
            return None
        low, high = found
        for length in lengths:
            by = parse_duration(length[2:])
            by = -by if length[0] == "-" else by
            low, high = self.wall.shift(low, by), self.wall.shift(high, by)
            if base == "now":
                high = Instant(low + 1)
        return low, high

    def base(self, base: str, names: Names) -> tuple[Instant, Instant] | None:
        if base == "now":
            return self.now, Instant(self.now + 1)
        if base == "today":
            return self.covered(self.now, True)
        if found := re.fullmatch(r"(last|next) (\d\d)-(\d\d)", base):
            today = self.wall.show(self.now).date()
            days = [_that_day(today.year + by, int(found[2]), int(found[3])) for by in (-1, 0, 1)]
            chosen = (
                max(d for d in days if d <= today)
                if found[1] == "last"
                else min(d for d in days if d > today)
            )
            return self.begin(chosen), self.begin(chosen + timedelta(days=1))
        if base == "birth":
            assert self.record.person is not None
            born = age_reached(self.wall, 0)(self.record.person.birth_date)
            return None if born == NEVER else self.covered(born, True)
        if found := re.fullmatch(r"(day of )?(m|this)\.(start|end|at)", base):
            fact = names[found[2]]
            point = {"start": fact.start, "end": fact.end}.get(
                found[3], fact.start if fact.end is None else fact.end
            )
            return self.covered(point, bool(found[1]))
        low, high = parse_range(base, self.wall.zone)
        return low, Instant(max(high, low + 1))

    def covered(self, point: Instant | None, day: bool) -> tuple[Instant, Instant] | None:
        if point is None:
            return None
        shown = self.wall.show(point).date()
        return (
            (self.begin(shown), self.begin(shown + timedelta(days=1))) if day else (point, Instant(point + 1))
        )

    # -- amounts

    def clips(self, facts: list[Fact], asked: Json, names: Names) -> list[list[tuple[int, int]]]:
        found: list[list[tuple[int, int]]] = []
        for given in self.ways(str(asked.get("within", "")), names):
            edges = (
                self.window(asked["within"], given) if "within" in asked else (ALWAYS, Instant(self.now + 1))
            )
            if edges is not None:
                low, high = edges
                spans = [
                    (max(f.start, low), high if f.end is None else min(high, f.end + 1))
                    for f in facts
                    if f.start is not None and (f.end is not None or goes_on(f))
                ]
                found.append([(first, end) for first, end in spans if end > first])
        return found

    def total(self, spans: list[tuple[int, int]]) -> int:
        edges = sorted({edge for span in spans for edge in span})
        pieces = pairwise(edges)
        return sum(b - a for a, b in pieces if any(first <= a and b <= end for first, end in spans))

    def days(self, spans: list[tuple[int, int]]) -> set[int]:
        days: set[int] = set()
        for first, end in spans:
            low = self.wall.show(Instant(first)).date().toordinal()
            high = self.wall.show(Instant(end - 1)).date().toordinal() if end < NEVER else low + 5_000
            days |= set(range(low, high + 1))
        return days


def _that_day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, 3, 1)


def member(record: PatientRecord, body: Json, now: Instant, zone: tzinfo) -> bool:
    """Say whether the patient is in."""
    person = record.person
    if person is None or person.gone or person.deceased or not person.active:
        return False
    return Reader(record, body, now, zone).criterion(body["criteria"])
