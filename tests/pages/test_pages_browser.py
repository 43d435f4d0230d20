"""The pages in a real browser: seen, used by keyboard, judged by axe, on a phone and on a desk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser_kit import DESKTOP, PHONE, needs_chromium, opened, overflows, violations
from msgspec.structs import replace
from pages_kit import POLICY, Site, published, run, serving

from shared.fhir.choice import Choice
from shared.pages.faults import STATUS, Fault, fault_page
from shared.pages.words import LANGUAGES, Words
from shared.usecases.jobs import Chosen
from shared.usecases.public.opening import imprint_of

pytestmark = needs_chromium
SIZES = {"phone": PHONE, "desktop": DESKTOP}


@pytest.fixture(scope="module")
def place() -> Iterator[tuple[str, list[Site]]]:
    """Serve whichever site is the last of a list."""
    sites: list[Site] = []
    with serving(lambda: sites[-1].services) as base:
        yield base, sites


@pytest.fixture
def site(place: tuple[str, list[Site]]) -> Site:
    base, sites = place
    made = Site()
    made.base = base
    sites.append(made)
    return made


def looked_at(tab: Any, name: str, shots: Path) -> None:
    """Judge what a tab shows, and leave a picture of it."""
    tab.screenshot(path=shots / f"{name}.png", full_page=True)
    assert violations(tab) == []
    assert not overflows(tab)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_in_every_language_is_clean(
    browser: Any, site: Site, shots: Path, language: str, size: str
) -> None:
    """Preferences before and after saving, unsubscribe before and after, and a link that leads nowhere."""
    words = Words(language)
    with opened(browser, SIZES[size]) as tab:

        def see(name: str) -> None:
            assert tab.get_attribute("html", "lang") == language
            looked_at(tab, f"{name}-{language}-{size}", shots)

        tab.goto(f"{site.base}{site.link('preferences')}?lang={language}")
        see("preferences")
        tab.get_by_role("button", name=words("preferences-save")).click()
        assert tab.get_by_role("status").inner_text() == words("preferences-same")
        tab.get_by_role("checkbox").first.uncheck()
        tab.get_by_role("button", name=words("preferences-save")).click()
        assert words("preferences-saved") in tab.get_by_role("status").inner_text()
        see("preferences-saved")
        tab.get_by_role("button", name=words("stop-button")).click()
        see("preferences-stopped")
        tab.goto(f"{site.base}{site.link('unsubscribe')}?lang={language}")
        see("unsubscribe")
        tab.get_by_role("button").click()
        see("unsubscribed")
        tab.get_by_role("link", name=words("unsubscribed-more")).click()
        assert tab.inner_text("h1") == words("preferences-title")
        tab.goto(f"{site.base}/p/{'A' * 22}?lang={language}")
        assert tab.inner_text("h1") == words("lost-title")
        see("lost")


@pytest.mark.parametrize("language", LANGUAGES)
def test_topics_and_what_waits_to_be_confirmed(browser: Any, site: Site, shots: Path, language: str) -> None:
    """All that the preference centre can hold, for who agreed to news by SMS and has not said YES yet."""
    site.services = replace(site.services, policy=replace(POLICY, restrictive=frozenset({"marketing"})))
    run(published(site, "diabetes-care", "appointments"))
    pending = Choice("sms", "+12125550142", site.clock.now(), "pending", "marketing")
    run(site.keep(replace(site.record, opt_ins=(pending,))))
    with opened(browser, PHONE) as tab:
        tab.goto(f"{site.base}{site.link('preferences')}?lang={language}")
        assert tab.get_by_text(Words(language)("preferences-pending")).count() == 1
        assert tab.get_by_role("checkbox", name="Diabetes care").is_checked()
        looked_at(tab, f"preferences-full-{language}", shots)


@pytest.mark.parametrize("kind", STATUS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_for_what_goes_wrong_are_clean(browser: Any, shots: Path, language: str, kind: Fault) -> None:
    with opened(browser, PHONE) as tab:
        tab.set_content(fault_page(kind, language, imprint_of(Site().services)))
        looked_at(tab, f"fault-{kind}-{language}", shots)


def test_the_keyboard_is_enough(browser: Any, site: Site) -> None:
    """Skip link, boxes by space, the button by enter; what came of it has the focus."""
    with opened(browser, PHONE) as tab:
        tab.goto(site.base + site.link("preferences"))
        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.className") == "skip"
        assert tab.locator(".skip").bounding_box()["x"] >= 0
        tab.keyboard.press("Enter")
        assert tab.evaluate("document.activeElement.id") == "content"
        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.value") == "care|sms"
        outline = tab.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"
        tab.keyboard.press("Space")
        while tab.evaluate("document.activeElement.tagName") != "BUTTON":
            tab.keyboard.press("Tab")
        with tab.expect_navigation():
            tab.keyboard.press("Enter")
        assert tab.evaluate("document.activeElement.id") == "outcome"
        assert not tab.get_by_role("group", name="Your care").get_by_role("checkbox").first.is_checked()
    (job,) = site.jobs()
    assert isinstance(job, Chosen)
    assert [(no.purpose, no.channel) for no in job.denials] == [("care", "sms")]


def test_a_screen_reader_is_told_what_a_box_is(browser: Any, site: Site) -> None:
    with opened(browser) as tab:
        tab.goto(site.base + site.link("preferences"))
        told = tab.get_by_role("group", name="Your care").aria_snapshot()
    assert 'checkbox "Text message (SMS) number ending in 0 1 4 2" [checked]' in told
    assert "••••" not in re.sub(r"a•••@•••.org", "", told)


def test_without_script_and_with_letters_twice_as_large(browser: Any, site: Site) -> None:
    with opened(browser, {"width": 320, "height": 600}, java_script_enabled=False) as tab:
        tab.goto(site.base + site.link("unsubscribe"))
        tab.get_by_role("button", name="Yes, stop them").click()
        assert tab.inner_text("h1") == "You are unsubscribed"
    with opened(browser, {"width": 320, "height": 600}) as tab:  # 1280 pixels wide at 400 % (WCAG 1.4.10)
        tab.goto(site.base + site.link("preferences"))
        assert not overflows(tab)
        tab.evaluate("document.documentElement.style.fontSize = '200%'")
        assert not overflows(tab)


def test_nothing_known_of_the_organisation_is_no_fault(browser: Any, site: Site, shots: Path) -> None:
    site.services = replace(
        site.services, policy=replace(POLICY, organisation="", phone="", website="", address="")
    )
    with opened(browser, PHONE) as tab:
        tab.goto(site.base + site.link("preferences"))
        looked_at(tab, "bare", shots)


def test_the_words_are_those_of_the_browser_where_nobody_is_known(browser: Any, site: Site) -> None:
    with opened(browser, locale="de-AT") as tab:
        answer = tab.goto(f"{site.base}/l/nothing")
        assert answer.status == 404
        assert tab.inner_text("h1") == Words("de")("lost-title")
