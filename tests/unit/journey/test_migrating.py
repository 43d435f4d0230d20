"""Moving those who are inside one version to another: never a message twice, never an enrolment lost."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.events import MigrationAsked
from shared.journey.migrating import why_not
from shared.patient.record import PatientRecord
from tests.unit.journey import machine_happenings as what
from tests.unit.journey.machine_happenings import Happening
from tests.unit.journey.machine_life import PERSON, Life
from tests.unit.journey.random_journeys import journeys
from tests.unit.journey.random_steps import Json

_LIVES = st.lists(what.anything, min_size=4, max_size=16)
_QUICK = settings(max_examples=60, deadline=None, derandomize=True, phases=[Phase.generate])


def _lived(bodies: Sequence[Json], happenings: Sequence[Happening]) -> Life:
    life = Life(bodies)
    life.happen(*what.person(life, {"birth_date": PERSON.birth_date}))
    for happening in happenings:
        happening.to(life)
    return life


def _again(life: Life) -> None:
    """Publish each journey once more as its latest version has it, those inside to finish."""
    latest = {
        document.body["url"]: document.body for document in life.documents if document.kind == "journey"
    }
    life.publish(*({**body, "on_publish": {"those_inside": "finish"}} for body in latest.values()))


def _asked(life: Life) -> list[MigrationAsked]:
    """Return what moves everybody who is in the version before the latest to that."""
    found = []
    for held in life.record.enrolments.values():
        url, _, version = held.journey.partition("|")
        newest = life.versions[url]
        if int(version) == newest - 1:
            found.append(
                MigrationAsked(held.enrolment_id, held.journey, f"{url}|{newest}", "staff-1", "because")
            )
    return found


@_QUICK
@given(st.tuples(journeys(1), journeys(2), journeys(3)), _LIVES)
def test_to_the_same_steps_nobody_is_sent_anything_and_everybody_stays_where_they_are(
    bodies: tuple[Json, ...], happenings: Sequence[Happening]
) -> None:
    life = _lived(bodies, happenings)
    _again(life)
    asked = _asked(life)
    # whatever else is due at this instant comes first, so that only the move is looked at
    life.happen(*(replace(each, to=each.of) for each in asked))
    before, rows, sent = life.record, len(life.rows), len(life.sent)
    refused = {each.enrolment_id for each in asked if _why_not(life, before, each)}
    life.happen(*asked)
    assert (len(life.rows), len(life.sent)) == (rows, sent)
    for each in asked:
        if each.enrolment_id in refused:  # held since a publication moved them to a step that is not there
            continue
        was, held = before.enrolments.get(each.enrolment_id), life.record.enrolments.get(each.enrolment_id)
        assert was is not None
        assert held is not None, was
        assert held.journey == each.to
        assert (held.step, held.status, held.held, held.entered) == (
            was.step,
            was.status,
            was.held,
            was.entered,
        )


@_QUICK
@given(
    st.tuples(journeys(1), journeys(2), journeys(3)),
    st.tuples(journeys(1), journeys(2), journeys(3)),
    _LIVES,
    st.dictionaries(*[st.sampled_from([f"s{n}" for n in range(5)])] * 2, max_size=2),
)
def test_to_other_steps_nobody_is_lost_and_asked_again_nothing_happens(
    bodies: tuple[Json, ...],
    others: tuple[Json, ...],
    happenings: Sequence[Happening],
    names: dict[str, str],
) -> None:
    life = _lived(bodies, happenings)
    life.publish(*({**body, "on_publish": {"those_inside": "finish"}} for body in others))
    asked = [replace(each, steps=names) for each in _asked(life)]
    life.happen(*(replace(each, to=each.of) for each in asked))
    for each in asked:
        before, told = life.record, len(life.watch.told)
        refused = _why_not(life, before, each)
        life.happen(each)
        gone = before.enrolments.keys() - life.record.enrolments.keys()
        spoken = {ref for line in life.watch.told[told:] for ref in line.refs}
        assert gone <= spoken
        if refused:
            assert life.record.enrolments.get(each.enrolment_id) == before.enrolments.get(each.enrolment_id)
        after = life.record
        life.happen(each)
        assert life.record == after


def _why_not(life: Life, record: PatientRecord, asked: MigrationAsked) -> str:
    journeys, held = life.catalogue.journeys, record.enrolments.get(asked.enrolment_id)
    target = journeys.get(asked.to)
    if held is None or target is None or held.journey != asked.of:
        return "it is there no more"
    return why_not(held, target, journeys, asked.steps)
