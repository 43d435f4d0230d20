"""`hearthline journey simulate` and `explain`: what authors and managers see, and what machines read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from cli.main import app
from cli.simulation_charts import bars, ceiling, lines
from tests.unit.simulation_kit import ASKS, SEGMENT, TEMPLATE, journey, patient, people

START = ("--from", "2026-03-02T09:00:00Z")
SURE = ("--assume", "delivered=1", "--assume", "answered:yes=1")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of definitions, with a journey in two versions, and data beside it."""
    shorter = [{**step, "timed_out": "done"} if step["id"] == "reply" else step for step in ASKS]
    files: dict[str, Any] = {
        "segments/adults.yaml": SEGMENT,
        "templates/come.yaml": TEMPLATE,
        "journeys/visit.yaml": journey(),
        "other/visit-2.yaml": journey(shorter, version="2"),
        "other/by-hand.yaml": journey(trigger={"manual": True}, url="https://example.org/journeys/by-hand"),
    }
    for name, body in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(body))
    (tmp_path / "people.ndjson").write_text("\n".join(map(json.dumps, people(5))))
    return tmp_path


def run(folder: Path, command: str, *more: str, file: str = "journeys/visit.yaml") -> Result:
    data = ("--data", str(folder / "people.ndjson"))
    return CliRunner().invoke(app, ["journey", command, str(folder / file), *data, *START, *more])


def test_a_manager_reads_who_enters_what_is_sent_and_what_it_costs(folder: Path) -> None:
    done = run(folder, "simulate", *SURE, "--zone", "America/New_York")
    assert done.exit_code == 0, done.output
    for words in (
        "Visit: 5 patients from 2026-03-02 04:00 to",
        "5 (100.0%) are concerned",
        "SMS",
        "cost (USD)",
        "Supposed, not known (seed 1)",
        "answered:yes 1",
    ):
        assert words in done.output


def test_machines_read_json(folder: Path) -> None:
    done = run(folder, "simulate", *SURE, "--json", "--price", "sms=0.5", "--currency", "EUR")
    made = json.loads(done.stdout)
    assert (made["patients"], made["concerned"], made["cost"], made["currency"]) == (5, 5, 2.5, "EUR")
    assert made["journeys"][0]["entered_by_day"] == {"2026-03-02": 5}
    assert (made["start"], made["end"]) == ("2026-03-02T09:00:00.000Z", "2026-05-31T09:00:00.000Z")
    assert made["channels"]["sms"]["sent"] == 5


def test_two_versions_are_compared(folder: Path) -> None:
    never = ("--assume", "answered=0", "--assume", "delivered=1")
    old = ("--diff", str(folder / "journeys/visit.yaml"), "--definitions", str(folder))
    done = run(folder, "simulate", *never, *old, "--json", file="other/visit-2.yaml")
    compared = json.loads(done.stdout)["compared"]
    messages = next(line for line in compared["lines"] if line["what"] == "messages by sms")
    assert (messages["old"], messages["new"], messages["difference"]) == (10, 5, -5)
    assert (compared["different"], compared["examples"][0]) == (5, "p0")
    told = run(folder, "simulate", *never, *old, file="other/visit-2.yaml")
    assert "5 patients get something else, for example p0, p1" in told.output


def test_the_page_is_complete_in_itself_and_well_formed(folder: Path) -> None:
    page = folder / "page.html"
    old = ("--diff", str(folder / "journeys/visit.yaml"), "--definitions", str(folder))
    done = run(folder, "simulate", "--html", str(page), *old, file="other/visit-2.yaml")
    assert done.exit_code == 0, done.output
    text = page.read_text()
    root = ElementTree.fromstring(
        text.replace("<!doctype html>", "")
        .replace('<meta charset="utf-8">', "")
        .replace('<meta name="viewport" content="width=device-width, initial-scale=1">', "")
    )
    assert len(list(root.iter("svg"))) == 6
    assert "<script" not in text
    assert "http" not in text.replace("https://example.org", "")
    assert "Messages by day, old and new" in text


def test_what_an_author_wrote_cannot_break_the_page(folder: Path) -> None:
    body = journey(title='<b>Visit</b> & "more"')
    (folder / "journeys/visit.yaml").write_text(yaml.safe_dump(body))
    page = folder / "page.html"
    assert run(folder, "simulate", "--html", str(page)).exit_code == 0
    assert "<b>Visit" not in page.read_text()
    assert "&lt;b&gt;Visit" in page.read_text()


def test_people_are_put_in_by_hand(folder: Path) -> None:
    where = ("--definitions", str(folder))
    done = run(folder, "simulate", *where, file="other/by-hand.yaml")
    assert "Nobody enters such a journey by themselves: --enrol puts people in." in done.output
    done = run(folder, "simulate", *where, "--enrol", "everybody", "--json", file="other/by-hand.yaml")
    assert json.loads(done.stdout)["concerned"] == 5
    done = run(folder, "simulate", *where, "--enrol", "https://example.org/none", file="other/by-hand.yaml")
    assert (done.exit_code, "there is no segment https://example.org/none" in done.output) == (1, True)


