"""Now, later or never: quiet hours, caps and expiry together, and what is said."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.fhir.choice import PURPOSES
from shared.fhir.fact import Address, Fact, Person
from shared.fhir.instants import DAY, HOUR, MINUTE, Instant, to_datetime
from shared.fhir.spelled import spelled
from shared.message.policy import Policy
from shared.message.timing.caps import Cap
from shared.message.timing.expiry import expires_at, too_late
from shared.message.timing.hours import Place, QuietHours
from shared.message.timing.quiet import APART
from shared.message.timing.verdict import Goes, Later, Never, timing
from tests.unit.message.timing.timing_kit import NOW, message, policy, record, sent, wall

QUIET = policy(quiet=QuietHours())
NIGHT = wall("2026-11-24T22:00:00", "America/Chicago")
MORNING = wall("2026-11-25T08:00:00", "America/Chicago")
UNTIL = "quiet hours until 08:00 (America/Chicago)"
ONE_A_DAY = Cap(frozenset({"marketing"}), 1, DAY)


class TestQuietHours:
    """They are those of the recipient."""

    def test_by_day_it_goes(self) -> None:
        assert timing(record(), message(), QUIET, NOW) == Goes()

    def test_by_night_it_waits(self) -> None:
        assert timing(record(), message(), QUIET, NIGHT) == Later(MORNING, UNTIL)
        assert timing(record(), message(), QUIET, MORNING) == Goes()

    def test_none_are_set(self) -> None:
        assert timing(record(), message(), policy(), NIGHT) == Goes()

    def test_answers_go_at_any_hour(self) -> None:
        asked = message(purpose="marketing", answers="reply-1", expires=Instant(NIGHT - 1))
        assert timing(record(sent(2, NIGHT)), asked, policy(ONE_A_DAY, quiet=QuietHours()), NIGHT) == Goes()

    @pytest.mark.parametrize("purpose", PURPOSES)
    def test_what_is_urgent_goes_by_night_unless_it_is_marketing(self, purpose: str) -> None:
        found = timing(record(), message(purpose=purpose), QUIET, NIGHT, urgent=True)
        assert found == (Later(MORNING, UNTIL) if purpose == "marketing" else Goes())

    def test_family_has_its_own_clock(self) -> None:
        address = spelled((Address(state="CA", country="US"),))
        mother = Fact("RelatedPerson", "r1", attributes={"spelled-address": address})
        held = record(facts=(mother,))
        early = wall("2026-11-24T08:00:00", "America/Chicago")
        assert timing(held, message(), QUIET, early) == Goes()
        found = timing(held, message(party="RelatedPerson/r1"), QUIET, early)
        assert found == Later(Instant(early + 2 * HOUR), "quiet hours until 08:00 (America/Los_Angeles)")

    def test_stricter_place_of_the_address(self) -> None:
        strict = policy(quiet=QuietHours(places=(Place("US", "FL", closes="20:00"),)))
        who = Person("p1", addresses=(Address(state="FL"),), attributes={"time-zone": ("America/New_York",)})
        at = wall("2026-11-24T20:00:00", "America/New_York")
        assert isinstance(timing(record(person=who), message(), strict, at), Later)
        assert isinstance(timing(record(person=who), message(), strict, Instant(at - 1)), Goes)

    def test_no_common_hour_is_noted(self) -> None:
        two = Person("p1", addresses=(Address(country="NZ"), Address(state="NY", country="US")))
        afar = Person("p1", addresses=(*two.addresses, Address(country="IN")))
        noon = wall("2026-11-24T12:00:00", "America/New_York")
        assert timing(record(person=afar), message(), QUIET, noon) == Goes(APART)
        assert isinstance(timing(record(person=two), message(), QUIET, noon), Later)


class TestTooLate:
    """What could only go at or after its end never goes."""

    @pytest.mark.parametrize(("left", "goes"), [(0, False), (-1, False), (1, True)])
    def test_expired(self, left: int, goes: bool) -> None:
        found = timing(record(), message(expires=Instant(NOW + left)), QUIET, NOW)
        assert found == (Goes() if goes else Never("too late: it has expired"))

    @pytest.mark.parametrize(("left", "waits"), [(-HOUR, False), (0, False), (1, True)])
    def test_it_expires_in_the_night(self, left: int, waits: bool) -> None:
        found = timing(record(), message(expires=Instant(MORNING + left)), QUIET, NIGHT)
        assert isinstance(found, Later if waits else Never)

    def test_and_staff_read_why(self) -> None:
        found = timing(record(), message(expires=Instant(MORNING - HOUR)), QUIET, NIGHT)
        assert found == Never(f"too late: {UNTIL}, and it expires at 08:00 (America/New_York)")

    @pytest.mark.parametrize(("left", "goes"), [(0, False), (1, True)])
    def test_the_focus_has_started(self, left: int, goes: bool) -> None:
        about = message(focus="Appointment/a1")
        found = timing(record(), about, QUIET, NOW, latest=Instant(NOW + left))
        assert found == (Goes() if goes else Never("too late: Appointment/a1 has started"))

    def test_the_focus_starts_before_the_hours_do(self) -> None:
        about = message(focus="Appointment/a1", expires=Instant(MORNING + DAY))
        found = timing(record(), about, QUIET, NIGHT, latest=Instant(MORNING - 30 * MINUTE))
        said = f"too late: {UNTIL}, and Appointment/a1 starts at 08:30 (America/New_York)"
        assert found == Never(said)

    def test_an_urgent_one_still_makes_it(self) -> None:
        about = message(focus="Appointment/a1")
        assert timing(record(), about, QUIET, NIGHT, urgent=True, latest=Instant(NIGHT + HOUR)) == Goes()


class TestCaps:
    """They come together with the hours."""

    def test_it_waits_for_room_and_then_for_the_day(self) -> None:
        held = record(sent(2, Instant(NIGHT - HOUR)))
        found = timing(held, message(purpose="marketing"), policy(ONE_A_DAY, quiet=QuietHours()), NIGHT)
        assert isinstance(found, Later)
        assert found.until == MORNING + DAY
        assert found.reason == (
            "frequency cap: 1 marketing message within 1 day, until 09:00 on 2026-11-26 (America/New_York)"
        )

    def test_no_hours_are_set(self) -> None:
        held = record(sent(2, Instant(NOW - HOUR)))
        found = timing(held, message(purpose="marketing"), policy(ONE_A_DAY), NOW)
        assert found == Later(
            Instant(NOW + 23 * HOUR),
            "frequency cap: 1 marketing message within 1 day, until 12:00 (America/New_York)",
        )

    def test_dropped(self) -> None:
        drops = Cap(frozenset({"marketing"}), 1, DAY, "drop")
        held = record(sent(2, Instant(NOW - HOUR)))
        assert timing(held, message(purpose="marketing"), policy(drops), NOW) == Never(
            "frequency cap: 1 marketing message within 1 day"
        )

    def test_room_comes_too_late(self) -> None:
        held = record(sent(2, Instant(NOW - HOUR)))
        asked = message(purpose="marketing", expires=Instant(NOW + 23 * HOUR))
        found = timing(held, asked, policy(ONE_A_DAY), NOW)
        assert isinstance(found, Never)
        assert found.reason.startswith("too late: frequency cap: 1 marketing message within 1 day, until ")

    def test_urgent_ones_keep_to_them(self) -> None:
        care = Cap(frozenset({"care"}), 1, DAY)
        held = record(sent(2, Instant(NOW - HOUR), "care"))
        assert isinstance(timing(held, message(), policy(care), NOW, urgent=True), Later)

    def test_two_that_are_due_together(self) -> None:
        """The first claim is counted before the second message is looked at."""
        first = message(1, purpose="marketing", status="in-progress", first_sent=NOW)
        second = message(2, purpose="marketing")
        assert isinstance(timing(record(first, second), second, policy(ONE_A_DAY), NOW), Later)


@settings(max_examples=150, deadline=None)
@given(
    now=st.integers(1_700_000_000_000_000, 1_900_000_000_000_000),
    zone=st.sampled_from(("America/Chicago", "Asia/Kathmandu", "Pacific/Chatham", "Europe/Berlin")),
    purpose=st.sampled_from(PURPOSES),
    age=st.integers(0, 2 * DAY),
    lasts=st.none() | st.integers(-HOUR, 3 * DAY),
    urgent=st.booleans(),
)
def test_never_in_quiet_hours_above_a_cap_or_too_late(
    now: int, zone: str, purpose: str, age: int, lasts: int | None, urgent: bool
) -> None:
    rules = policy(ONE_A_DAY, quiet=QuietHours())
    who = Person("p1", attributes={"time-zone": (zone,)})
    held = record(sent(2, Instant(now - age)), person=who)
    expires = None if lasts is None else Instant(now + lasts)
    asked = message(at=Instant(now), purpose=purpose, expires=expires)
    found = timing(held, asked, rules, Instant(now), urgent=urgent)
    at = found.until if isinstance(found, Later) else now
    if isinstance(found, Never):
        assert lasts is not None
        assert lasts < 2 * DAY + 12 * HOUR
        return
    assert expires is None or at < expires
    exempt = urgent and purpose != "marketing"
    assert exempt or 8 <= to_datetime(Instant(at), ZoneInfo(zone)).hour < 21
    assert purpose != "marketing" or at >= now - age + DAY
    assert timing(held, asked, rules, Instant(at), urgent=urgent) == Goes()  # and then it does go


class TestExpiry:
    """A template's duration, else the organisation's patience."""

    def test_patience(self) -> None:
        assert expires_at(NOW, None, Policy(patience=HOUR)) == NOW + HOUR

    def test_clock_time(self) -> None:
        assert expires_at(NOW, "PT4H", Policy()) == NOW + 4 * HOUR

    def test_days_are_those_of_the_organisation(self) -> None:
        """Over the night in which clocks go forward a day has 23 hours."""
        due = wall("2026-03-07T12:00:00", "America/New_York")
        assert expires_at(due, "P1D", policy()) == due + 23 * HOUR
        assert expires_at(due, "PT24H", policy()) == due + 24 * HOUR

    @pytest.mark.parametrize("text", ["", "soon", "PT0S", "-PT1H", "P99999Y"])
    def test_what_is_no_time_to_be_sent_in(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"duration|some time|calendar"):
            expires_at(NOW, text, Policy())

    @pytest.mark.parametrize(("left", "said"), [(1, ""), (0, "too late: it has expired")])
    def test_too_late(self, left: int, said: str) -> None:
        assert too_late(message(expires=Instant(NOW + left)), None, NOW, Policy()) == said

    def test_one_that_was_planned_before_this_was_noted(self) -> None:
        old = message(at=Instant(NOW - 4 * HOUR))
        assert too_late(old, "PT4H", NOW, Policy())
        assert not too_late(old, "PT4H", Instant(NOW - 1), Policy())
        assert not too_late(old, None, NOW, Policy())

    def test_answers_are_never_too_late(self) -> None:
        assert not too_late(message(answers="reply-1", expires=NOW), None, NOW, Policy())
