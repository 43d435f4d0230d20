"""What a day may bring: an ordinary one, a practice taken over, an outage, a campaign, a publication."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.organisation.day import SOURCE, Scenario
from benchmarks.organisation.profile import DAY, Profile, changes_at, wakeups_at

HOUR = 3600


def scenarios(profile: Profile, patients: int) -> tuple[Scenario, ...]:
    """Return them all, for so many patients."""
    plain = _plain(profile, patients)
    share, changes, hours = profile.takeover
    evening = 20 * HOUR
    more = share * patients * changes / (hours * HOUR)

    def taken_over(second: int) -> float:
        at = plain[SOURCE](second)
        return at + (more if evening <= second < evening + hours * HOUR else 0.0)

    outage = int(profile.outage * HOUR)
    return (
        Scenario("ordinary", "an ordinary weekday", DAY, plain),
        Scenario(
            "takeover", "a practice is taken over in the evening", 2 * DAY, {**plain, SOURCE: taken_over}
        ),
        Scenario(
            "outage",
            "the FHIR server cannot be read for a day",
            3 * DAY,
            plain,
            away=(8 * HOUR, 8 * HOUR + outage),
        ),
        Scenario(
            "campaign",
            "a campaign asks everybody at nine",
            2 * DAY,
            plain,
            {"entries": (9 * HOUR, int(profile.campaign * patients))},
        ),
        Scenario(
            "publication", "a segment is published at nine", DAY, plain, {"populations": (9 * HOUR, patients)}
        ),
    )


def _plain(profile: Profile, patients: int) -> dict[str, Callable[[int], float]]:
    return {
        SOURCE: lambda second: changes_at(profile, patients, second),
        "wakeups": lambda second: wakeups_at(profile, patients, second),
    }
