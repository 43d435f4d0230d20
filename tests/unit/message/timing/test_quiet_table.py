"""Every rule of quiet hours at its boundary instants: the clock before and after, and what is said."""

from __future__ import annotations

import pytest

from shared.message.timing.hours import Place, QuietHours
from shared.message.timing.quiet import APART, may_go_at, opening, why
from tests.unit.message.timing.timing_kit import shown, wall

USUAL = QuietHours()
FLORIDA = QuietHours(places=(Place("US", "FL", closes="20:00"), Place("US", "AL", days=frozenset(range(6)))))
XMAS_OFF = QuietHours(holidays=("2026-12-25",))
THIRD_OFF = QuietHours(holidays=("2026-03-03",))
WIDER = QuietHours(places=(Place("US", opens="06:00", closes="23:00"),))
WEEKDAYS = QuietHours(days=frozenset(range(5)))
NEW_YORK, CHICAGO, LOS_ANGELES = "America/New_York", "America/Chicago", "America/Los_Angeles"
BERLIN, LORD_HOWE, KATHMANDU = "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu"
EUCLA, CHATHAM, KOLKATA = "Australia/Eucla", "Pacific/Chatham", "Asia/Kolkata"
EVERYWHERE = (NEW_YORK, CHICAGO, LOS_ANGELES, BERLIN, LORD_HOWE, KATHMANDU, EUCLA, CHATHAM, KOLKATA)

DAYS = (
    "2026-03-08",  # New York springs forward
    "2026-11-01",  # and falls back
    "2026-03-29",  # Berlin
    "2026-10-25",
    "2026-10-04",  # Lord Howe, by half an hour
    "2026-04-05",
    "2026-06-15",
    "2024-02-29",
    "2026-12-31",
    "2027-01-01",
)


@pytest.mark.parametrize("zone", EVERYWHERE)
@pytest.mark.parametrize("day", DAYS)
class TestDefaultHours:
    """08:00 belongs to the hours, 21:00 does not, on every day, in every zone."""

    def test_a_microsecond_before_it_opens(self, zone: str, day: str) -> None:
        now = wall(f"{day}T07:59:59.999999", zone)
        assert may_go_at(USUAL, (zone,), (), now) == wall(f"{day}T08:00:00", zone)

    def test_when_it_opens(self, zone: str, day: str) -> None:
        assert may_go_at(USUAL, (zone,), (), wall(f"{day}T08:00:00", zone)) is None

    def test_a_microsecond_before_it_closes(self, zone: str, day: str) -> None:
        assert may_go_at(USUAL, (zone,), (), wall(f"{day}T20:59:59.999999", zone)) is None

    def test_when_it_closes(self, zone: str, day: str) -> None:
        now = wall(f"{day}T21:00:00", zone)
        found = may_go_at(USUAL, (zone,), (), now)
        assert found is not None
        assert shown(found, zone)[11:19] == "08:00:00"
        assert 10 * 3600 <= (found - now) / 1e6 <= 12 * 3600  # eleven hours, give or take the hour that moves


