"""A/B tests come to their end: not too early, for the right way, once; the holdout never wins."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from shared.effects import IndexEnrolment
from shared.fhir.instants import DAY, Instant
from shared.journey.contest import ERROR, Contest, Score
from shared.usecases.controls import controls
from shared.usecases.publish import publish
from shared.usecases.services import Services
from shared.usecases.winners import pick_winners, tally
from tests.unit.memory_kit import Document, Time, in_memory

NOW = Time().at
URL = "https://x.example/journeys/test"
CONTEST = Contest("which", ("a", "b"), after=100)
JOURNEY = {
    "url": URL,
    "version": "1",
    "title": "Test",
    "trigger": {"manual": True},
    "goal": {"title": "came", "any_of": [{"event": "came"}]},
    "steps": [
        {
            "id": "which",
            "kind": "split",
            "ways": [
                {"name": "a", "weight": 1, "next": "wait"},
                {"name": "b", "weight": 1, "next": "wait"},
                {"name": "holdout", "weight": 1, "next": "wait"},
            ],
            "winner": {"after": 20, "at": "2026-03-09T00:00:00Z"},
        },
        {"id": "wait", "kind": "wait", "duration": "P30D"},
    ],
}


def scores(a: tuple[int, int], b: tuple[int, int]) -> Mapping[str, Score]:
    return {"a": Score(*a), "b": Score(*b)}


def test_a_plain_difference_wins_and_a_small_one_does_not() -> None:
    assert CONTEST.winner(scores((100, 60), (100, 20)), -1, NOW) == "a"
    assert CONTEST.winner(scores((100, 20), (100, 60)), -1, NOW) == "b"
    assert CONTEST.winner(scores((100, 30), (100, 28)), -1, NOW) == ""


def test_it_is_not_looked_at_before_there_are_enough_nor_twice_at_one_stage() -> None:
    assert CONTEST.winner(scores((99, 99), (500, 0)), -1, NOW) == ""
    assert CONTEST.winner(scores((199, 150), (199, 20)), 0, NOW) == ""
    assert CONTEST.winner(scores((200, 150), (200, 20)), 0, NOW) == "a"


def test_an_instant_decides_whatever_the_difference_if_anybody_came() -> None:
    dated = Contest("which", ("a", "b"), at=NOW)
    assert dated.winner(scores((3, 1), (3, 2)), -1, NOW) == "b"
    assert dated.winner(scores((3, 1), (3, 2)), -1, Instant(NOW - 1)) == ""
    assert dated.winner({}, -1, NOW) == ""


@given(st.integers(1, 500), st.integers(0, 500), st.integers(1, 500), st.integers(0, 500))
def test_the_winner_always_has_the_better_share(n: int, a: int, m: int, b: int) -> None:
    found = {"a": Score(n, min(a, n)), "b": Score(m, min(b, m))}
    way = CONTEST.winner(found, -1, NOW)
    assert not way or found[way].rate > found["b" if way == "a" else "a"].rate


def test_equal_ways_are_seldom_called_different_however_often_one_looks() -> None:
    random = Random(7)
    wrong = sum(_ends(random) for _ in range(400))
    assert wrong / 400 <= ERROR


def _ends(random: Random) -> bool:
    """Play a contest of two equal ways to 1,600 each, looking after every 50."""
    found, seen = {"a": Score(), "b": Score()}, -1
    for _ in range(32):
        for way in found:
            goals = sum(random.random() < 0.3 for _ in range(50))
            found[way] = Score(found[way].entered + 50, found[way].goals + goals)
        if CONTEST.winner(found, seen, NOW):
            return True
        seen = max(seen, CONTEST.stage(found))
    return False


async def _enrolled(services: Services, ways: Mapping[str, tuple[int, int]]) -> None:
    for way, (entered, goals) in ways.items():
        for n in range(entered):
            row = IndexEnrolment(
                f"{way}{n}", f"{URL}|1", "completed", NOW, 1, NOW, n < goals, {"which": way, "@gate": "x"}
            )
            await services.indexes.apply(f"key{way}{n}", row)


async def test_the_winner_is_switched_on_once_and_said_why() -> None:
    clock = Time()
    services = in_memory(clock)
    await publish(services, (Document("journey", "j.yaml", JOURNEY),))
    await _enrolled(services, {"a": (40, 4), "b": (40, 30), "holdout": (40, 40)})
    found = (await tally(services, URL))[f"{URL}|1"]
    assert found == {"which": {"a": Score(40, 4), "b": Score(40, 30), "holdout": Score(40, 40)}}
    assert await pick_winners(services) == (f"{URL}|1 which b",)
    assert (await controls(services)).winners == {f"{URL}|1": {"which": "b"}}
    assert await pick_winners(services) == ()


async def test_nothing_is_decided_by_few_until_the_instant_comes() -> None:
    clock = Time()
    services = in_memory(clock)
    await publish(services, (Document("journey", "j.yaml", JOURNEY),))
    await _enrolled(services, {"a": (5, 4), "b": (5, 1)})
    assert await pick_winners(services) == ()
    clock.passes(10 * DAY)
    assert await pick_winners(services) == (f"{URL}|1 which a",)
