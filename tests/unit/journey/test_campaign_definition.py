"""CampaignDefinition: what it takes, its mistakes, and the instants at which it runs."""

from __future__ import annotations

from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Invalid
from shared.fhir.instants import DAY, Instant, parse_instant, to_datetime
from shared.journey.campaign import CampaignDefinition, Campaigns, parse_campaign
from shared.journey.campaign_schedule import CampaignSchedule

ZONE = ZoneInfo("America/New_York")
URL = "https://example.org/campaigns/flu"


def body(**changes: Any) -> dict[str, Any]:
    return {
        "url": URL,
        "version": "1.0.0",
        "title": "Influenza",
        "journey": "https://example.org/journeys/flu",
        "audience": {"in": ["https://example.org/segments/flu-due"]},
        "schedule": {"start": "2026-03-02T10:00"},
        **changes,
    }


def campaign(**changes: Any) -> CampaignDefinition:
    return parse_campaign(body(**changes), "flu.yaml")


def problem(**changes: Any) -> str:
    with pytest.raises(Invalid) as caught:
        campaign(**changes)
    return str(caught.value)


def schedule(**said: Any) -> CampaignSchedule:
    return campaign(schedule=said).schedule


def at(text: str) -> Instant:
    return parse_instant(text)


def days(chosen: CampaignSchedule, count: int, after: str = "2026-01-01T00:00:00Z") -> list[str]:
    found, instant = [], at(after)
    while len(found) < count and (following := chosen.following(instant, ZONE)) is not None:
        found.append(to_datetime(following.begins, ZONE).strftime("%Y-%m-%d %H:%M"))
        instant = following.begins
    return found


def test_once_on_the_organisations_clock() -> None:
    chosen = schedule(start="2026-03-02T10:00")
    assert chosen.latest(None, at("2026-03-02T14:59:59Z"), ZONE) is None
    found = chosen.latest(None, at("2026-03-02T15:00:00Z"), ZONE)
    assert found is not None
    assert (found.name, found.begins, found.local_at) == ("2026-03-02T10:00", at("2026-03-02T15:00:00Z"), "")
    assert chosen.latest(found.begins, at("2026-04-02T15:00:00Z"), ZONE) is None
    assert days(chosen, 5) == ["2026-03-02 10:00"]


def test_once_at_an_instant() -> None:
    chosen = schedule(start="2026-03-02T10:00:00-08:00")
    assert days(chosen, 5) == ["2026-03-02 13:00"]


def test_the_patients_clock_begins_where_the_day_begins_and_ends_where_it_ends() -> None:
    found = schedule(start="2026-03-02T10:00", zone="patient").following(Instant(0), ZONE)
    assert found is not None
    assert (found.begins, found.local_at) == (at("2026-03-01T20:00:00Z"), "2026-03-02T10:00")
    assert found.begun_everywhere == at("2026-03-02T22:00:00Z")


def test_the_first_monday_of_each_month_at_nine_over_daylight_saving() -> None:
    chosen = schedule(start="2026-02-01T09:00", rrule="FREQ=MONTHLY;BYDAY=1MO", until="2026-06-01T08:59")
    assert days(chosen, 9) == ["2026-02-02 09:00", "2026-03-02 09:00", "2026-04-06 09:00", "2026-05-04 09:00"]
    assert chosen.following(at("2026-04-01T00:00:00Z"), ZONE).begins == at("2026-04-06T13:00:00Z")  # type: ignore[union-attr]


def test_of_those_that_were_missed_the_latest_is_made_up_for() -> None:
    chosen = schedule(start="2026-02-01T09:00", rrule="FREQ=WEEKLY;BYDAY=MO;COUNT=4")
    since = at("2026-02-03T00:00:00Z")
    found = chosen.latest(since, at("2026-02-20T00:00:00Z"), ZONE)
    assert found is not None
    assert found.name == "2026-02-16T09:00"
    assert chosen.latest(found.begins, at("2026-02-20T00:00:00Z"), ZONE) is None
    assert days(chosen, 9)[-1] == "2026-02-23 09:00"