TABLE = [
    # what, quiet, zones, places, now (by the first zone), when it may go (by the first zone)
    ("stricter place, open", FLORIDA, (NEW_YORK,), (("US", "FL"),), "2026-03-02T19:59:59.999999", "now"),
    ("stricter place, closes", FLORIDA, (NEW_YORK,), (("US", "FL"),),
     "2026-03-02T20:00:00", "2026-03-03T08:00:00-05:00"),
    ("another state", FLORIDA, (NEW_YORK,), (("US", "NY"),), "2026-03-02T20:00:00", "now"),
    ("another country's FL", FLORIDA, (NEW_YORK,), (("DE", "FL"),), "2026-03-02T20:00:00", "now"),
    ("state not known: may be Florida", FLORIDA, (NEW_YORK,), (("US", ""),),
     "2026-03-02T20:00:00", "2026-03-03T08:00:00-05:00"),
    ("two homes, one in Florida", FLORIDA, (NEW_YORK,), (("US", "NY"), ("US", "FL")),
     "2026-03-02T20:00:00", "2026-03-03T08:00:00-05:00"),
    ("place with fewer days", FLORIDA, (CHICAGO,), (("US", "AL"),),
     "2026-03-01T12:00:00", "2026-03-02T08:00:00-06:00"),
    ("a wider place does not widen", WIDER, (NEW_YORK,), (("US", ""),),
     "2026-03-02T07:00:00", "2026-03-02T08:00:00-05:00"),
    ("Friday night", WEEKDAYS, (NEW_YORK,), (), "2026-03-06T21:00:00", "2026-03-09T08:00:00-04:00"),
    ("Saturday noon", WEEKDAYS, (NEW_YORK,), (), "2026-03-07T12:00:00", "2026-03-09T08:00:00-04:00"),
    ("Sunday's last instant", WEEKDAYS, (NEW_YORK,), (),
     "2026-03-08T23:59:59.999999", "2026-03-09T08:00:00-04:00"),
    ("a date off", QuietHours(holidays=("2026-12-25",)), (NEW_YORK,), (),
     "2026-12-25T10:00:00", "2026-12-26T08:00:00-05:00"),
    ("the eve of it", QuietHours(holidays=("2026-12-25",)), (NEW_YORK,), (),
     "2026-12-24T20:59:59.999999", "now"),
    ("the night before", QuietHours(holidays=("2026-12-25",)), (NEW_YORK,), (),
     "2026-12-24T21:00:00", "2026-12-26T08:00:00-05:00"),
    ("Thanksgiving", QuietHours(holidays=("US",)), (CHICAGO,), (),
     "2026-11-26T12:00:00", "2026-11-27T08:00:00-06:00"),
    ("Cesar Chavez Day in California", QuietHours(holidays=("US-CA",)), (LOS_ANGELES,), (),
     "2026-03-31T12:00:00", "2026-04-01T08:00:00-07:00"),
    ("not one of the whole country", QuietHours(holidays=("US",)), (LOS_ANGELES,), (),
     "2026-03-31T12:00:00", "now"),
    ("year end", USUAL, (NEW_YORK,), (), "2026-12-31T21:00:00", "2027-01-01T08:00:00-05:00"),
    ("New Year off", QuietHours(holidays=("US",)), (NEW_YORK,), (),
     "2026-12-31T21:00:00", "2027-01-02T08:00:00-05:00"),
    ("observed the year before", QuietHours(holidays=("US",)), (NEW_YORK,), (),
     "2027-12-31T12:00:00", "2028-01-02T08:00:00-05:00"),
    ("two zones, evening in one", USUAL, (NEW_YORK, CHICAGO), (),
     "2026-03-02T21:00:00", "2026-03-03T09:00:00-05:00"),
    ("two zones, morning in one", USUAL, (NEW_YORK, CHICAGO), (),
     "2026-03-02T08:59:59.999999", "2026-03-02T09:00:00-05:00"),
    ("two zones, both open", USUAL, (NEW_YORK, CHICAGO), (), "2026-03-02T09:00:00", "now"),
    ("two zones, last instant", USUAL, (CHICAGO, NEW_YORK), (), "2026-03-02T19:59:59.999999", "now"),
    ("a holiday that begins earlier in one", THIRD_OFF, (LOS_ANGELES, "Asia/Tokyo"), (),
     "2026-03-02T15:00:00", "2026-03-04T15:00:00-08:00"),
    ("45 minutes", USUAL, (KATHMANDU, KOLKATA), (), "2026-03-02T08:00:00", "2026-03-02T08:15:00+05:45"),
    ("30 minutes", USUAL, (KOLKATA, KATHMANDU), (), "2026-03-02T20:44:59.999999", "now"),
    ("30 minutes, closed", USUAL, (KOLKATA, KATHMANDU), (),
     "2026-03-02T20:45:00", "2026-03-03T08:00:00+05:30"),
    ("gap: 02:30 does not exist", QuietHours("02:30", "05:00"), (NEW_YORK,), (),
     "2026-03-08T01:59:59.999999", "2026-03-08T03:00:00-04:00"),
    ("gap of half an hour", QuietHours("02:15", "05:00"), (LORD_HOWE,), (),
     "2026-10-04T01:00:00", "2026-10-04T02:30:00+11:00"),
    ("gap: closing in it", QuietHours("01:00", "02:30"), (NEW_YORK,), (),
     "2026-03-08T01:59:59.999999", "now"),
    ("gap: closed after it", QuietHours("01:00", "02:30"), (NEW_YORK,), (),
     "2026-03-08T03:00:00", "2026-03-09T01:00:00-04:00"),
    ("to the end of the day", QuietHours("08:00", "24:00"), (NEW_YORK,), (),
     "2026-03-02T23:59:59.999999", "now"),
    ("a day that was left out", QuietHours(), ("Pacific/Apia",), (),
     "2011-12-29T21:00:00", "2011-12-31T08:00:00+14:00"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "quiet", "zones", "places", "now", "then"), TABLE, ids=[r[0] for r in TABLE]
)
def test_each_rule_at_its_boundary(
    what: str,
    quiet: QuietHours,
    zones: tuple[str, ...],
    places: tuple[tuple[str, str], ...],
    now: str,
    then: str,
) -> None:
    assert shown(may_go_at(quiet, zones, places, wall(now, zones[0])), zones[0]) == then, what


