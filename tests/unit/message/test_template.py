"""Templates: every mistake found when checked, nothing escapes the sandbox, the right language and locale."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.errors import AuthorFault, Invalid
from shared.fhir.fact import Fact, Name
from shared.message.fields import Scene
from shared.message.index import Templates
from shared.message.liquid import parse, render
from shared.message.locales import choose_name, clock_time, full_name, long_date, long_day
from shared.message.render import choose_language, compile_template, render_message
from shared.message.template import parse_template, template_schema
from tests.unit.message.kit import (
    APPOINTMENT,
    LOCATION,
    PERSON,
    POLICY,
    TEMPLATE,
    document,
    record,
    templates,
)


def problems(**more: Any) -> list[str]:
    with pytest.raises(Invalid) as caught:
        parse_template(document(**more), "t.yaml")
    return [str(problem) for problem in caught.value.problems]


def sms(text: str) -> dict[str, Any]:
    return {"channels": {"sms": {"text": {"en": text}}}}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            sms("{{ patient.birth_date }}"),
            "t.yaml: channels.sms.text.en: there is no field patient.birth_date",
        ),
        (sms("{{ secrets }}"), "t.yaml: channels.sms.text.en: there is no object secrets"),
        (sms("{{ patient[journey.url] }}"), "t.yaml: channels.sms.text.en: there is no field patient.[…]"),
        (sms("{{ patient.given.x }}"), "t.yaml: channels.sms.text.en: there is no field patient.given.x"),
        (sms("{{ now }}"), "t.yaml: channels.sms.text.en: there is no object now"),
        (
            sms("{{ patient.given | divided_by: 2 }}"),
            "t.yaml: channels.sms.text.en: there is no filter divided_by",
        ),
        (sms("{% if patient.given %}"), "t.yaml: channels.sms.text.en: "),
        (sms("{% include 'x' %}"), "t.yaml: channels.sms.text.en: unexpected tag 'include'"),
        (sms("{% render 'x' %}"), "t.yaml: channels.sms.text.en: unexpected tag 'render'"),
        ({"default_language": "fr"}, "t.yaml: channels.sms.text: lacks the default language (expected fr)"),
        ({"url": "not a url"}, "t.yaml: url: "),
        ({"colour": "red"}, "t.yaml: colour: is not known here"),
        ({"channels": {}}, "t.yaml: channels: needs at least one channel"),
        ({"channels": {"sms": {}}}, "t.yaml: channels.sms.text: is missing"),
        (
            {"channels": {"email": {"subject": {"en": "S"}, "text": {"en": "T", "es": "T"}}}},
            "t.yaml: channels.email: subject, text and html must be in the same languages",
        ),
        ({"channels": {"sms": {"text": {"english": "x"}}}}, "t.yaml: channels.sms.text.english"),
    ],
)
def test_every_mistake_has_its_place(more: dict[str, Any], said: str) -> None:
    assert any(problem.startswith(said) for problem in problems(**more)), problems(**more)


def test_all_problems_at_once() -> None:
    assert len(problems(**sms("{{ a }} {{ b }} {{ patient.c }}"))) == 3


@pytest.mark.parametrize(
    "source", ["{{ 'now' | date: '%Y' }}", "{{ '<b>' | safe }}", "{{ 'a' | base64_encode }}"]
)
def test_filters_outside_the_room_fail(source: str) -> None:
    with pytest.raises(AuthorFault):
        render(parse(source, html=False), {})


@pytest.mark.parametrize(
    "source",
    [
        "{% for i in (1..2000) %}x{% endfor %}",
        "{% for i in (1..900) %}{% for j in (1..900) %}x{% endfor %}{% endfor %}",
        "{% assign a = 'xxxxxxxxxx' %}{% for i in (1..40) %}{% assign a = a | append: a %}{% endfor %}",
    ],
)
def test_limits_hold(source: str) -> None:
    with pytest.raises(AuthorFault, match="Limit"):
        render(parse(source, html=False), {})


def test_html_escapes_and_text_does_not() -> None:
    nasty = replace(PERSON, names=(Name("usual", "<script>", ("A&B",)),))
    template = templates().latest(TEMPLATE)
    assert template is not None
    done = render_message(template, "email", Scene(record(nasty), None, "j|1", "en", POLICY))
    assert done.html == "<p>A&amp;B &lt;script&gt;</p>"
    assert done.text == "Dear A&B <script>"


def test_a_field_of_an_object_that_is_not_there_is_the_authors_fault() -> None:
    template = templates().latest(TEMPLATE)
    assert template is not None
    with pytest.raises(AuthorFault, match=r"t\|1 \(sms, en\): appointment.time is undefined"):
        render_message(template, "sms", Scene(record(), None, "j|1", "en", POLICY))


def test_an_object_by_itself_is_no_text() -> None:
    template = compile_template(parse_template(document(**sms("{{ patient }}")), "t"))
    with pytest.raises(AuthorFault, match="name one of its fields"):
        render_message(template, "sms", Scene(record(), None, "j|1", "en", POLICY))


def said(text: str, held: Any = None, focus: Fact | None = APPOINTMENT, language: str = "en") -> str:
    template = compile_template(
        parse_template(document(channels={"sms": {"text": {"en": text, "es": text}}}), "t")
    )
    return render_message(
        template, "sms", Scene(held or record(), focus, "https://x/j|2", language, POLICY)
    ).text


def test_missing_values_are_nil() -> None:
    nobody = record(replace(PERSON, names=()))
    assert said("[{% if patient.given %}x{% endif %}{{ patient.name }}]", nobody) == "[]"
    assert (
        said("{% if location %}x{% else %}nowhere{% endif %}", focus=replace(APPOINTMENT, attributes={}))
        == "nowhere"
    )


def test_every_field_can_be_read() -> None:
    assert said("{{ patient.prefix }} {{ patient.family }} {{ patient.language }}") == "Dr. Lopez en"
    assert said("{{ location.name }}, {{ location.phone }}, {{ location.address }}") == "Harbour House, 555,"
    assert said("{{ organisation.name }} {{ organisation.phone }}") == "Riverside Clinic +1 212 555 0100"
    assert said("{{ journey.url }} {{ journey.version }}") == "https://x/j 2"
    ended = replace(APPOINTMENT, end=APPOINTMENT.start, title="Eye test")
    assert said(
        "{{ appointment.end_time }} {{ appointment.title }} {{ appointment.status }}", focus=ended
    ) == ("10:00 AM Eye test booked")


def test_times_are_those_of_the_location() -> None:
    there = replace(LOCATION, attributes={"time-zone": ("America/Los_Angeles",)})
    held = record()
    assert said("{{ appointment.time }}", replace(held, facts=held.facts.with_fact(there))) == "7:00 AM"
    wrong = replace(LOCATION, attributes={"time-zone": ("Mars/Olympus",)})
    assert said("{{ appointment.time }}", replace(held, facts=held.facts.with_fact(wrong))) == "10:00 AM"


def test_dates_follow_the_patients_own_variety() -> None:
    assert said("{{ appointment.time }}", language="es") == "10:00 a.m."
    spain = record(replace(PERSON, languages=("es-ES",)))
    assert said("{{ appointment.time }}", spain, language="es") == "10:00"


@pytest.mark.parametrize(
    ("spoken", "expected"),
    [
        (("es-MX",), "es"),
        (("ES",), "es"),
        (("pt-BR",), "pt-BR"),
        (("pt",), "en"),
        (("fr", "es"), "es"),
        (("fr",), "en"),
        ((), "en"),
        (("zh-Hans-CN",), "zh-Hans"),
        (("not a tag",), "en"),
    ],
)
def test_languages_fall_back(spoken: tuple[str, ...], expected: str) -> None:
    text = {"en": "x", "es": "x", "pt-BR": "x", "zh-Hans": "x"}
    template = compile_template(parse_template(document(channels={"sms": {"text": text}}), "t"))
    assert choose_language(template, "sms", spoken) == expected
    assert choose_language(template, "email", spoken) == ""


def test_the_index_knows_the_latest() -> None:
    made = [compile_template(parse_template(document(version=v), "t")) for v in ("1.10.0", "1.9.0", "1.2.0")]
    index = Templates(made)
    assert len(index) == 3
    assert index.latest(TEMPLATE) is made[0]
    assert index.get(TEMPLATE) is made[0]
    assert index.get(f"{TEMPLATE}|1.9.0") is made[1]
    assert index.get(f"{TEMPLATE}|3") is None
    assert index.get("https://x.example/none") is None


@pytest.mark.parametrize(
    ("language", "day", "full", "clock"),
    [
        ("en", "Tuesday, March 5", "Tuesday, March 5, 2024", "3:30 PM"),
        ("en-GB", "Tuesday 5 March", "Tuesday, 5 March 2024", "15:30"),
        ("es", "martes, 5 de marzo", "martes, 5 de marzo de 2024", "15:30"),
        ("de", "Dienstag, 5. März", "Dienstag, 5. März 2024", "15:30"),
        ("zh", "3月5日星期二", "2024年3月5日星期二", "15:30"),
        ("x-klingon", "Tuesday, March 5", "Tuesday, March 5, 2024", "3:30 PM"),
    ],
)
def test_dates_as_people_write_them(language: str, day: str, full: str, clock: str) -> None:
    assert long_day(date(2024, 3, 5), language) == day
    assert long_date(date(2024, 3, 5), language) == full
    assert clock_time(time(15, 30), language) == clock


def test_names() -> None:
    official, usual = Name("official", "Nagy", ("Ferenc", "Pál")), Name("usual", "Nagy", ("Feri",))
    old = Name("maiden", "Kis", ("Feri",))
    assert choose_name((old, official, usual)) is usual
    assert choose_name((old,)) is None
    assert full_name(official, "hu") == "Nagy Ferenc"
    assert full_name(official, "en") == "Ferenc Nagy"
    assert full_name(Name(text="The Patient"), "en") == "The Patient"


def test_the_schema_names_what_an_author_writes() -> None:
    schema = template_schema()
    assert {"url", "version", "title", "channels"} <= set(schema["properties"])
    assert schema["additionalProperties"] is False


_TAGS = st.sampled_from(["en", "es", "es-MX", "de", "pt-BR", "pt", "zh-Hans", "fr"])


@given(st.sets(_TAGS, min_size=1), st.lists(_TAGS, max_size=4), _TAGS)
def test_nobody_gets_a_language_they_do_not_read_where_theirs_exists(
    written: set[str], spoken: list[str], default: str
) -> None:
    """The first of theirs that there is, themselves or without the country; else the default."""
    text = dict.fromkeys({*written, default}, "x")
    template = compile_template(
        parse_template(document(channels={"sms": {"text": text}}, default_language=default), "t")
    )
    chosen = choose_language(template, "sms", tuple(spoken))
    theirs = [tag for tag in spoken if tag in text or tag.partition("-")[0] in text]
    if theirs:
        assert chosen in (theirs[0], theirs[0].partition("-")[0])
    else:
        assert chosen == default
