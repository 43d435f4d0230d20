"""Letters, push, MJML, attachments, approved WhatsApp words and words for families: checked and rendered."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar
from msgspec.structs import replace

from shared.errors import AuthorFault, Invalid
from shared.fhir.fact import Fact, Name
from shared.fhir.instants import DAY, HOUR, Instant
from shared.message.content.calendar import appointment_file
from shared.message.content.plain import text_of
from shared.message.content.whatsapp import NOT_APPROVED, window_open
from shared.message.links import LinkKind
from shared.message.recipient import Recipient
from shared.message.render import (
    CompiledTemplate,
    Rendered,
    compile_template,
    render_message,
    why_not_renderable,
)
from shared.message.scene import Scene
from shared.message.template import parse_template
from shared.patient.record import PatientRecord
from tests.unit.message.kit import APPOINTMENT, NOW, PERSON, POLICY, document, record


class Links:
    """Links of a message that lead to x.example."""

    def url(self, kind: LinkKind, target: str = "") -> str:
        """Say what it is for."""
        return f"https://x.example/{kind}/{len(target)}"


SCENE = Scene(record(), APPOINTMENT, "j|1", "en", POLICY)
MOTHER = Recipient("RelatedPerson/m", (Name("usual", "Lopez", ("Rosa",)),), ("es-MX",), (), (), "MTH")


def compiled(**channels: Any) -> CompiledTemplate:
    return compile_template(parse_template(document(channels=channels), "t"))


def rendered(channel: str, content: dict[str, Any], scene: Scene = SCENE) -> Rendered:
    return render_message(compiled(**{channel: content}), channel, scene)


def text(source: str, scene: Scene = SCENE) -> str:
    return rendered("sms", {"text": {"en": source}}, scene).text


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"channels": {"email": {"subject": {"en": "S"}}}}, "needs text, html or mjml"),
        (
            {"channels": {"email": {"subject": {"en": "S"}, "html": {"en": "x"}, "mjml": {"en": "x"}}}},
            "has html and mjml; one of them is enough",
        ),
        (
            {"channels": {"email": {"subject": {"en": "S"}, "mjml": {"en": "<mjml>"}}}},
            "email.mjml.en: is no MJML",
        ),
        (
            {"channels": {"sms": {"text": {"en": "x", "es": "x"}, "bundle": {"en": "x"}}}},
            "text and bundle must be in the same languages",
        ),
        (
            {
                "channels": {
                    "whatsapp": {"text": {"en": "x"}, "approved": {"name": "a", "language": {"es": "es"}}}
                }
            },
            "approved.language must name the languages of text",
        ),
        (
            {
                "channels": {
                    "whatsapp": {
                        "text": {"en": "x"},
                        "approved": {"name": "a", "language": {"en": "en"}, "parameters": ["{{ nobody }}"]},
                    }
                }
            },
            "whatsapp.approved.parameters[0]: there is no object nobody",
        ),
        (
            {
                "channels": {
                    "whatsapp": {
                        "text": {"en": "x"},
                        "bundle": {"en": "x"},
                        "approved": {"name": "a", "language": {"en": "en"}},
                    }
                }
            },
            "what is approved speaks of one patient",
        ),
        ({"channels": {"push": {"text": {"en": "x"}}}}, "channels.push.title: is missing"),
        ({"channels": {"push": {"title": {"en": "x"}, "text": {"en": "x", "es": "x"}}}}, "title and text"),
        (
            {"channels": {"letter": {"subject": {"en": "x"}, "text": {"es": "x", "en": "y"}}}},
            "subject and text",
        ),
        ({"expires_after": "soon"}, "not an ISO 8601 duration"),
        ({"expires_after": "PT0S"}, "must be longer than nothing"),
        ({"purpose": "marketing", "urgent": True}, "urgent is only for"),
        ({"discloses": "clinical"}, "that name a topic"),
        ({"topic": "Two words"}, "topic: is not written as it must be"),
    ],
)
def test_every_mistake_has_its_sentence(more: dict[str, Any], said: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_template(document(**more), "t.yaml")
    assert any(said in str(problem) for problem in caught.value.problems), caught.value.problems


def test_a_letter_has_a_subject_and_a_push_a_title() -> None:
    letter = rendered("letter", {"subject": {"en": "About\nyou"}, "text": {"en": "Dear {{ patient.name }}"}})
    assert (letter.subject, letter.text) == ("About you", "Dear Ana Lopez")
    push = rendered("push", {"title": {"en": "Hi {{ patient.given }}"}, "text": {"en": "See you"}})
    assert (push.subject, push.text) == ("Hi Ana", "See you")


MJML = """<mjml><mj-body><mj-section><mj-column>
<mj-text>Hello {{ patient.name }}{% if location %}, at {{ location.name }}{% endif %}</mj-text>
<mj-button href="{{ 'https://x.example/visit' | link }}">Book</mj-button>
</mj-column></mj-section></mj-body></mjml>"""


def test_mjml_becomes_html_and_plain_text() -> None:
    nasty = replace(
        SCENE, record=record(replace(PERSON, names=(Name("usual", "<b>", ("A&B",)),))), linker=Links()
    )
    made = rendered("email", {"subject": {"en": "S"}, "mjml": {"en": MJML}}, nasty)
    assert "A&amp;B &lt;b&gt;, at Harbour House" in made.html
    assert 'lang="en"' in made.html
    assert 'href="https://x.example/click/23"' in made.html
    assert "fonts.googleapis" not in made.html
    assert made.text == "Hello A&B <b>, at Harbour House\nBook (https://x.example/click/23)"


def test_plain_text_of_html_shows_where_links_lead_once() -> None:
    html = (
        "<!-- no --><p>Dear <b>Ana</b>,</p><ul><li>one</li></ul>"
        '<a href="https://x.example/?a=1&amp;b=2">here</a> <a href="https://x.example/y">https://x.example/y</a>'
    )
    assert text_of(html) == "Dear Ana,\n\n* one\nhere (https://x.example/?a=1&b=2) https://x.example/y"


class TestLinks:
    """Links and headers."""

    def test_the_filter_makes_a_short_link_or_leaves_the_address(self) -> None:
        assert text("{{ 'https://a.example/b' | link }}") == "https://a.example/b"
        linked = replace(SCENE, linker=Links())
        assert text("{{ 'https://a.example/b' | link }}", linked) == "https://x.example/click/19"

    def test_links_are_nil_without_pages(self) -> None:
        source = "{% if links.preferences %}{{ links.preferences }}{% else %}none{% endif %}"
        assert text(source) == "none"
        assert text(source, replace(SCENE, linker=Links())) == "https://x.example/preferences/0"

    def test_a_survey_has_a_link_where_the_message_asks_for_one(self) -> None:
        asked = replace(SCENE, linker=Links(), values={"survey": "e1|ask"})
        assert text("{{ links.survey }}", asked) == "https://x.example/survey/6"
        assert text("{% if links.survey %}x{% else %}-{% endif %}", replace(SCENE, linker=Links())) == "-"

    def test_an_email_says_how_to_unsubscribe_in_one_click(self) -> None:
        content = {"subject": {"en": "S"}, "text": {"en": "T"}}
        assert rendered("email", content).headers == {}
        assert rendered("email", content, replace(SCENE, linker=Links())).headers == {
            "List-Unsubscribe": "<https://x.example/unsubscribe/0>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }

    def test_nothing_else_has_headers(self) -> None:
        assert rendered("sms", {"text": {"en": "T"}}, replace(SCENE, linker=Links())).headers == {}


def test_marketing_email_is_not_sent_without_a_way_out_and_an_address() -> None:
    """What lint demands of the words must be there when they are sent: a page and an address."""
    content = {"email": {"subject": {"en": "S"}, "text": {"en": "T"}}}
    offer = compile_template(parse_template(document(channels=content, purpose="marketing"), "t"))
    addressed = replace(SCENE, now=NOW, policy=replace(POLICY, address="1 Drive"))
    for lacking in (addressed, replace(SCENE, now=NOW, linker=Links())):
        with pytest.raises(AuthorFault, match="needs a page to unsubscribe and a postal address"):
            render_message(offer, "email", lacking)
    assert render_message(offer, "email", replace(addressed, linker=Links())).text == "T"
    assert rendered("email", content["email"], replace(SCENE, now=NOW)).text == "T"


class TestObjects:
    """What templates may ask of who reads, of practitioners, questions and families."""

    def test_the_recipient_is_the_patient_unless_somebody_else_reads(self) -> None:
        source = "{{ recipient.given }} {{ recipient.language }} {% if recipient.is_patient %}self{% endif %}"
        assert text(source) == "Ana en self"
        other = replace(SCENE, recipient=MOTHER)
        assert (
            text(f"{source}{{{{ recipient.relationship }}}} of {{{{ patient.given }}}}", other)
            == "Rosa en MTH of Ana"
        )

    def test_dates_follow_the_variety_of_who_reads(self) -> None:
        scene = replace(SCENE, recipient=replace(MOTHER, languages=("en-GB",)))
        assert text("{{ appointment.day }}", scene) == "Wednesday 4 March"

    def test_a_practitioner_that_is_not_known_is_nil(self) -> None:
        source = "{% if practitioner %}{{ practitioner.name }}{% else %}somebody{% endif %}"
        focus = replace(APPOINTMENT, attributes={"practitioner": ("Practitioner/1",)})
        assert text(source, replace(SCENE, focus=focus)) == "somebody"
        named = replace(focus, attributes={**focus.attributes, "practitioner-name": ("Dr. Carter",)})
        assert text(source, replace(SCENE, focus=named)) == "Dr. Carter"

    def test_a_question_is_told_in_the_language_of_the_message(self) -> None:
        values = {"choices": "1 Yes", "choices@es": "1 Sí", "choices@en": "1 Yes!"}
        assert text("{{ question.choices }}", replace(SCENE, values=values)) == "1 Yes!"
        assert text("{% if question %}x{% else %}-{% endif %}") == "-"
        assert text("{% if question.text %}x{% else %}-{% endif %}", replace(SCENE, values=values)) == "-"

    def test_days_are_written_out(self) -> None:
        assert text("{{ '2026-10-01' | date_long }}") == "Thursday, October 1, 2026"
        with pytest.raises(AuthorFault):
            text("{{ 'today' | date_long }}")

    def test_a_family_gets_its_own_words(self) -> None:
        content = {
            "text": {"en": "Hi {{ patient.given }}"},
            "bundle": {"en": "For {{ bundle.names }}: {{ bundle.count }}"},
        }
        template = compiled(sms=content)
        assert template.bundles("sms", "en")
        assert not template.bundles("sms", "es")
        assert not compiled(sms={"text": {"en": "x"}}).bundles("sms", "en")
        family = replace(SCENE, bundle=("Ana", "Leo", "Mia"))
        assert render_message(template, "sms", family).text == "For Ana, Leo, and Mia: 3"
        assert render_message(template, "sms", SCENE).text == "Hi Ana"
        assert (
            render_message(template, "sms", replace(family, bundle=("Ana", "", "Mia"))).text
            == "For Ana and Mia: 3"
        )
        with pytest.raises(AuthorFault, match="has no words for several patients"):
            render_message(compiled(sms={"text": {"en": "x"}}), "sms", family)

    def test_the_postal_address(self) -> None:
        assert (
            text("{{ organisation.address }}", replace(SCENE, policy=replace(POLICY, address="1 Drive")))
            == "1 Drive"
        )


def answered(at: Instant, channel: str = "whatsapp") -> PatientRecord:
    """Return a record in which the patient wrote."""
    said = Fact(
        "Engagement",
        "i.answered",
        codes=("engagement|answered",),
        start=at,
        attributes={"channel": (channel,)},
    )
    return record(PERSON, said)


class TestWhatsApp:
    """Free text within 24 hours of the patient's last message, else what is approved, else nothing."""

    content = {  # noqa: RUF012 - read only
        "text": {"en": "Hi {{ patient.given }}"},
        "approved": {"name": "hello", "language": {"en": "en_US"}, "parameters": ["{{ patient.given }}"]},
    }

    @pytest.mark.parametrize(
        ("since", "channel", "is_open"),
        [
            (0, "whatsapp", True),
            (DAY - 1, "whatsapp", True),
            (DAY, "whatsapp", False),
            (1, "sms", False),
            (-1, "whatsapp", False),
        ],
    )
    def test_the_window(self, since: int, channel: str, is_open: bool) -> None:
        held = answered(Instant(NOW - since), channel)
        assert window_open(held, NOW) is is_open
        made = rendered("whatsapp", self.content, replace(SCENE, record=held, now=NOW))
        assert (made.approved == "") is is_open
        free = compiled(whatsapp={"text": {"en": "x"}})
        assert (why_not_renderable(free, "whatsapp", held, NOW) == "") is is_open

    def test_what_is_approved_goes_with_its_parameters_and_its_own_code_of_the_language(self) -> None:
        made = rendered("whatsapp", self.content)
        assert (made.text, made.approved, made.approved_language, made.parameters) == (
            "Hi Ana",
            "hello",
            "en_US",
            ("Ana",),
        )

    def test_nothing_goes_unasked_that_is_not_approved(self) -> None:
        free = compiled(whatsapp={"text": {"en": "x"}}, sms={"text": {"en": "x"}})
        assert why_not_renderable(free, "whatsapp", record(), NOW) == NOT_APPROVED
        assert why_not_renderable(free, "sms", record(), NOW) == ""
        assert why_not_renderable(compiled(whatsapp=self.content), "whatsapp", record(), NOW) == ""
        with pytest.raises(AuthorFault, match="approved"):
            render_message(free, "whatsapp", replace(SCENE, now=NOW))


