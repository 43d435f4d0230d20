"""The judges of a play: they must find fault where there is one, or a good verdict means nothing."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from sandbox.play.evidence import latencies, percentile
from sandbox.play.oracle import Delivered, Population, count_distinct, judge
from sandbox.play.setting import survey
from sandbox.play.stories import Cast, Days, stories
from sandbox.play.story import Expect
from sandbox.population.generate import generate
from shared.fhir.instants import HOUR, MINUTE, SECOND, Instant, parse_instant
from shared.patient.record import patient_key

ZONE = ZoneInfo("America/New_York")
AT = parse_instant("2026-03-02T14:30:00Z")
EXPECT = Expect("ann", "diabetes-invitation", AT)
SENT = Delivered("ann", "diabetes-invitation", "en", "sms", Instant(AT + SECOND), ("enrolment", 1))
LATER = Instant(AT + HOUR)


def sent(**changes: object) -> Delivered:
    fields = {name: getattr(SENT, name) for name in Delivered.__slots__}
    return Delivered(**(fields | changes))  # type: ignore[arg-type]


def test_what_comes_as_expected_is_met() -> None:
    verdict = judge([EXPECT], [SENT], LATER)
    assert (len(verdict.met), verdict.lost, verdict.unexpected, verdict.duplicates) == (1, [], [], 0)


def test_nothing_sent_is_lost() -> None:
    assert judge([EXPECT], [], LATER).lost == [EXPECT]


def test_what_is_not_due_yet_is_not_asked_for() -> None:
    assert judge([EXPECT], [], Instant(AT - 1)).lost == []


def test_every_way_of_being_wrong_is_seen() -> None:
    """Another person, template, language or channel, too early, too late: lost, and unexpected too."""
    wrong = (
        sent(patient_id="bob"),
        sent(template="diabetes-reminder"),
        sent(language="es"),
        sent(channel="email"),
        sent(at=Instant(AT - 1)),
        sent(at=Instant(AT + MINUTE + 1)),
    )
    for message in wrong:
        verdict = judge([EXPECT], [message], LATER)
        assert (verdict.lost, verdict.unexpected) == ([EXPECT], [message])


def test_a_second_message_is_unexpected_and_of_one_intent_a_duplicate() -> None:
    again = sent(at=Instant(AT + 2 * SECOND))
    assert judge([EXPECT], [SENT, again], LATER).unexpected == [again]
    assert judge([EXPECT], [SENT, again], LATER).duplicates == 1
    assert judge([EXPECT], [SENT, sent(intent=("enrolment", 2))], LATER).duplicates == 0


def test_accepted_twice_under_one_id_is_counted() -> None:
    assert count_distinct({"a": 1, "b": 3, "c": 0}) == 2


def test_latencies_are_measured_from_the_last_write_before() -> None:
    written = {patient_key("ann"): [Instant(AT - HOUR), AT, Instant(AT + HOUR)]}
    assert latencies([SENT], written) == [1000.0]
    assert latencies([sent(at=Instant(AT + 2 * MINUTE))], written) == []
    assert [percentile([1.0, 2.0, 3.0, 4.0], share) for share in (0.0, 0.5, 0.99)] == [1.0, 3.0, 4.0]
    assert percentile([], 0.5) == 0.0


def test_the_population_is_judged_from_the_resources_alone() -> None:
    """Of the made-up people three have an HbA1c above 9 %, and one of them cannot be reached."""
    population = Population()
    assert sum(1 for _ in population.watch(generate())) > 100
    assert len(population.diabetics) == 15
    assert len(population.above(9.0)) == 3
    assert len(population.above(6.5)) == 10
    assert len(list(population.expects(AT, LATER))) == 4


def test_every_story_but_one_has_its_own_phone_and_expects_only_what_is_due_in_the_play() -> None:
    cast = Cast()
    told = list(stories(Days(date(2026, 3, 2), ZONE), cast))
    phones = [point["value"] for p in cast.patients for point in p.get("telecom", ())]  # type: ignore[index, attr-defined]
    assert len(phones) - 1 == len(set(phones))  # one family has one phone
    assert len({story.patient_id for story in told}) == len(told) == len(cast.patients)
    for story in told:
        first = min(act.at for act in story.acts)
        assert all(expect.at >= first and expect.patient_id == story.patient_id for expect in story.expects)


def test_a_play_begins_the_day_after_the_last_thing_that_happened(tmp_path: Path) -> None:
    """By the wall clock of the organisation: what happened at 00:14 in Greenwich was the day before."""
    encounter = {
        "resourceType": "Encounter",
        "id": "e",
        "period": {"start": "2021-03-31T23:00:00Z", "end": "2021-04-01T00:14:46Z"},
    }
    vague = {"resourceType": "Observation", "id": "o", "effectiveDateTime": "no date"}
    (tmp_path / "all.ndjson").write_text("\n".join(map(json.dumps, (encounter, vague))))
    count, first = survey(tmp_path, print, ZONE)
    assert first == date(2021, 4, 1)
    assert count == 2 + 4  # and the places of the stories
