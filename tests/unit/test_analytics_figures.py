"""What figures say: intervals as published, counts of few hidden for good, cells that are no formulas."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.admin.analytics import FunnelStep
from functions.admin.figures import _rough, as_csv
from shared.access.small_cells import LEAST
from shared.access.small_figures import rough
from shared.fhir.instants import DAY, HOUR, Instant
from shared.ports.happened import Question, Table
from shared.usecases.analytics.funnel import _STEPS
from shared.usecases.analytics.goals import with_intervals
from shared.usecases.analytics.intervals import newcombe, wilson
from tests.unit.analytics_kit import BEGAN, Passage, lines_of, memory_log


@pytest.mark.parametrize(
    ("number", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_a_share_has_the_interval_of_newcombes_first_table(
    number: int, of: int, low: float, high: float
) -> None:
    """Newcombe 1998 (17: 857-872), table I, method 3, without continuity correction."""
    assert wilson(number, of) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@pytest.mark.parametrize(
    ("number", "of", "other", "of_other", "low", "high"),
    [
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (10, 10, 0, 20, 0.6791, 1.0),
        (0, 10, 0, 10, -0.2775, 0.2775),
    ],
)
def test_a_difference_has_the_interval_of_newcombes_second_table(
    number: int, of: int, other: int, of_other: int, low: float, high: float
) -> None:
    """Newcombe 1998 (17: 873-890), table II, method 10."""
    found = newcombe(number, of, other, of_other)
    assert found == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@given(st.integers(1, 10_000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_an_interval_holds_its_share(share: tuple[int, int]) -> None:
    low, high = wilson(*share)
    assert 0 <= low <= share[0] / share[1] <= high <= 1


def test_ways_are_compared_with_the_most_gone_where_nobody_is_held_out() -> None:
    rows = [
        {"version": "1", "step": "which", "way": way, "entered": n, "goals": 10}
        for way, n in (("a", 40), ("b", 90))
    ]
    a, b = with_intervals(rows)
    assert (a["against"], b["against"], b["difference"]) == ("b", None, None)


def test_of_what_is_not_told_nothing_is_reckoned() -> None:
    row = {"version": "1", "step": "which", "way": "a", "entered": 40, "goals": None}
    (told,) = with_intervals([row])
    assert (told["rate"], told["low"], told["difference"]) == (None, None, None)


@given(st.integers(0, 100_000))
def test_a_count_is_exact_of_nobody_hidden_of_few_and_near_of_many(count: int) -> None:
    shown = rough(count)
    if count == 0:
        assert shown == 0
    elif count < LEAST:
        assert shown is None
    else:
        assert shown is not None
        assert shown % 5 == 0
        assert abs(shown - count) <= 4


def _meant(shown: int | None) -> range:
    """Return the counts that are told so."""
    if shown is None:
        return range(1, LEAST)
    return range(1) if shown == 0 else range(11, 18) if shown == 15 else range(shown - 2, shown + 3)


@given(st.integers(1, LEAST - 1), st.integers(LEAST, 500))
def test_no_difference_of_two_counts_tells_one_that_is_hidden(hidden: int, other: int) -> None:
    """Whoever knows that `whole` is `other` and the hidden one still has several to choose from."""
    whole = rough(hidden + other)
    possible = {w - o for w in _meant(whole) for o in _meant(rough(other)) if 1 <= w - o < LEAST}
    assert hidden in possible
    assert len(possible) >= 4


_FEW_OR_MANY = st.one_of(st.integers(0, LEAST + 3), st.integers(0, 500))


@given(_FEW_OR_MANY, _FEW_OR_MANY, _FEW_OR_MANY)
def test_of_the_parts_of_a_whole_never_is_just_one_left_out(went_on: int, ended: int, waiting: int) -> None:
    """Else it could be had from the whole and the others, rounded as they are, where many of them stand."""
    parts = {"went_on": went_on, "ended": ended, "waiting": waiting}
    row = _rough(FunnelStep, {**parts, "came": sum(parts.values()), "median_seconds": 5.0})
    hidden = [name for name in parts if row[name] is None]
    assert {name for name, count in parts.items() if 0 < count < LEAST} <= set(hidden)
    assert len(hidden) != 1 or row["came"] is None
    assert row["suppressed"] is bool(hidden)
    assert row["median_seconds"] == (None if hidden else 5.0)


@given(st.text(max_size=20), st.sampled_from(["=", "+", "-", "@", "\t", "\r", "\n", ""]))
def test_no_text_in_a_table_is_a_formula(text: str, start: str) -> None:
    body = as_csv(Table(["text", "number"], [[start + text, -5], ["", 0.5]]))
    rows = list(csv.reader(StringIO(body.decode("utf-8-sig"), newline="")))
    assert not rows[1][0].startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert rows[1][0].removeprefix("'") == (start + text).removeprefix("'")
    assert (rows[1][1], rows[2][1]) == ("-5", "0.5")


async def test_a_loop_through_a_step_counts_a_person_once(tmp_path: Path) -> None:
    log = memory_log(tmp_path)
    round_and_round = Passage(1)
    for step in ("ask", "wait", "ask", "wait"):
        round_and_round.came(step).later(HOUR)
    log.tell(lines_of([round_and_round.ended("revoked")]))
    await log.flush()
    params = {"journey": round_and_round.journey.partition("|")[0], "since": BEGAN}
    table = await log.ask(Question(_STEPS, {**params, "until": Instant(BEGAN + DAY)}, BEGAN))
    found = {row[1]: tuple(row[2:]) for row in table.rows}
    assert found == {"": (1, 0, 1, 0, 4 * 3600), "ask": (1, 1, 0, 0, 3600), "wait": (1, 0, 1, 0, 3600)}