class TestCalendar:
    """The file says when and where, finds its entry again, and nothing of what for."""

    def entry(self, focus: Fact, scene: Scene = SCENE) -> tuple[Any, Any]:
        made = appointment_file(replace(scene, focus=focus))
        assert made is not None
        assert (made.name, made.media_type) == ("appointment.ics", "text/calendar")
        calendar = Calendar.from_ical(made.content)
        return calendar, calendar.walk("VEVENT")[0]

    def test_an_email_carries_it_where_the_template_says_so(self) -> None:
        content = {"subject": {"en": "S"}, "text": {"en": "T"}, "attach": ["calendar"]}
        assert len(rendered("email", content).attachments) == 1
        assert rendered("email", content, replace(SCENE, focus=None)).attachments == ()
        assert rendered("email", content | {"attach": []}).attachments == ()

    def test_the_time_is_local_with_its_zone(self) -> None:
        calendar, event = self.entry(replace(APPOINTMENT, end=Instant((APPOINTMENT.start or 0) + HOUR)))
        assert calendar["METHOD"] == "PUBLISH"
        assert event["DTSTART"].params["TZID"] == "America/New_York"
        assert event["DTSTART"].dt.isoformat() == "2026-03-04T10:00:00-05:00"
        assert event["DTEND"].dt.isoformat() == "2026-03-04T11:00:00-05:00"
        assert len(calendar.walk("VTIMEZONE")) == 1

    def test_it_says_where_and_not_what_for(self) -> None:
        _, event = self.entry(replace(APPOINTMENT, title="Chemotherapy", codes=("s|oncology",)))
        assert event["SUMMARY"] == "Appointment: Riverside Clinic"
        assert event["LOCATION"] == "Harbour House"
        made = appointment_file(replace(SCENE, focus=replace(APPOINTMENT, title="Chemotherapy")))
        assert made is not None
        assert b"hemo" not in made.content

    def test_a_change_is_the_same_entry_with_a_higher_number(self) -> None:
        _, first = self.entry(replace(APPOINTMENT, version="1"))
        _, moved = self.entry(replace(APPOINTMENT, version="2", start=Instant(NOW + 72 * HOUR)))
        _, odd = self.entry(replace(APPOINTMENT, version="W/abc", updated=NOW))
        assert first["UID"] == moved["UID"] == odd["UID"]
        assert first["SEQUENCE"] < moved["SEQUENCE"] < odd["SEQUENCE"]

    @pytest.mark.parametrize(
        "focus", [replace(APPOINTMENT, status="cancelled"), replace(APPOINTMENT, gone=True)]
    )
    def test_a_cancellation_removes_it(self, focus: Fact) -> None:
        calendar, event = self.entry(focus)
        assert (calendar["METHOD"], event["STATUS"]) == ("CANCEL", "CANCELLED")

    def test_the_same_appointment_gives_the_same_bytes(self) -> None:
        assert appointment_file(SCENE) == appointment_file(SCENE)

    def test_words_in_the_language(self) -> None:
        assert (
            self.entry(APPOINTMENT, replace(SCENE, language="es"))[1]["SUMMARY"] == "Cita: Riverside Clinic"
        )
        assert self.entry(APPOINTMENT, replace(SCENE, language="fr"))[1]["SUMMARY"].startswith("Appointment")