class TestHourThatComesTwice:
    """In the night of 1 November 2026 New York has 01:00 to 01:59 twice."""

    def test_what_has_closed_does_not_open_again(self) -> None:
        quiet = QuietHours("00:30", "01:30")
        first, second = (wall("2026-11-01T01:15:00", NEW_YORK, fold) for fold in (0, 1))
        assert may_go_at(quiet, (NEW_YORK,), (), first) is None
        then = may_go_at(quiet, (NEW_YORK,), (), second)
        assert shown(then, NEW_YORK) == "2026-11-02T00:30:00-05:00"

    def test_before_the_opening_hour_it_is_quiet_both_times(self) -> None:
        quiet = QuietHours("01:30", "05:00")
        first, second = (wall("2026-11-01T01:29:59", NEW_YORK, fold) for fold in (0, 1))
        assert may_go_at(quiet, (NEW_YORK,), (), first) == wall("2026-11-01T01:30:00", NEW_YORK, 0)
        assert may_go_at(quiet, (NEW_YORK,), (), second) == wall("2026-11-01T01:30:00", NEW_YORK, 1)

    def test_half_an_hour_twice_on_lord_howe(self) -> None:
        quiet = QuietHours("01:00", "01:45")
        assert may_go_at(quiet, (LORD_HOWE,), (), wall("2026-04-05T01:44:59", LORD_HOWE, 0)) is None
        then = may_go_at(quiet, (LORD_HOWE,), (), wall("2026-04-05T01:35:00", LORD_HOWE, 1))
        assert shown(then, LORD_HOWE) == "2026-04-06T01:00:00+10:30"


class TestZonesTooFarApart:
    """Where no common hour comes, the organisation's hours hold, and that is said."""

    zones = (NEW_YORK, BERLIN, "Asia/Tokyo")

    def test_open_at_home(self) -> None:
        found = opening(USUAL, self.zones, (), wall("2026-03-02T08:00:00", NEW_YORK), NEW_YORK)
        assert (found.reason, found.note) == ("", APART)

    def test_closed_at_home(self) -> None:
        now = wall("2026-03-02T21:00:00", NEW_YORK)
        assert may_go_at(USUAL, self.zones, (), now, NEW_YORK) == wall("2026-03-03T08:00:00", NEW_YORK)
        assert why(USUAL, self.zones, (), now, NEW_YORK) == (
            "quiet hours until 08:00 (America/New_York): no hour suits every zone that it may arrive in"
        )

    def test_a_day_is_found_on_which_they_meet(self) -> None:
        """The clocks of New York change three weeks before those of Berlin: seven hours short become six."""
        quiet = QuietHours("12:00", "17:30")
        found = may_go_at(quiet, (NEW_YORK, BERLIN), (), wall("2026-03-07T20:00:00", NEW_YORK), NEW_YORK)
        assert shown(found, NEW_YORK) == "2026-03-08T12:00:00-04:00"

    def test_no_zone_at_all_is_home(self) -> None:
        assert may_go_at(USUAL, (), (), wall("2026-03-02T07:00:00", CHICAGO), CHICAGO) == wall(
            "2026-03-02T08:00:00", CHICAGO
        )


