"""Nobody is in what is logged, traced, counted, linked to or answered: every identifier is looked for."""

from __future__ import annotations

import json

import pytest
from told_kit import PEOPLE, Person, recorded

from sandbox.plan import ROOT
from shared.metrics import BY_NAME


def places() -> dict[str, str]:
    """Return everything that is told to anybody but patients, by where."""
    found = recorded()
    answers = [(*answer.headers.values(), answer.body.decode("utf-8", "replace")) for answer in found.answers]
    return {
        "log": found.log,
        "telemetry": found.collector.everything(),
        "answers": json.dumps(answers, ensure_ascii=False),
        "links": "\n".join(found.paths),
    }


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.patient_id)
def test_nobody_is_in_logs_telemetry_answers_and_links(person: Person) -> None:
    """Names, numbers, addresses, birth dates, record numbers, FHIR ids, and what they wrote."""
    shown = {
        (where, trace)
        for where, text in places().items()
        for trace in person.traces()
        if trace.lower() in text.lower()
    }
    assert shown == set()


def test_something_was_told_of_all_that_happened() -> None:
    """The search above is worth something: the log and the telemetry speak of these very failures."""
    found = recorded()
    assert "ValueError" in found.log
    assert "bad-job" in found.log
    counted = {name for name, _, _ in found.collector.points()}
    assert {
        "hearthline.changes.heard",
        "hearthline.commits",
        "hearthline.enrolments",
        "hearthline.failures",
        "hearthline.job.age",
        "hearthline.job.duration",
        "hearthline.jobs",
        "hearthline.memberships",
        "hearthline.messages",
        "hearthline.notifications",
        "hearthline.opt_outs",
        "hearthline.provider.duration",
        "hearthline.queue.poison",
        "hearthline.reconciliation.age",
        "hearthline.reconciliations",
        "hearthline.rejections",
        "hearthline.replies",
        "hearthline.reports",
    } <= counted
    given_up = [value for name, told, value in found.collector.points() if told == {"queue": "events"}]
    assert max(given_up) >= 1
    assert len(found.collector.spans()) > 50
    assert {answer.status for answer in found.answers} >= {200, 202, 400, 401, 404}


def test_metrics_have_the_attributes_that_are_listed() -> None:
    """Each point names what shared.metrics lists, and no other thing."""
    points = list(recorded().collector.points())
    wrong = {
        (name, *attributes) for name, attributes, _ in points if {*attributes} != {*BY_NAME[name].attributes}
    }
    assert wrong == set()


def test_lines_are_objects() -> None:
    """Every line of ours is a JSON object that says where it comes from."""
    lines = [json.loads(line) for line in recorded().log.splitlines() if line.startswith("{")]
    assert {"time", "level", "logger", "message"} <= set.intersection(*map(set, lines))
    assert any(line.get("code") == "bad-job" and line.get("function") == "changes" for line in lines)


def test_a_bug_is_told_by_its_places() -> None:
    """An operator finds the line of code, though the message is left out; and no path of the machine."""
    (line, *_) = [line for line in recorded().log.splitlines() if "ValueError" in line]
    assert "broken" in line or "function_app" in line
    assert "functions/serving.py" in line
    assert str(ROOT) not in line
    assert " at /" not in line
