"""The pages' words: the same in every language, versioned, chosen by what the reader reads, and escaped."""

from __future__ import annotations

import re
from hashlib import sha256
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.definitions import read_definitions
from shared.fhir.choice import PURPOSES
from shared.message.outbound import CHANNELS
from shared.pages.frame import HEADERS, Imprint, notice, page, paragraphs
from shared.pages.languages import language_name
from shared.pages.masks import last_digits, mask
from shared.pages.preferences import Preferences, preferences_page, topic_title
from shared.pages.style import STYLE, STYLE_HASH
from shared.pages.unsubscribe import ask_page, done_page
from shared.pages.words import LANGUAGES, Words, accepted, readable

VERSIONS = {"en": ("1", "51ae8fe942ec"), "es": ("1", "b09f053e88a6"), "de": ("1", "b1bc82bb61d4")}
"""By language the version of its words, and their digest: new words, new version, new digest."""


def blanks(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


@pytest.mark.parametrize("language", LANGUAGES)
class TestEachLanguage:
    """What holds for every file of words."""

    def test_it_says_everything_with_the_same_blanks(self, language: str) -> None:
        english = {name: blanks(text) for name, text in LANGUAGES["en"].items()}
        assert {name: blanks(text) for name, text in LANGUAGES[language].items()} == english

    def test_it_has_its_own_words(self, language: str) -> None:
        same = {"version", "channel-whatsapp", "error", "no"}
        if language != "en":
            kept = {n for n, text in LANGUAGES[language].items() if text == LANGUAGES["en"][n]}
            assert kept <= same

    def test_purposes_and_channels_have_names(self, language: str) -> None:
        words = Words(language)
        for purpose in PURPOSES:
            assert words(f"purpose-{purpose}")
            assert words(f"purpose-{purpose}-text")
        assert all(words(f"channel-{channel}") for channel in CHANNELS)

    def test_topics_of_shipped_templates_have_names(self, language: str) -> None:
        documents = read_definitions()
        topics = {str(each.body.get("topic", "")) for each in documents if each.kind == "template"} - {""}
        assert topics
        assert {topic for topic in topics if not Words(language).get(f"topic-{topic}")} == set()

    def test_new_words_have_a_new_version(self, language: str) -> None:
        """The version is kept as evidence of what somebody agreed to: it must name these very words."""
        said = "\n".join(f"{name}={text}" for name, text in sorted(LANGUAGES[language].items()))
        digest = sha256(said.encode()).hexdigest()[:12]
        assert VERSIONS[language] == (LANGUAGES[language]["version"], digest)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.5", "de"),
        ("fr-FR, es;q=0.4, en;q=0.8", "en"),
        ("fr, es;q=0.4, en;q=0", "es"),
        ("*;q=0.5, ja", "en"),
        (";;q=x,,=", "en"),
        ("es;q=nan", "en"),
        ("x" * 100_000 + ",de", "en"),
    ],
)
def test_the_browsers_languages(header: str, language: str) -> None:
    assert readable(accepted(header)) == language


@given(st.text())
def test_no_header_is_too_strange(header: str) -> None:
    assert readable(accepted(header)) in LANGUAGES


@given(st.text(), st.text(), st.text())
def test_nothing_from_outside_becomes_markup(name: str, title: str, text: str) -> None:
    """Whatever an organisation, a title or a topic is called: it is text."""
    imprint = Imprint(f"<i>{name}", f"<i>{name}", f"https://x/<i>{name}", f"<i>{name}")
    shown = Preferences(
        {"sms": f"<i>{text}", "email": f"<i>{text}"}, {("care", "sms"): True}, {f"<i>{text}": True}
    )
    found = (
        page(f"<i>{title}", paragraphs(f"<i>{text}"), "en", imprint),
        preferences_page(shown, "en", imprint, "saved"),
        ask_page("marketing", "email", "en", imprint),
        done_page("marketing", "email", "en", imprint, f"/p/<i>{text}"),
    )
    assert all("<i>" not in html for html in found)
    assert all(
        re.search(r"<script|\son\w+=", html.split("</style>")[1]) is None or "<" in text for html in found
    )


def test_the_style_is_allowed_by_its_hash_and_nothing_else_is() -> None:
    policy = HEADERS["Content-Security-Policy"]
    assert f"style-src '{STYLE_HASH}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert f"<style>{STYLE}</style>" in page("T", "", "en")
    assert 'style="' not in page("T", notice("x"), "en")


@pytest.mark.parametrize(
    ("channel", "address", "masked"),
    [
        ("sms", "+12125550142", "•••• 0142"),
        ("whatsapp", "+12125550142", "•••• 0142"),
        ("sms", "0142", ""),
        ("sms", "", ""),
        ("email", "ana@example.org", "a•••@•••.org"),
        ("email", "ana", ""),
        ("letter", "Ana Lopez\n1 Harbour Street", ""),
        ("push", "Patient/p1", ""),
    ],
)
def test_contact_points_are_masked(channel: str, address: str, masked: str) -> None:
    assert mask(channel, address) == masked


@given(st.text("+0123456789", min_size=5, max_size=16))
def test_no_more_than_four_digits_are_shown(number: str) -> None:
    assert len(last_digits(number)) in (0, 4)


def test_names_of_languages_are_those_of_the_reader() -> None:
    assert (language_name("es-MX", "en"), language_name("es", "de")) == ("Spanish", "Spanisch")
    assert (language_name("", "en"), language_name("xx-none", "en"), language_name("?", "en")) == ("", "", "")


def test_a_topic_that_nobody_has_named_is_written_as_a_title() -> None:
    assert topic_title("diabetes-care", Words("de")) == "Diabetes care"
    assert topic_title("medicines", Words("de")) == "Medikamente"