@pytest.mark.parametrize(
    ("channel", "content", "said"),
    [
        ("sms", {"text": {"en": "x" * 1531}}, "text is 11 SMS parts long, at most 10 can be sent"),
        ("whatsapp", {"text": {"en": "x" * 4097}}, "text is 4,097 characters long"),
        ("push", {"title": {"en": "x" * 121}, "text": {"en": "x"}}, "subject is 121 characters long"),
    ],
)
def test_what_no_provider_takes_is_the_authors_fault(
    channel: str, content: dict[str, Any], said: str
) -> None:
    with pytest.raises(AuthorFault, match=said):
        rendered(channel, content)


@given(st.text(min_size=1, max_size=60))
def test_no_name_breaks_out_of_its_place(name: str) -> None:
    """Whatever a patient is called: no markup of theirs in HTML, no line of theirs in a subject."""
    content = {
        "subject": {"en": "For {{ patient.given }}"},
        "html": {"en": '<p title="{{ patient.given }}">{{ patient.given }}</p>'},
    }
    scene = replace(SCENE, record=record(replace(PERSON, names=(Name("usual", "X", (name,)),))))
    made = rendered("email", content, scene)
    assert made.html.count("<") == 2
    assert made.html.count('"') == 2
    assert len(made.subject.splitlines()) == 1


@given(st.text(max_size=200), st.sampled_from(["en", "es", "de"]))
def test_the_same_scene_gives_the_same_message(text: str, language: str) -> None:
    """A message that is rendered again, as after a crash, says the same."""
    content = {"text": {language: "{{ question.text }} {{ appointment.day }}"}}
    made = compile_template(
        parse_template(document(channels={"sms": content}, default_language=language), "t")
    )
    scene = replace(SCENE, language=language, values={"text": text, f"text@{language}": text})
    assert render_message(made, "sms", scene) == render_message(made, "sms", scene)
