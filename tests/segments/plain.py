"""Cohorts of the synthetic population, counted in plain Python from the raw resources without our engine.

Written apart from the definitions: codes are those that occur in the data, dates are worked out by hand for
2021-04-01T00:00:00Z. Nobody in the data is in hospice care, has lost both breasts or lacks a cervix.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct, field

TODAY = date(2021, 4, 1)
NOW = datetime(2021, 4, 1, tzinfo=UTC)
DIABETES, HYPERTENSION, PREGNANCY = "44054006", "38341003", "72892002"
CHECK_UP = "185349003"
STATINS = {"316672", "312961", "259255"}
HIGH_RISK = ("diazepam", "clonazepam", "diphenhydramine", "meperidine", "chlorpheniramine")
HEART = {"53741008", "22298006", "399211009", "230690007"}
HEART_PROCEDURES = {"415070008", "232717009"}
COLON_CANCER = {"363406005", "93761005", "94260004", "109838007"}
DEPRESSION_SCREENING = {"171207006", "715252007"}
DEPRESSION = {"370143000"}


class Event(Struct):
    """A resource: its type, first code, day and second, and all of it."""

    kind: str
    code: str
    when: datetime
    raw: dict[str, Any]


class Chart(Struct):
    """A living patient."""

    raw: dict[str, Any]
    events: list[Event] = field(default_factory=list)

    @property
    def age(self) -> int:
        born = date.fromisoformat(self.raw["birthDate"])
        return TODAY.year - born.year - ((TODAY.month, TODAY.day) < (born.month, born.day))

    @property
    def woman(self) -> bool:
        return bool(self.raw["gender"] == "female")

    def found(self, kind: str, codes: set[str] | None = None, since: str = "0001-01-01") -> list[Event]:
        first = datetime.fromisoformat(since).replace(tzinfo=UTC)
        kept = (e for e in self.events if e.kind == kind and (codes is None or e.code in codes))
        return [event for event in kept if first < event.when <= NOW]

    def active(self, codes: set[str]) -> list[Event]:
        return [e for e in self.found("Condition", codes) if _clinical(e.raw) == "active"]


@cache
def charts(folder: Path) -> tuple[Chart, ...]:
    """Read those who live, and of their resources what the cohorts below ask for."""
    people = {raw["id"]: Chart(raw) for raw in _lines(folder, "Patient") if "deceasedDateTime" not in raw}
    for kind in ("Condition", "Encounter", "Immunization", "MedicationRequest", "Observation", "Procedure"):
        for raw in _lines(folder, kind):
            chart = people.get((raw.get("subject") or raw["patient"])["reference"].removeprefix("Patient/"))
            if chart is not None:
                chart.events.append(Event(kind, _code(raw), _when(raw), raw))
    return tuple(people.values())


def _lines(folder: Path, kind: str) -> Iterator[dict[str, Any]]:
    wanted = (b"55284-4", b"18262-6", b"57905-2") if kind == "Observation" else (b"{",)
    with gzip.open(folder / f"{kind}.ndjson.gz", "rb") as lines:
        yield from (json.loads(line) for line in lines if any(code in line for code in wanted))


def _code(raw: dict[str, Any]) -> str:
    held = raw.get("code") or raw.get("vaccineCode") or raw.get("medicationCodeableConcept") or raw["type"][0]
    return str(held["coding"][0]["code"])


def _when(raw: dict[str, Any]) -> datetime:
    names = ("onsetDateTime", "occurrenceDateTime", "authoredOn", "effectiveDateTime", "performedDateTime")
    period = raw.get("period") or raw.get("performedPeriod") or {}
    return datetime.fromisoformat(next((raw[name] for name in names if name in raw), period.get("start")))


def _clinical(raw: dict[str, Any]) -> str:
    return str(raw["clinicalStatus"]["coding"][0]["code"])


def adults(chart: Chart) -> bool:
    return chart.age >= 18


def diabetes(chart: Chart) -> bool:
    return bool(chart.active({DIABETES}))


def language_other_than_english(chart: Chart) -> bool:
    return not str(chart.raw["communication"][0]["language"]["coding"][0]["code"]).startswith("en")


def overdue_mammogram(chart: Chart) -> bool:
    return chart.woman and 40 <= chart.age < 75


def overdue_cervical_screening(chart: Chart) -> bool:
    smears = chart.found("Procedure", {"90226004"}, since="2018-04-01")
    return chart.woman and 21 <= chart.age < 66 and not smears


def overdue_colorectal_screening(chart: Chart) -> bool:
    done = [
        *chart.found("Procedure", {"73761001"}, since="2011-04-01"),
        *chart.found("Procedure", {"1015401000000102"}, since="2020-04-01"),
        *chart.found("Observation", {"57905-2"}, since="2020-04-01"),
    ]
    return 45 <= chart.age < 76 and not done and not chart.found("Condition", COLON_CANCER)


def influenza_vaccination_due(chart: Chart) -> bool:
    infant = date.fromisoformat(chart.raw["birthDate"]) > date(2020, 10, 1)
    return not infant and not chart.found("Immunization", {"140"}, since="2020-06-30T23:59:59")


def covid_vaccination_due(chart: Chart) -> bool:
    return chart.age >= 65


def no_visit_in_a_year(chart: Chart) -> bool:
    visits = [e for e in chart.found("Encounter", since="2018-04-01") if e.raw["class"]["code"] == "AMB"]
    return bool(visits) and all(e.when <= datetime(2020, 4, 1, tzinfo=UTC) for e in visits)


def depression_screening_due(chart: Chart) -> bool:
    screened = chart.found("Procedure", DEPRESSION_SCREENING, since="2020-04-01")
    return chart.age >= 12 and not screened and not chart.active(DEPRESSION)


def pregnancy(chart: Chart) -> bool:
    begun = [
        e for e in chart.found("Condition", {PREGNANCY}, since="2020-05-28") if _clinical(e.raw) == "active"
    ]
    return any(not _over(chart, one.when) for one in begun)


def _over(chart: Chart, since: datetime) -> bool:
    ends = {"66348005", "11466000", "236974004", "714812005", "19169002", "35999006", "79586000", "169762003"}
    return any(event.code in ends and since < event.when <= NOW for event in chart.events)


def high_risk_medication_older_adults(chart: Chart) -> bool:
    standing = [e for e in chart.found("MedicationRequest") if e.raw["status"] == "active"]
    names = (str(e.raw["medicationCodeableConcept"]["text"]).lower() for e in standing)
    return chart.age >= 65 and any(name in text for text in names for name in HIGH_RISK)


def statin_candidate(chart: Chart) -> bool:
    heart = chart.found("Condition", HEART) or chart.found("Procedure", HEART_PROCEDURES)
    ldl = any(e.raw["valueQuantity"]["value"] >= 190 for e in chart.found("Observation", {"18262-6"}))
    wanted = (
        (heart and chart.age >= 21) or (ldl and chart.age >= 20) or (diabetes(chart) and 40 <= chart.age < 76)
    )
    has = any(e.raw["status"] == "active" for e in chart.found("MedicationRequest", STATINS))
    return bool(wanted) and not has and not pregnancy(chart)


def uncontrolled_hypertension(chart: Chart) -> bool:
    taken = [
        e
        for e in chart.found("Observation", {"55284-4"}, since="2020-04-01")
        if not _in_hospital(chart, e.when)
    ]
    if not taken or not chart.active({HYPERTENSION}) or not 18 <= chart.age < 86 or pregnancy(chart):
        return False
    last = max(event.when.astimezone(UTC).date() for event in taken)
    of_day = [event for event in taken if event.when.astimezone(UTC).date() == last]
    return _lowest(of_day, "8480-6") >= 140 or _lowest(of_day, "8462-4") >= 90


def _in_hospital(chart: Chart, when: datetime) -> bool:
    day = when.astimezone(UTC).date()
    stays = (
        e.raw["period"] for e in chart.events if e.kind == "Encounter" and e.raw["class"]["code"] != "AMB"
    )
    days = (
        [datetime.fromisoformat(stay[side]).astimezone(UTC).date() for side in ("start", "end")]
        for stay in stays
    )
    return any(first <= day <= last for first, last in days)


def _lowest(events: list[Event], code: str) -> float:
    parts = (part for event in events for part in event.raw["component"])
    return float(min(p["valueQuantity"]["value"] for p in parts if p["code"]["coding"][0]["code"] == code))


def well_child_visit_due(chart: Chart) -> bool:
    born = date.fromisoformat(chart.raw["birthDate"])
    if chart.age >= 22 or born > date(2021, 3, 1):
        return False
    since = "2020-12-01" if born > date(2019, 10, 1) else "2020-09-01" if chart.age < 3 else "2020-03-01"
    return not chart.found("Encounter", {CHECK_UP}, since=since)


COHORTS: dict[str, Callable[[Chart], bool]] = {
    cohort.__name__.replace("_", "-"): cohort
    for cohort in (
        adults,
        covid_vaccination_due,
        depression_screening_due,
        diabetes,
        high_risk_medication_older_adults,
        influenza_vaccination_due,
        language_other_than_english,
        no_visit_in_a_year,
        overdue_cervical_screening,
        overdue_colorectal_screening,
        overdue_mammogram,
        pregnancy,
        statin_candidate,
        uncontrolled_hypertension,
        well_child_visit_due,
    )
}
