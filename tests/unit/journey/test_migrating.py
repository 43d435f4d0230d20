"""Moving those who are inside one version to another: never a message twice, never an enrolment lost."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.catalogue import Document, build_catalogue
from shared.decide import decide
from shared.events import MigrationAsked
from shared.fhir.instants import DAY, Instant
from shared.journey.migrating import why_not
from shared.patient.record import PatientRecord, patient_key
from shared.patient.state import AGAIN, Enrolment, failed_at
from tests.unit.journey import machine_happenings as what
from tests.unit.journey.machine_happenings import Happening
from tests.unit.journey.machine_life import PERSON, POLICY, START, Life
from tests.unit.journey.random_journeys import COMMON, journeys
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


def _moved(held: Enrolment, **names: str) -> Enrolment:
    """Move somebody from the first to the second version of a journey whose steps have other names there."""
    bodies = [
        {"url": _URL, "version": version, "title": "Care", "trigger": {"manual": True}, "steps": steps}
        for version, steps in (("1", ("tell", "wait")), ("2", ("write", "rest")))
    ]
    made = [{**body, "steps": [_step(name) for name in body["steps"]]} for body in bodies]
    documents = [*COMMON, *(Document("journey", "care.yaml", body) for body in made)]
    catalogue = build_catalogue(documents, "1-x", POLICY)
    record = PatientRecord(patient_key("p1"), "p1", PERSON, enrolments={held.enrolment_id: held})
    asked = MigrationAsked(held.enrolment_id, f"{_URL}|1", f"{_URL}|2", "staff-1", "because", names)
    return decide(record, asked, catalogue, START).record.enrolments[held.enrolment_id]


_URL = "https://x.example/journeys/care"


def _step(name: str) -> Json:
    if name in ("tell", "write"):
        return {"id": name, "kind": "task", "title": "Call"}
    return {"id": name, "kind": "wait", "duration": "P3D"}


def test_what_has_failed_is_to_be_tried_again_by_its_new_name() -> None:
    held = Enrolment("e1", f"{_URL}|1", "on-hold", "wait", 2, START, held="fault", arrived=START)
    moved = _moved(failed_at(held, "tell"), tell="write", wait="rest")
    assert (moved.journey, moved.step, moved.held) == (f"{_URL}|2", "rest", "fault")
    assert moved.results == {AGAIN: "rest write"}


def test_who_stands_at_a_step_that_is_not_there_stays() -> None:
    held = Enrolment("e1", f"{_URL}|1", "active", "wait", 2, START, arrived=START, due=Instant(START + DAY))
    assert _moved(held, tell="write") == held
