"""What in the code itself ends somewhere: counted from its own constants, before any limit of Azure's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.organisation.limits import LIMITS
from benchmarks.organisation.paths import Counted
from benchmarks.organisation.profile import DAY, Profile, changes_at
from shared.adapters.table_indexes import SHARDS as WAKEUP_SHARDS
from shared.adapters.table_roster import SHARDS as ROSTER_SHARDS
from shared.usecases import audit, populate, recover, sweep

NIGHT = 8 * 3600
"""Seconds in which the nightly audit should be over."""
RECONCILED_EVERY = 300
"""Seconds: the timer `reconciliation`."""
ONE_TYPE = 0.5
"""Share of the changes that are of one type, Observation: assumed."""
SCANNED = 20_000
"""Rows a second that the table service looks at in one scan: not published, assumed."""
SWEPT_EVERY = 900
"""Seconds: the timer `sweep`."""


@dataclass(frozen=True, slots=True)
class Ceiling:
    """One of them: the most it does, and for how many patients that is enough."""

    what: str
    most: str
    patients: float
    remedy: str


def rows_of_a_patient(paths: Mapping[str, Counted], profile: Profile) -> float:
    """Return how many rows a patient's partition has after the years for which all is kept."""
    yearly = sum(profile.changes * share * paths[name].rows_kept for name, share in profile.mix.items())
    messages = profile.changes * profile.mix["sends"] + profile.wakeups * profile.wakeups_send
    yearly += profile.wakeups * paths["wakeup_of_many"].rows_kept + messages * paths["report"].rows_kept
    return 1 + profile.years * yearly


def ceilings(paths: Mapping[str, Counted], profile: Profile) -> tuple[Ceiling, ...]:
    """Work them out."""
    audited = audit.SHARDS * audit.BATCH / audit.PAUSE
    found = recover.MOST / RECONCILED_EVERY
    busiest = max(changes_at(profile, 1_000_000, hour * 3600) for hour in range(24)) / 1e6 * ONE_TYPE
    rows = rows_of_a_patient(paths, profile)
    partition = LIMITS["table_partition"].value
    return (
        Ceiling(
            "the sweep reads the whole table `patients`, slice by slice, once a day",
            f"{sweep.AT_ONCE} slices at {SCANNED:,} rows/s (assumed), {rows:.0f} rows a patient, "
            f"{sweep.SECONDS / 60:.0f} minutes of {SWEPT_EVERY / 60:.0f}",
            sweep.AT_ONCE * SCANNED * sweep.SECONDS * DAY / SWEPT_EVERY / rows,
            "more slices at once, or an index of who has work left",
        ),
        Ceiling(
            "the nightly audit goes through everybody",
            f"{audited:.0f} patients/s, by its own pace; eight hours",
            audited * NIGHT,
            "more of `SHARDS`, or a seventh of the keys each night",
        ),
        Ceiling(
            "reconciliation searches one type at a time, so many resources a call",
            f"{found:.0f} of a type a second, in the busiest hour",
            found / busiest,
            "a larger `MOST`, or a message for each type",
        ),
        Ceiling(
            "one segment's member list is one partition",
            f"{partition:.0f} rows/s: {partition * DAY / 1e6:.0f} million entries a day",
            partition / profile.enters * 3600,
            "partitions by patient, as rosters have; here a run in an hour",
        ),
        Ceiling(
            f"wake-ups stand in {WAKEUP_SHARDS} partitions, a journey's roster in {ROSTER_SHARDS}",
            f"{WAKEUP_SHARDS * partition:,.0f} rows/s",
            WAKEUP_SHARDS * partition * 600 / (profile.wakeups / 365 * profile.morning * 2),
            "more partitions; here the ten minutes after eight o'clock",
        ),
        Ceiling(
            f"a population run has at most {populate.MOST_SHARDS} messages under way",
            f"{populate.MOST_SHARDS} pages of {populate.PAGE} at once, of {populate.PAGE * rows:,.0f} rows",
            populate.MOST_SHARDS * SCANNED / rows * 3600,
            "more shards; here a run in an hour, by rows that are looked at",
        ),
    )
