"""Lint: every rule finds what it must, and leaves alone what is near it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cli.yaml_files import load_yaml
from shared.errors import Invalid
from shared.message.lint.check import errors, lint
from shared.message.lint.clinical_terms import TERMS
from shared.message.lint.finding import Finding
from shared.message.policy import Policy
from shared.message.template import TemplateDefinition, parse_template
from tests.unit.message.kit import POLICY, document

ROOT = Path(__file__).parents[4]
SHIPPED = sorted((ROOT / "definitions/templates").glob("*.yaml"))
JOURNEYS = sorted((ROOT / "definitions/journeys").glob("*.yaml"))
HOSTS = replace(POLICY, hosts=frozenset({"ok.example"}), website="https://www.riverside.example")
SENDER = "{{ organisation.name }}: "


def template(channels: dict[str, Any], **more: Any) -> TemplateDefinition:
    return parse_template(document(channels=channels, **more), "t")


def sms(text: str, policy: Policy = HOSTS, *, first: bool = False, **more: Any) -> list[str]:
    """Lint an SMS; what is found, without where."""
    return said(lint(template({"sms": {"text": {"en": SENDER + text}}}, **more), policy, first=first))


def said(found: tuple[Finding, ...]) -> list[str]:
    return [f"{each.level}: {each.what}" for each in found]


def test_nothing_is_found_in_plain_words() -> None:
    assert (
        sms("Hello {{ recipient.given | default: 'there' }}, time for your check-up. Reply STOP to opt out.")
        == []
    )


class TestClinicalDetail:
    """In channels that others may read."""

    @pytest.mark.parametrize(
        ("words", "found"),
        [
            ("about your Diabetes visit", "diabetes"),
            ("your HIV test", "hiv"),
            ("you are pregnant", "pregnant"),
            ("your HbA1c is due", "hba1c"),
            ("your BLOOD\nPRESSURE", "blood\npressure"),
            ("{% if patient.given %}take your insulin{% endif %}", "insulin"),
            ("{% assign what = 'cancer' %}{{ what }}", "cancer"),
            ("your test results are in", "test results"),
        ],
    )
    def test_it_is_found_in_any_branch(self, words: str, found: str) -> None:
        assert f'error: says "{found}", which is clinical detail' in sms(words)

    @pytest.mark.parametrize(
        "words",
        ["we are colonial", "hives", "your check-up", "flu shot", "a routine screening", "a stickler"],
    )
    def test_what_only_looks_like_it_is_not(self, words: str) -> None:
        assert sms(words) == []

    @pytest.mark.parametrize(
        ("language", "word"),
        [
            ("es", "diabetes"),
            ("es", "cáncer"),
            ("es", "embarazo"),
            ("de", "Krebs"),
            ("de", "Schwangerschaft"),
            ("fr", "cancer"),
        ],
    )
    def test_each_language_has_its_words(self, language: str, word: str) -> None:
        made = template({"sms": {"text": {language: f"{SENDER}{word}"}}}, default_language=language)
        assert any("clinical detail" in each for each in said(lint(made, HOSTS)))

    @given(st.sampled_from([(language, word) for language, words in TERMS.items() for word in words]))
    def test_every_word_of_the_lists_finds_itself(self, entry: tuple[str, str]) -> None:
        language, word = entry
        text = f"{SENDER}x {word.rstrip('$').upper()} y"
        made = template({"sms": {"text": {language: text}}}, default_language=language)
        assert errors(lint(made, HOSTS))

    def test_fields_that_may_hold_it(self) -> None:
        assert sms("{{ appointment.title }}") == ["error: appointment.title can hold clinical detail"]

    def test_the_body_of_an_email_may_say_it_and_its_subject_not(self) -> None:
        made = template(
            {"email": {"subject": {"en": "Your insulin"}, "text": {"en": f"{SENDER}Your insulin"}}}
        )
        assert [each.path for each in lint(made, HOSTS)] == ["channels.email.subject.en"]

    def test_who_declares_it_is_only_warned(self) -> None:
        found = sms("your mammogram", discloses="clinical", topic="screening")
        assert found == ['warning: says "mammogram", which is clinical detail']

    def test_what_whatsapp_approved_is_looked_at_too(self) -> None:
        approved = {"name": "a", "language": {"en": "en"}, "parameters": ["{{ appointment.title }}"]}
        made = template({"whatsapp": {"text": {"en": "Hi"}, "approved": approved}})
        assert [each.path for each in lint(made, HOSTS)] == ["channels.whatsapp.approved.parameters[0]"]


class TestConduct:
    """Who writes, how to stop, where to unsubscribe."""

    def test_the_sender_must_be_named(self) -> None:
        made = template(
            {"sms": {"text": {"en": "Hello"}}, "email": {"subject": {"en": "S"}, "text": {"en": "T"}}}
        )
        assert [each.path for each in lint(made, HOSTS)] == ["channels.sms.text.en", "channels.email.text.en"]
        named = template({"sms": {"text": {"en": "Riverside Clinic: hello"}}})
        assert lint(named, HOSTS) == ()

    @pytest.mark.parametrize("words", ["Reply STOP to opt out", "Responda ALTO", "Antworten Sie mit STOPP"])
    def test_the_first_message_says_how_to_stop(self, words: str) -> None:
        assert sms("Hello", first=True) == ["error: does not say how to opt out"]
        assert sms(words, first=True) == []

    def test_so_does_marketing_always(self) -> None:
        assert "error: does not say how to opt out" in sms("Hello", purpose="marketing", topic="offers")

    def test_marketing_email_has_a_link_and_an_address(self) -> None:
        def email(text: str) -> list[str]:
            content = {"email": {"subject": {"en": "S"}, "text": {"en": SENDER + text}}}
            return said(lint(template(content, purpose="marketing", topic="offers"), HOSTS))

        assert email("Offer") == ["error: has no link to unsubscribe", "error: lacks the postal address"]
        good = "{% if links.unsubscribe %} {{ links.unsubscribe }}{% endif %}.\n{{ organisation.address }}"
        assert email(f"Offer{good}") == []

    @pytest.mark.parametrize(
        "words",
        [
            "Reply CANCEL to cancel",
            'Reply "cancel" to change it',
            "Responda CANCELAR para no venir",
            "Text CANCEL",
        ],
    )
    def test_cancel_is_no_answer(self, words: str) -> None:
        assert "error: asks to answer CANCEL, which ends all messages" in sms(words)

    @pytest.mark.parametrize("words", ["Reply 2 to cancel", "To cancel, call us", "Reply C to cancel it"])
    def test_to_cancel_by_another_answer_is_fine(self, words: str) -> None:
        assert sms(words) == []


class TestLinksOfATemplate:
    """Hosts that were allowed, and no shorteners."""

    @pytest.mark.parametrize(
        "words",
        ["https://ok.example/a.", "https://www.riverside.example", "{{ 'https://ok.example' | link }}"],
    )
    def test_allowed(self, words: str) -> None:
        assert sms(words) == []

    @pytest.mark.parametrize(
        ("words", "what"),
        [
            ("https://evil.example/x", "links to evil.example, which is not allowed"),
            (
                "{% if false %}{{ 'https://evil.example/x' | link }}{% endif %}",
                "links to evil.example, which is not allowed",
            ),
            ("{{ 'https:' | append: '//evil.example/x' }}", "leads to evil.example, which is not allowed"),
            ("see bit.ly/x now", "links through bit.ly"),
            ("https://tinyurl.com/x", "links through tinyurl.com"),
            ("https://ok.example.evil.example/", "links to ok.example.evil.example, which is not allowed"),
        ],
    )
    def test_refused(self, words: str, what: str) -> None:
        assert f"error: {what}" in sms(words)

    def test_without_encryption(self) -> None:
        assert sms("http://ok.example/") == ["warning: links to http://ok.example/ without encryption"]

    def test_html_is_looked_at(self) -> None:
        html = f'<a href="https://evil.example/x">{SENDER}x</a>'
        made = template({"email": {"subject": {"en": "S"}, "html": {"en": html}}})
        assert "channels.email.html.en" in [each.path for each in lint(made, HOSTS)]


class TestRendered:
    """What shows only with values."""

    def test_what_is_not_always_known(self) -> None:
        found = sms("at {{ location.name }}")
        assert found == [
            "error: cannot be rendered for a patient of whom little is known: location.name is undefined"
        ]
        assert sms("at {% if location %}{{ location.name }}{% else %}us{% endif %}") == []

    def test_what_reads_badly_without_a_value(self) -> None:
        found = sms("Hello {{ patient.given }} , welcome")
        assert len(found) == 3
        assert all(each.startswith("warning: text reads badly for") for each in found)
        assert any("little is known" in each for each in found)

    def test_too_long(self) -> None:
        assert any("is 4 SMS parts long" in each for each in sms("x" * 450))
        assert any("is 11 SMS parts long" in each for each in sms("x" * 1550))

    def test_an_empty_message(self) -> None:
        made = template({"sms": {"text": {"en": "{% if patient.given %}{{ organisation.name }}{% endif %}"}}})
        assert said(lint(made, HOSTS)) == ["error: is empty for a patient of whom little is known"]

    def test_words_for_families_are_rendered_for_one(self) -> None:
        content = {
            "text": {"en": f"{SENDER}x"},
            "bundle": {"en": f"{SENDER}{{{{ bundle.names }}}} {{{{ location.name }}}}"},
        }
        assert lint(template({"sms": content}), HOSTS) == ()
        alone = sms("{{ bundle.names }}")
        assert all("cannot be rendered" in each for each in alone)
        assert alone


class TestLanguages:
    """The same in every language and channel."""

    def test_channels_in_other_languages(self) -> None:
        made = template(
            {
                "sms": {"text": {"en": f"{SENDER}a", "es": f"{SENDER}b"}},
                "email": {"subject": {"en": "S"}, "text": {"en": SENDER}},
            }
        )
        assert said(lint(made, HOSTS)) == ["warning: is not written in es, as other channels are"]

    def test_what_was_not_translated(self) -> None:
        words = f"{SENDER}Please call us at your convenience"
        made = template({"sms": {"text": {"en": words, "es": words}}})
        assert said(lint(made, HOSTS)) == ["warning: says the same as en"]

    def test_what_one_language_leaves_out(self) -> None:
        made = template(
            {"sms": {"text": {"en": f"{SENDER}call {{{{ organisation.phone }}}}", "es": f"{SENDER}hola"}}}
        )
        assert "warning: does not ask for organisation.phone, as en does" in said(lint(made, HOSTS))


def test_whatsapp_without_what_is_approved() -> None:
    made = template({"whatsapp": {"text": {"en": "Hi"}}})
    assert said(lint(made, HOSTS)) == [
        "warning: names nothing approved: it reaches only who has written within 24 hours"
    ]
    answer = template({"whatsapp": {"text": {"en": "Hi"}}}, url=f"{HOSTS.replies}help")
    assert lint(answer, HOSTS) == ()


@given(st.text(max_size=200))
def test_any_sound_template_can_be_linted(text: str) -> None:
    """Never raises, whatever an author writes."""
    try:
        made = template(
            {
                "sms": {"text": {"en": text or "x"}},
                "push": {"title": {"en": "x"}, "text": {"en": text or "x"}},
            }
        )
    except Invalid:
        return
    lint(made, Policy())


FIRST = {
    next(
        line.rpartition("templates/")[2].strip()
        for line in path.read_text("utf-8").splitlines()
        if "templates/" in line
    )
    for path in JOURNEYS
}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_what_ships_has_no_errors(path: Path) -> None:
    made = parse_template(load_yaml(path.read_text("utf-8")), path.name)
    assert [str(each) for each in errors(lint(made, Policy(), first=path.stem in FIRST))] == []
