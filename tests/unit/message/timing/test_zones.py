"""In which zones and places somebody may be: from the record's zone, addresses, numbers, or nothing."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from shared.fhir.fact import Address, ContactPoint, Fact, Person
from shared.fhir.spelled import spelled
from shared.message.policy import Policy
from shared.message.timing.countries import country_code, zones_of_country
from shared.message.timing.states import state_code, states, zones_of_state
from shared.message.timing.zones import plausible_places, plausible_zones

POLICY = Policy(zone="America/New_York", region="US")
QUEBEC = ("America/Toronto", "America/Blanc-Sablon", "America/Halifax")
FLORIDA = Address(state="FL", country="US")


def person(*addresses: Address, phone: str = "", zone: str = "") -> Person:
    return Person(
        "p1",
        addresses=addresses,
        telecom=(ContactPoint("phone", phone, "mobile"),) if phone else (),
        attributes={"time-zone": (zone,)} if zone else {},
    )


def carer(*addresses: Address, phone: str = "") -> Fact:
    points = (ContactPoint("phone", phone, "mobile"),) if phone else ()
    return Fact(
        "RelatedPerson",
        "r1",
        attributes={"spelled-address": spelled(addresses), "spelled-telecom": spelled(points)},
    )


class TestZoneOfTheRecord:
    """What the FHIR extension says comes before everything."""

    def test_it_is_the_only_one(self) -> None:
        assert plausible_zones(person(FLORIDA, zone="Asia/Kolkata"), None, POLICY) == ("Asia/Kolkata",)

    def test_it_may_be_utc(self) -> None:
        assert plausible_zones(person(FLORIDA, zone="Etc/UTC"), None, POLICY) == ("Etc/UTC",)

    def test_one_that_nobody_knows_is_passed_over(self) -> None:
        assert plausible_zones(person(Address(state="NY"), zone="Moon/Tranquility"), None, POLICY) == (
            "America/New_York",
        )

    def test_stricter_hours_follow_the_address_all_the_same(self) -> None:
        assert plausible_places(person(FLORIDA, zone="America/Chicago"), None, POLICY) == (("US", "FL"),)

    def test_it_is_not_that_of_somebody_else(self) -> None:
        found = plausible_zones(person(zone="Asia/Kolkata"), carer(Address(state="NY")), POLICY)
        assert found == ("America/New_York",)


class TestAddresses:
    """A state has its zones, a country all of them."""

    @pytest.mark.parametrize(
        ("address", "zones"),
        [
            (Address(state="NY", country="US"), ("America/New_York",)),
            (Address(state="New York", country="United States of America"), ("America/New_York",)),
            (Address(state="us-ny", country="usa"), ("America/New_York",)),
            (Address(state="NY"), ("America/New_York",)),  # our own country
            (Address(state="Florida"), ("America/New_York", "America/Chicago")),
            (Address(state="IN"), ("America/Indiana/Indianapolis", "America/Chicago")),
            (Address(state="AZ"), ("America/Phoenix", "America/Denver")),
            (Address(state="AK"), ("America/Anchorage", "America/Adak")),
            (Address(state="ID"), ("America/Boise", "America/Los_Angeles")),
            (Address(state="OR"), ("America/Los_Angeles", "America/Boise")),
            (Address(state="TX"), ("America/Chicago", "America/Denver")),
            (Address(state="Washington, D.C."), ("America/New_York",)),
            (Address(state="Puerto Rico"), ("America/Puerto_Rico",)),
            (Address(state="WA", country="AU"), ("Australia/Perth", "Australia/Eucla")),
            (Address(state="Québec", country="Canada"), QUEBEC),
            (Address(state="Yucatán", country="México"), ("America/Merida",)),
            (Address(state="SP", country="Brasil"), ("America/Sao_Paulo",)),
            (Address(state="Bayern", country="Deutschland"), ("Europe/Berlin", "Europe/Busingen")),
            (Address(city="Kathmandu", country="NP"), ("Asia/Kathmandu",)),
        ],
    )  # fmt: skip
    def test_table(self, address: Address, zones: tuple[str, ...]) -> None:
        assert plausible_zones(person(address), None, POLICY) == zones

    def test_a_state_that_is_not_known_may_be_any(self) -> None:
        found = plausible_zones(person(Address(state="Utopia", country="US")), None, POLICY)
        assert found == zones_of_country("US")
        assert plausible_places(person(Address(state="Utopia")), None, POLICY) == (("US", ""),)

    def test_two_homes_count_both_and_work_does_not(self) -> None:
        who = person(
            Address(use="home", state="NY"),
            Address(use="temp", state="CA"),
            Address(use="work", state="HI"),
            Address(use="old", state="TX"),
        )
        assert plausible_zones(who, None, POLICY) == ("America/New_York", "America/Los_Angeles")

    def test_work_is_better_than_nothing(self) -> None:
        assert plausible_zones(person(Address(use="work", state="HI")), None, POLICY) == ("Pacific/Honolulu",)

    def test_an_old_address_says_nothing(self) -> None:
        found = plausible_zones(person(Address(use="old", state="HI")), None, POLICY)
        assert found == zones_of_country("US")

    def test_a_country_that_is_not_known_is_not_ours(self) -> None:
        who = person(Address(state="NY", country="Ruritania"), phone="+91 98765 43210")
        assert plausible_zones(who, None, POLICY) == ("Asia/Kolkata", "America/New_York")

    def test_related_people_have_their_own(self) -> None:
        assert plausible_zones(person(FLORIDA), carer(Address(state="CA")), POLICY) == (
            "America/Los_Angeles",
        )
        assert plausible_places(person(FLORIDA), carer(Address(state="CA")), POLICY) == (("US", "CA"),)


class TestNumbers:
    """Without an address the number tells the country; the organisation's zone stays plausible."""

    @pytest.mark.parametrize(
        ("number", "zones"),
        [
            ("+91 98765 43210", ("Asia/Kolkata",)),
            ("+44 7700 900123", ("Europe/London",)),
            ("+55 11 2345 6789", ("America/Sao_Paulo",)),  # a landline: its area
            ("+55 11 91234 5678", zones_of_country("BR")),  # a mobile
            ("(212) 555-0142", zones_of_country("US")),  # may be either, and has been taken along
        ],
    )
    def test_table(self, number: str, zones: tuple[str, ...]) -> None:
        found = plausible_zones(person(phone=number), None, POLICY)
        assert found == tuple(dict.fromkeys((*zones, "America/New_York")))

    @pytest.mark.parametrize("number", ["+800 1234 5678", "+870 773 111 632", "ask my son", "12"])
    def test_numbers_that_are_nowhere(self, number: str) -> None:
        assert plausible_zones(person(phone=number), None, POLICY) == zones_of_country("US")
        assert plausible_places(person(phone=number), None, POLICY) == (("US", ""),)

    def test_its_country_is_the_place(self) -> None:
        assert plausible_places(person(phone="+91 98765 43210"), None, POLICY) == (("IN", ""),)

    def test_of_related_people_too(self) -> None:
        found = plausible_zones(person(FLORIDA), carer(phone="+91 98765 43210"), POLICY)
        assert found == ("Asia/Kolkata", "America/New_York")