def test_assumptions_may_come_from_a_file(folder: Path) -> None:
    file = folder / "assumed.yaml"
    file.write_text("assume: {delivered: 1, 'answered:yes': 1}\nprice: {sms: 2}\nseed: 7\ncurrency: CHF\n")
    made = json.loads(
        run(folder, "simulate", "--assumptions", str(file), "--price", "sms=3", "--json").stdout
    )
    assert (made["cost"], made["currency"], made["seed"]) == (15, "CHF", "7")
    file.write_text("assum: {}\n")
    done = run(folder, "simulate", "--assumptions", str(file))
    assert (done.exit_code, "there is no assum in such a file" in done.output) == (1, True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--assume", "delivred=1"), "nothing that can be assumed"),
        (("--assume", "delivered"), "is not name=value"),
        (("--for", "90 days"), "not an ISO 8601 duration"),
        (("--for", "-P1D"), "longer than nothing"),
        (("--arrivals", "late"), "is one of none, recorded, dated"),
        (("--zone", "Mars"), "is no time zone"),
    ],
)
def test_wrong_options_are_said(folder: Path, options: tuple[str, str], said: str) -> None:
    done = run(folder, "simulate", *options)
    assert done.exit_code == 2
    assert said in " ".join(done.output.replace("│", " ").split())


def test_a_mistake_in_the_journey_is_told_with_its_place(folder: Path) -> None:
    body = journey([{**ASKS[0], "template": "https://example.org/templates/none"}, *ASKS[1:]])
    (folder / "journeys/visit.yaml").write_text(yaml.safe_dump(body))
    done = run(folder, "simulate")
    assert done.exit_code == 1
    assert "steps[0].template: there is no template https://example.org/templates/none" in done.output


def test_a_patients_future_is_told_step_by_step_with_the_reasons(folder: Path) -> None:
    done = run(folder, "explain", "--patient", "p1", *SURE)
    assert done.exit_code == 0, done.output
    told = [line[18:].strip() for line in done.stdout.splitlines()]
    for words in (
        "segment   Entered segment adults: aged 45 years",
        "journey   Entered Visit: aged 45 years",
        "sends     SMS to +12065550001: Hello Ana, please come. Reply YES.",
        "supposed  the patient replies by SMS: yes",
        "journey   Left Visit: over",
    ):
        assert words in told


def test_where_a_patient_stands_in_the_end_is_told_and_as_json_too(folder: Path) -> None:
    done = run(folder, "explain", "--patient", "p1", "--assume", "answered=0", "--for", "P10D", "--json")
    told = json.loads(done.stdout)
    assert told["standing"] == [
        "https://example.org/journeys/visit|1 at a-month until 2026-04-09T09:00:00.000Z"
    ]
    assert [m["kind"] for m in told["moments"]].count("sends") == 2


def test_a_patient_at_a_gate_waits_for_those_who_came_before(folder: Path) -> None:
    """Two of five go in each day, in the order of the queue, though each is asked of alone."""
    (folder / "journeys/visit.yaml").write_text(yaml.safe_dump(journey(limits={"per_day": 2})))
    told = [run(folder, "explain", "--patient", f"p{n}").stdout for n in range(5)]
    assert all("Waits to be let into Visit" in each for each in told)
    entered = sorted(line[:10] for each in told for line in each.splitlines() if "Entered Visit" in line)
    assert entered == ["2026-03-02"] * 2 + ["2026-03-03"] * 2 + ["2026-03-04"]


def test_nobody_of_that_name(folder: Path) -> None:
    done = run(folder, "explain", "--patient", "p99")
    assert (done.exit_code, "there is no such patient" in done.output) == (1, True)
    (folder / "people.ndjson").write_text(json.dumps(patient(1, birthDate="2020-01-01")))
    assert "Nothing happens." in run(folder, "explain", "--patient", "p1").output


@given(
    st.dictionaries(st.text(min_size=1, max_size=9), st.lists(st.integers(0, 10**7), min_size=3, max_size=3))
)
def test_charts_are_well_formed_and_draw_every_figure(series: dict[str, list[int]]) -> None:
    plain = {name.translate(_CONTROLS): values for name, values in series.items()}
    drawn = ElementTree.fromstring(f"<div>{bars('A & B', ['1', '2', '3'], plain)}</div>")
    assert len(list(drawn.iter("rect"))) == sum(value > 0 for values in plain.values() for value in values)
    drawn = ElementTree.fromstring(f"<div>{lines('<x>', ['1', '2', '3'], plain)}</div>")
    assert len(list(drawn.iter("polyline"))) == len(plain)


_CONTROLS = dict.fromkeys((*range(32), *range(55296, 57344), 65534, 65535), "-")


@given(st.integers(0, 10**9))
def test_an_axis_ends_at_a_round_number_that_is_no_less(most: int) -> None:
    top = ceiling(most)
    assert top >= most
    assert top % 4 == 0
    assert top <= max(2 * most, 4)