def test_an_hour_that_daylight_saving_skips_or_repeats() -> None:
    """At half past two on 8 March no clock in New York stands; the rule means the instant as much later."""
    chosen = schedule(start="2026-03-07T02:30", rrule="FREQ=DAILY;COUNT=3")
    assert days(chosen, 3) == ["2026-03-07 02:30", "2026-03-08 03:30", "2026-03-09 02:30"]
    assert chosen.latest(None, at("2026-03-08T07:15:00Z"), ZONE).name == "2026-03-07T02:30"  # type: ignore[union-attr]
    twice = schedule(start="2026-10-31T01:30", rrule="FREQ=DAILY;COUNT=3")
    assert len(days(twice, 9)) == 3


rules = st.sampled_from(
    [
        "FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=3",
        "FREQ=WEEKLY;BYDAY=MO,TH",
        "FREQ=MONTHLY;BYMONTHDAY=31",
        "FREQ=MONTHLY;BYDAY=-1FR;COUNT=5",
        "FREQ=DAILY;BYHOUR=1,2,3",
    ]
)


@given(rules, st.sampled_from(["organisation", "patient"]), st.lists(st.integers(1, 40 * DAY), max_size=12))
def test_each_occurrence_is_met_once_and_in_order(rule: str, zone: str, waits: list[int]) -> None:
    """However seldom one looks: what is met has begun, is later than what was met before, and the latest."""
    chosen = schedule(start="2026-02-20T02:30", rrule=rule, zone=zone)
    now, since, met = at("2026-02-18T00:00:00Z"), None, []
    for wait in waits:
        now = Instant(now + wait)
        found = chosen.latest(since, now, ZONE)
        following = chosen.following(now, ZONE)
        assert following is None or following.begins > now
        if found is not None:
            assert found.begins <= now
            between = chosen.following(found.begins, ZONE)
            assert between is None or between.begins > now
            since = found.begins
            met.append(found.begins)
    assert all(one < other for one, other in pairwise(met))


def test_the_latest_version_is_found_by_url_and_any_by_its_canonical() -> None:
    held = Campaigns([campaign(version=version) for version in ("1.10.0", "1.9.0")])
    assert held.get(URL) is held.get(f"{URL}|1.10.0")
    assert held.get(f"{URL}|1.9.0") is not None
    assert held.get(f"{URL}|2") is None


def test_mistakes_are_told_with_their_place() -> None:
    assert "schedule.rrule: FREQ=HOURLY cannot be part of a rule here" in problem(
        schedule={"start": "2026-03-02T10:00", "rrule": "FREQ=HOURLY"}
    )
    for rule in (
        "FREQ=MONTHLY;BYMONTHDAY=30;BYMONTH=2",
        "FREQ=DAILY;BYMONTHDAY=31;BYMONTH=4",
    ):
        assert "never comes about" in problem(schedule={"start": "2026-03-02T10:00", "rrule": rule})
    for rule in ("BYDAY=MO", "FREQ=DAILY;BYMONTH=99", "FREQ=WEEKLY;BYDAY=MO,,TU"):
        assert "rule" in problem(schedule={"start": "2026-03-02T10:00", "rrule": rule})
    assert "UNTIL=20270101T000000Z cannot be part" in problem(
        schedule={"start": "2026-03-02T10:00", "rrule": "FREQ=DAILY;UNTIL=20270101T000000Z"}
    )
    assert "INTERVAL=0 cannot" in problem(
        schedule={"start": "2026-03-02T10:00", "rrule": "FREQ=DAILY;INTERVAL=0"}
    )
    assert "without an offset" in problem(schedule={"start": "2026-03-02T10:00:00Z", "zone": "patient"})
    assert "until is for a rule" in problem(
        schedule={"start": "2026-03-02T10:00", "until": "2026-03-05T10:00"}
    )
    assert "not an instant with its offset" in problem(schedule={"start": "2026-03-02"})
    assert "schedule.start" in problem(schedule={"start": "2026-02-30T10:00"})
    assert "audience.in: needs at least 1" in problem(audience={"in": []})
    assert "nobody is in a and not in it" in problem(audience={"in": ["urn:x/a"], "not_in": ["urn:x/a"]})
    assert "pace: needs at least one of" in problem(pace={})
    assert "journey" in problem(journey=None)


def test_approval_is_needed_unless_it_says_none() -> None:
    assert campaign().approval.role == ""  # type: ignore[union-attr]
    assert campaign(approval={"role": "clinical-lead"}).approval.role == "clinical-lead"  # type: ignore[union-attr]
    assert campaign(approval="none").approval == "none"
    assert "approval" in problem(approval="maybe")