class TestNothingKnown:
    """All zones of our country, and our own."""

    @pytest.mark.parametrize("who", [None, person()])
    def test_patient(self, who: Person | None) -> None:
        assert plausible_zones(who, None, POLICY) == zones_of_country("US")
        assert plausible_zones(who, None, Policy(zone="Europe/Rome", region="IT")) == ("Europe/Rome",)
        assert plausible_places(who, None, POLICY) == (("US", ""),)

    def test_related_person(self) -> None:
        assert plausible_zones(person(FLORIDA), carer(), POLICY) == zones_of_country("US")

    def test_a_region_that_is_no_country(self) -> None:
        who = person(Address(state="NY"))
        assert plausible_zones(who, None, Policy(zone="America/New_York", region="XX")) == (
            "America/New_York",
        )


class TestTables:
    """Held to tzdata: every zone exists, none of a country is forgotten."""

    @pytest.mark.parametrize(
        ("country", "count"), [("US", 56), ("CA", 13), ("AU", 8), ("MX", 32), ("BR", 27)]
    )
    def test_states(self, country: str, count: int) -> None:
        found = states(country)
        assert len(found) == count
        for code, (names, zones) in found.items():
            assert {state_code(country, text) for text in (code, *names)} == {code}
            assert zones
            assert all(ZoneInfo(zone) for zone in zones)

    @pytest.mark.parametrize("country", ["US", "CA", "AU", "MX", "BR"])
    def test_every_clock_of_the_country_is_some_states(self, country: str) -> None:
        """A zone of zone.tab that no state names keeps the same time as one that some state does."""
        named = {zone for code in states(country) for zone in zones_of_state(country, code)}
        assert {_year(zone) for zone in zones_of_country(country)} <= {_year(zone) for zone in named}

    @pytest.mark.parametrize(
        ("text", "code"),
        [("us", "US"), ("U.S.A.", "US"), ("UK", "GB"), ("England", "GB"), ("Alemania", "DE"), ("840", "US")],
    )
    def test_countries(self, text: str, code: str) -> None:
        assert country_code(text) == code

    @pytest.mark.parametrize("text", ["", "  ", "ZZ", "Ruritania", "1"])
    def test_no_countries(self, text: str) -> None:
        assert country_code(text) == ""


def _year(zone: str) -> tuple[object, ...]:
    """Return a zone's offsets over 2027, week by week."""
    from datetime import datetime, timedelta

    first = datetime(2027, 1, 1, 12, tzinfo=ZoneInfo(zone))
    return tuple((first + timedelta(weeks=week)).utcoffset() for week in range(52))
