"""HEARTHLINE_QUIET_HOURS and HEARTHLINE_CAPS: what they may say, what they become, what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.bootstrap import policy_of
from shared.config import Settings, settings
from shared.errors import Invalid
from shared.fhir.instants import DAY, HOUR
from shared.message.timing.caps import Cap
from shared.message.timing.hours import Place, QuietHours
from tests.unit.docs.pages import DOCS, ROOT, blocks

BASE = {"AzureWebJobsStorage": "x", "HEARTHLINE_FHIR_URL": "https://fhir.example"}


def read(**more: Any) -> Settings:
    return settings(BASE | {name: json.dumps(value) for name, value in more.items()})


def quiet(**more: Any) -> QuietHours | None:
    return policy_of(read(HEARTHLINE_QUIET_HOURS=more)).quiet


class TestQuietHours:
    """One object."""

    def test_by_default_the_hours_that_the_law_of_the_united_states_leaves(self) -> None:
        assert policy_of(settings(BASE)).quiet == QuietHours("08:00", "21:00")
        assert quiet() == QuietHours()

    def test_null_is_at_any_hour(self) -> None:
        assert policy_of(settings(BASE | {"HEARTHLINE_QUIET_HOURS": "null"})).quiet is None

    def test_everything_that_it_may_say(self) -> None:
        assert quiet(
            opens="09:00",
            closes="24:00",
            days=["mon", "sun"],
            places=[
                {"country": "usa", "state": "Florida", "closes": "20:00"},
                {"country": "DE", "days": ["mon", "sun", "sat"]},
            ],
            holidays=["US", "US-CA", "2026-12-24"],
        ) == QuietHours(
            "09:00",
            "24:00",
            frozenset({0, 6}),
            (
                Place("US", "FL", "08:00", "20:00"),
                Place("DE", "", "08:00", "21:00", frozenset({0, 5, 6})),
            ),
            ("US", "US-CA", "2026-12-24"),
        )

    @pytest.mark.parametrize(
        ("said", "where", "why"),
        [
            ({"opens": "8"}, ".opens", "time of day"),
            ({"opens": "24:00"}, "", "opens must be before closes"),
            ({"closes": "24:01"}, ".closes", "time of day"),
            ({"opens": "21:00"}, "", "opens must be before closes"),
            ({"opens": "22:00", "closes": "06:00"}, "", "opens must be before closes"),
            ({"days": []}, ".days", "at least 1"),
            ({"days": ["monday"]}, ".days.0", "'mon'"),
            ({"open": "08:00"}, ".open", "not permitted"),
            ({"places": [{"state": "FL"}]}, ".places.0.country", "must be set"),
            ({"places": [{"country": "Ruritania"}]}, ".places.0.country", "must be a country"),
            ({"places": [{"country": "US", "state": "ZZ"}]}, ".places.0", "must be a state"),
            ({"places": [{"country": "US", "opens": "21:00"}]}, ".places.0", "opens must be before"),
            ({"holidays": ["2026-02-30"]}, ".holidays.0", "neither a date"),
            ({"holidays": ["Ruritania"]}, ".holidays.0", "neither a date"),
            ({"holidays": ["XX"]}, ".holidays.0", "neither a date"),
            ({"holidays": ["US-ZZ"]}, ".holidays.0", "the calendar of US has no ZZ"),
        ],
    )
    def test_what_is_wrong_is_named(self, said: dict[str, Any], where: str, why: str) -> None:
        with pytest.raises(Invalid) as invalid:
            quiet(**said)
        problem = invalid.value.problems[0]
        assert problem.where.startswith(f"HEARTHLINE_QUIET_HOURS{where}")
        assert why in str(problem)

    @pytest.mark.parametrize(
        "said",
        [
            {"places": [{"country": "US", "state": "FL", "closes": "12:00"},
                        {"country": "US", "state": "AL", "opens": "12:00"}]},
            {"places": [{"country": "US", "days": ["sun"]}], "days": ["mon"]},
            {"holidays": [f"2026-12-{day:02}" for day in range(15, 32)]},
            {"holidays": ["2026-12-21", "2026-12-28"], "days": ["mon"]},
            {"holidays": ["2026-12-21", "2026-12-28"], "places": [{"country": "US", "days": ["mon"]}]},
            {"holidays": [f"9999-12-{day:02}" for day in range(1, 32)]},
        ],
    )  # fmt: skip
    def test_hours_that_do_not_come_for_two_weeks_are_refused(self, said: dict[str, Any]) -> None:
        with pytest.raises(Invalid, match=r"HEARTHLINE_QUIET_HOURS: .*no hour"):
            quiet(**said)

    def test_places_of_two_countries_do_not_meet(self) -> None:
        assert quiet(places=[{"country": "US", "closes": "12:00"}, {"country": "DE", "opens": "12:00"}])

    def test_not_quite_two_weeks_are_fine(self) -> None:
        assert quiet(holidays=[f"2026-12-{day:02}" for day in range(1, 14)])
        assert quiet(holidays=["2026-12-21", "2027-01-04"], days=["mon"])

    @pytest.mark.parametrize("text", ["", "08:00-21:00", "[]", "7"])
    def test_what_is_no_object(self, text: str) -> None:
        with pytest.raises(Invalid, match="HEARTHLINE_QUIET_HOURS"):
            settings(BASE | {"HEARTHLINE_QUIET_HOURS": text})


class TestCaps:
    """A list."""

    def test_by_default(self) -> None:
        assert policy_of(settings(BASE)).caps == (
            Cap(frozenset({"marketing"}), 2, 7 * DAY, "defer"),
            Cap(frozenset({"marketing", "research", "operations"}), 6, 7 * DAY, "defer", frozenset({"care"})),
        )

    def test_none(self) -> None:
        assert policy_of(read(HEARTHLINE_CAPS=[])).caps == ()

    def test_everything_that_one_may_say(self) -> None:
        said = {"purposes": ["research", "marketing"], "most": 1, "within": "P1DT12H", "then": "drop"}
        assert policy_of(read(HEARTHLINE_CAPS=[said | {"counts": ["care"]}])).caps == (
            Cap(frozenset({"research", "marketing"}), 1, 36 * HOUR, "drop", frozenset({"care"})),
        )

    @pytest.mark.parametrize(
        ("more", "where"),
        [
            ({"purposes": []}, "purposes"),
            ({"purposes": ["fun"]}, "purposes"),
            ({"counts": ["fun"]}, "counts"),
            ({"most": 0}, "most"),
            ({"within": "a week"}, "within"),
            ({"within": "P1M"}, "within"),
            ({"within": "PT0S"}, "within"),
            ({"within": "-P1D"}, "within"),
            ({"within": "P367D"}, "within"),
            ({"then": "wait"}, "then"),
            ({"sort": 1}, "sort"),
        ],
    )
    def test_what_is_wrong_is_named(self, more: dict[str, Any], where: str) -> None:
        with pytest.raises(Invalid) as invalid:
            read(HEARTHLINE_CAPS=[{"purposes": ["marketing"], "most": 1, "within": "P1D"} | more])
        assert all(
            problem.where.startswith(f"HEARTHLINE_CAPS.0.{where}") for problem in invalid.value.problems
        )


def test_the_examples_of_the_page_can_be_used() -> None:
    quiet_hours, caps = (json.loads(block) for block in blocks(DOCS / "timing.md", "json"))
    chosen = policy_of(read(HEARTHLINE_QUIET_HOURS=quiet_hours, HEARTHLINE_CAPS=caps))
    assert chosen.quiet is not None
    assert {place.state for place in chosen.quiet.places} == {"FL", "WA", "AL"}
    assert chosen.caps[:2] == policy_of(settings(BASE)).caps


def test_the_sample_of_settings_says_what_holds_without_it() -> None:
    values = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
    given = {name: values[name] for name in ("HEARTHLINE_QUIET_HOURS", "HEARTHLINE_CAPS")}
    said, silent = policy_of(settings(BASE | given)), policy_of(settings(BASE))
    assert (said.quiet, said.caps) == (silent.quiet, silent.caps)