def test_hours_that_never_come_are_looked_at_again_in_four_weeks() -> None:
    """Settings refuse them; should two places of one person exclude each other, the search still ends."""
    quiet = QuietHours(places=(Place("US", "FL", closes="12:00"), Place("DE", opens="12:00")))
    now = wall("2026-03-02T12:00:00", NEW_YORK)
    found = may_go_at(quiet, (NEW_YORK,), (("US", "FL"), ("DE", "")), now, NEW_YORK)
    assert found == now + 28 * 24 * 3600 * 1_000_000


def test_one_zone_is_never_too_far_apart() -> None:
    """Mondays only, and the next two are holidays: three weeks, of which nobody says that zones differ."""
    quiet = QuietHours(days=frozenset({0}), holidays=("2028-12-25", "2029-01-01"))
    found = opening(quiet, (NEW_YORK, NEW_YORK), (), wall("2028-12-19T12:00:00", NEW_YORK), "Asia/Tokyo")
    assert shown(found.at, NEW_YORK) == "2029-01-08T08:00:00-05:00"
    assert found.reason == "no messages on Tuesdays, until 08:00 on 2029-01-08 (America/New_York)"
    assert not found.note


@pytest.mark.parametrize(("closes", "note"), [("19:30", ""), ("19:00", APART)])
def test_two_weeks_are_looked_at_for_a_common_hour(closes: str, note: str) -> None:
    """New York opens when Berlin's clock shows 19:00, on Mondays only; the next one is off."""
    quiet = QuietHours("13:00", closes, frozenset({0}), holidays=("2026-06-08",))
    found = opening(quiet, (NEW_YORK, BERLIN), (), wall("2026-06-01T21:00:00", NEW_YORK), NEW_YORK)
    assert shown(found.at, NEW_YORK) == "2026-06-15T13:00:00-04:00"
    assert found.note == note


@pytest.mark.parametrize(("asked", "note"), [("12:59:59.999999", APART), ("13:00:00", "")])
def test_not_a_microsecond_more_than_two_weeks(asked: str, note: str) -> None:
    quiet = QuietHours("13:00", "19:30", frozenset({0}), holidays=("2026-06-01", "2026-06-08"))
    found = opening(quiet, (NEW_YORK, BERLIN), (), wall(f"2026-06-01T{asked}", NEW_YORK), NEW_YORK)
    assert found.note == note
    assert shown(found.at, NEW_YORK) == "2026-06-15T13:00:00-04:00"


REASONS = [
    (USUAL, (CHICAGO,), "2026-03-02T21:00:00", "quiet hours until 08:00 (America/Chicago)"),
    (USUAL, (CHICAGO, NEW_YORK), "2026-03-02T20:00:00", "quiet hours until 08:00 (America/Chicago)"),
    (USUAL, (CHICAGO,), "2026-03-02T12:00:00", ""),
    (WEEKDAYS, (CHICAGO,),
     "2026-03-07T12:00:00", "no messages on Saturdays, until 08:00 on 2026-03-09 (America/Chicago)"),
    (QuietHours(holidays=("US",)), (CHICAGO,),
     "2026-11-26T12:00:00", "holiday: Thanksgiving Day, until 08:00 (America/Chicago)"),
    (XMAS_OFF, (CHICAGO,), "2026-12-25T08:00:00",
     "holiday: 2026-12-25, until 08:00 on 2026-12-26 (America/Chicago)"),
    (QuietHours("08:00:30"), (CHICAGO,),
     "2026-03-02T08:00:00", "quiet hours until 08:00:30 (America/Chicago)"),
]  # fmt: skip


@pytest.mark.parametrize(("quiet", "zones", "now", "said"), REASONS)
def test_staff_read_why(quiet: QuietHours, zones: tuple[str, ...], now: str, said: str) -> None:
    assert why(quiet, zones, (), wall(now, zones[0])) == said
