"""End A/B tests: by the roster, which way reached the goal most often; the controls then say who has won."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from shared.errors import Rejected
from shared.journey.compile import CompiledJourney
from shared.journey.contest import Contest, Score
from shared.usecases.controls import set_winner
from shared.usecases.services import Services

BY = "hearthline"
"""Who switches, in the log of what was switched."""
LOOKS = "contests"
"""Kind of the documents that say at which stage a contest was looked at last."""
_PAGE = 1000

type Scores = Mapping[str, Score]


async def pick_winners(services: Services) -> tuple[str, ...]:
    """Look at every contest that is not over; the names of those that have a winner now. Raises Unavailable.

    Costs a walk through the rosters of journeys with a contest, and nothing for the others.
    """
    catalogue = await services.definitions.current()
    over = catalogue.controls.winners
    won: list[str] = []
    for journey in catalogue.journeys:
        going = [
            contest for contest in journey.contests if contest.step not in over.get(journey.canonical, {})
        ]
        if going:
            scores = await tally(services, journey.url)
            for contest in going:
                found = scores.get(journey.canonical, {}).get(contest.step, {})
                if way := await _winner(services, journey, contest, found):
                    won.append(f"{journey.canonical} {contest.step} {way}")
    return tuple(won)


async def tally(services: Services, journey: str) -> Mapping[str, Mapping[str, Scores]]:
    """Count, by version, step and way (or case), who went there and who of them reached the goal."""
    found: dict[str, dict[str, dict[str, Score]]] = defaultdict(lambda: defaultdict(dict))
    after = ""
    while rows := await services.indexes.roster(journey, after=after, limit=_PAGE):
        for row in rows:
            steps = found[row.enrolment.journey]
            for step, came in row.enrolment.results.items():
                if not step.startswith("@"):
                    steps[step][came] = steps[step].get(came, Score()).plus(goal=row.enrolment.goal)
        if len(rows) < _PAGE:
            break
        after = rows[-1].place
    return found


async def _winner(services: Services, journey: CompiledJourney, contest: Contest, scores: Scores) -> str:
    name = f"{journey.canonical} {contest.step}"
    held = await services.documents.get(LOOKS, name)
    seen = int(held[0]) if held is not None else -1
    way = contest.winner(scores, seen, services.clock.now())
    if way:
        reason = "; ".join(f"{w}: {s.goals} of {s.entered}" for w, s in sorted(scores.items()))
        try:
            await set_winner(services, journey.canonical, contest.step, way, BY, f"goals reached: {reason}")
        except Rejected:  # the version was replaced meanwhile
            return ""
    if (stage := contest.stage(scores)) > seen:
        await services.documents.put(LOOKS, name, str(stage).encode(), held[1] if held is not None else "")
    return way
