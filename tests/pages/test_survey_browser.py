"""The page of a survey in a real browser: judged by axe in every state and language, used by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser_kit import DESKTOP, PHONE, needs_chromium, opened, overflows, violations
from pages_kit import run, serving
from survey_kit import Asked, shipped

from functions import public_surveys
from shared.pages.survey_words import SurveyWords
from shared.pages.words import LANGUAGES
from shared.usecases.jobs import Surveyed
from shared.usecases.public.surveys import take_surveyed
from shared.usecases.react import Trigger

pytestmark = needs_chromium
SIZES = {"phone": PHONE, "desktop": DESKTOP}


@pytest.fixture(scope="module")
def place() -> Iterator[tuple[str, list[Asked]]]:
    """Serve whichever survey is the last of a list."""
    surveys: list[Asked] = []
    with serving(lambda: surveys[-1].services, public_surveys) as base:
        yield base, surveys


@pytest.fixture
def symptoms(place: tuple[str, list[Asked]]) -> Asked:
    base, surveys = place
    made = Asked(shipped("symptom-check"))
    made.base = base
    surveys.append(made)
    return made


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_in_every_language_is_clean(
    browser: Any, symptoms: Asked, shots: Path, language: str, size: str
) -> None:
    """The questions, what is wrong, more questions, thanks, and the survey that is over."""
    words = SurveyWords(language)
    with opened(browser, SIZES[size]) as tab:

        def see(name: str) -> None:
            assert tab.get_attribute("html", "lang") == language
            tab.screenshot(path=shots / f"survey-{name}-{language}-{size}.png", full_page=True)
            assert violations(tab) == []
            assert not overflows(tab)

        tab.goto(f"{symptoms.base}{symptoms.path}?lang={language}")
        see("questions")
        tab.locator("#q4").fill("12")
        tab.get_by_role("button", name=words("send")).click()
        assert words("problem") in tab.get_by_role("alert").inner_text()
        see("faults")
        for name in ("q1-1", "q2-0", "q3-0", "q5-1"):
            tab.locator(f"#{name}").check()
        tab.locator("#q4").fill("3")
        tab.get_by_role("button", name=words("send")).click()
        assert words("more") in tab.get_by_role("status").inner_text()
        see("more")
        tab.get_by_role("button", name=words("send")).click()
        assert words("thanks") in tab.get_by_role("status").inner_text()
        see("thanks")
        (job,) = symptoms.jobs()
        assert isinstance(job, Surveyed)
        run(take_surveyed(symptoms.services, job, Trigger("t")))
        tab.goto(f"{symptoms.base}{symptoms.path}?lang={language}")
        assert words("over-title") in tab.get_by_role("heading", level=1).inner_text()
        see("over")


def test_it_can_be_filled_in_by_keyboard_alone(browser: Any, symptoms: Asked) -> None:
    with opened(browser, PHONE) as tab:
        tab.goto(f"{symptoms.base}{symptoms.path}?lang=en")
        tab.locator("#q1-0").focus()
        for keys in (
            ["Space", "Tab"],
            ["Space", "Tab"],
            ["ArrowDown", "Tab"],
            ["7", "Tab"],
            ["Space", "Tab"],
        ):
            for key in keys:
                tab.keyboard.press(key)
        tab.keyboard.press("Enter")
        tab.get_by_role("status").wait_for()
    (job,) = symptoms.jobs()
    assert isinstance(job, Surveyed)
    assert job.answers == {
        "feels": "better",
        "breath": "none",
        "fever": "fever",
        "pain": "7",
        "medicines": "all-there",
    }


def test_a_fault_leads_to_its_field(browser: Any, symptoms: Asked) -> None:
    with opened(browser) as tab:
        tab.goto(f"{symptoms.base}{symptoms.path}?lang=en")
        tab.get_by_role("button").click()
        tab.get_by_role("alert").get_by_role("link").nth(3).click()
        assert tab.evaluate("document.activeElement.id") == "q4"


def test_it_works_without_script(browser: Any, symptoms: Asked) -> None:
    with opened(browser, java_script_enabled=False) as tab:
        tab.goto(f"{symptoms.base}{symptoms.path}?lang=en")
        for name in ("q1-0", "q2-0", "q3-0", "q5-0"):
            tab.locator(f"#{name}").check()
        tab.locator("#q4").fill("0")
        tab.get_by_role("button").click()
        assert "Your answers have been sent." in tab.content()
