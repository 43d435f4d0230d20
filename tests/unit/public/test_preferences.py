"""The preference centre: what stands in it, what a form changes; nobody chooses for somebody else."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.fhir.choice import ANY, PURPOSES, Choice
from shared.fhir.fact import Fact
from shared.fhir.instants import DAY, MINUTE, Instant
from shared.message.consents.choosing import choose as taken
from shared.pages.preferences import Cell, Preferences
from shared.pages.words import LANGUAGES, Words
from shared.patient.facts import Facts
from shared.patient.record import PatientRecord
from shared.usecases.jobs import Chosen
from shared.usecases.public.opening import Opened, open_link
from shared.usecases.public.preferences import Asked, choose, look
from tests.pages.pages_kit import KEY, PERSON, POLICY, Mail, Site, published

RELATED = Fact(
    "RelatedPerson",
    "r1",
    attributes={"spelled-telecom": ('["phone","+12125550199","mobile"]',), "language": ("de",)},
)
CHANNELS = ("sms", "email", "whatsapp")
cells = st.dictionaries(
    st.tuples(st.sampled_from(PURPOSES), st.sampled_from(CHANNELS)), st.booleans(), min_size=12, max_size=12
)


def said(channels: tuple[str, ...], since: st.SearchStrategy[int]) -> st.SearchStrategy[list[Choice]]:
    """Draw what was said before, in whatever way."""
    choice = st.builds(
        Choice,
        channel=st.sampled_from(channels),
        address=st.sampled_from(["", "+12125550142"]),
        since=since.map(Instant),
        source=st.sampled_from(["reply", "page", "staff"]),
        purpose=st.sampled_from([*PURPOSES, ANY]),
    )
    return st.lists(choice, max_size=5)


nos = said((*CHANNELS, ANY), st.sampled_from([1, 3, 5]))
yeses = said((*CHANNELS, ANY), st.sampled_from([2, 4]))


def opened(site: Site, **more: str) -> Opened:
    path = site.link("preferences", message=Mail(**more))
    found = asyncio.run(open_link(site.services, path.rpartition("/")[2], "preferences"))
    assert found is not None
    return found


def seen(site: Site, **more: str) -> Preferences:
    return asyncio.run(look(site.services, opened(site, **more), "en"))


def form(ticked: Mapping[Cell, bool], **more: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    return {
        "action": ("save",),
        "shown-on": tuple("|".join(cell) for cell in ticked),
        "on": tuple("|".join(cell) for cell, on in ticked.items() if on),
        "stamp": ("1",),
        **more,
    }


def send(site: Site, fields: Mapping[str, tuple[str, ...]], language: str = "en", **more: str) -> Asked:
    return asyncio.run(choose(site.services, opened(site, **more), fields, language))


def happened(site: Site) -> list[Chosen]:
    """Let what is on the queue change the record."""
    jobs = [job for job in site.jobs() if isinstance(job, Chosen)]
    for job in jobs:
        found = taken(site.record, job.permits, job.denials, site.clock.now(), site.services.policy)
        asyncio.run(site.keep(found.record))
    return jobs


def test_at_first_all_is_allowed_but_what_needs_a_yes() -> None:
    shown = seen(Site())
    assert list(shown.ways.items()) == [
        ("sms", "+12125550142"),
        ("email", "ana@example.org"),
        ("whatsapp", "+12125550142"),
    ]
    assert {cell for cell, on in shown.cells.items() if not on} == {("research", way) for way in CHANNELS}
    assert shown.language == "Spanish"


def test_one_box_is_one_choice_with_its_words() -> None:
    site = Site()
    asked = send(site, form({**seen(site).cells, ("marketing", "sms"): False}))
    assert asked.outcome == "saved"
    assert not asked.shown.cells["marketing", "sms"]
    (job,) = happened(site)
    (no,) = job.denials
    assert (no.purpose, no.channel, no.topic, no.address, no.party) == ("marketing", "sms", ANY, "", "")
    assert no.wording == (
        "News and offers (News, courses and services that you may like.), Text message (SMS) •••• 0142: no"
    )
    assert no.evidence == f"preferences page {LANGUAGES['en']['version']} (en)"
    assert no.since == site.clock.now()
    assert not job.permits


@pytest.mark.parametrize(("channel", "source", "confirms"), [("email", "link", False), ("sms", "page", True)])
def test_a_yes_to_the_channel_of_the_link_is_proven_and_another_is_not(
    channel: str, source: str, confirms: bool
) -> None:
    site = Site(replace(POLICY, restrictive=frozenset({"marketing", "research"})))
    ticked = {**seen(site).cells, ("marketing", channel): True, ("research", channel): True}
    assert send(site, form(ticked)).shown.confirms == confirms
    (job,) = happened(site)
    assert {(yes.purpose, yes.source) for yes in job.permits} == {("marketing", source), ("research", source)}
    assert seen(site).cells["marketing", channel] != confirms
    assert seen(site).pending == ({("marketing", "sms")} if confirms else frozenset())
    assert seen(site).cells["research", channel]


def test_no_box_left_is_a_no_to_the_channel() -> None:
    site = Site()
    send(site, form({cell: on and cell[1] != "sms" for cell, on in seen(site).cells.items()}))
    (job,) = happened(site)
    (no,) = job.denials
    assert (no.purpose, no.channel) == (ANY, "sms")
    assert [line.rpartition(": ")[2] for line in no.wording.splitlines()] == ["no"] * 4


def test_stop_everything_and_choose_again() -> None:
    site = Site()
    asked = send(site, {"action": ("stop",), "stamp": ("1",)})
    assert asked.outcome == "stopped"
    assert not any(asked.shown.cells.values())
    (job,) = happened(site)
    assert [(no.purpose, no.channel, no.topic) for no in job.denials] == [(ANY, ANY, ANY)]
    assert not any(seen(site).cells.values())
    site.passes(MINUTE)
    wanted = {cell: cell == ("care", "email") for cell in seen(site).cells}
    send(site, form(wanted))
    happened(site)
    assert seen(site).cells == wanted


def test_stopping_twice_is_one_stop() -> None:
    site = Site()
    for _ in range(2):
        send(site, {"action": ("stop",), "stamp": ("7",)})
    one, other = (job for job in site.jobs() if isinstance(job, Chosen))
    assert one.chosen_id == other.chosen_id


def test_a_form_shown_anew_is_another_choice() -> None:
    site = Site()
    wanted = {**seen(site).cells, ("care", "sms"): False}
    for stamp in ("1", "2"):
        send(site, form(wanted, stamp=(stamp,)))
    one, other = (job for job in site.jobs() if isinstance(job, Chosen))
    assert one.chosen_id != other.chosen_id


def test_nothing_chosen_is_nothing_on_the_queue() -> None:
    site = Site()
    assert send(site, form(seen(site).cells)).outcome == "same"
    assert send(site, {}).outcome == "same"
    assert site.jobs() == []


@pytest.mark.parametrize(
    "fields",
    [
        {"on": ("care|sms",), "shown-on": ("care|pigeon", "|", "care", "*|*", "\x00")},
        {"topic": ("nothing",), "shown-topic": ("nothing",)},
        {"party": ("RelatedPerson/1",), "key": ("x",), "action": ("drop",)},
    ],
)
def test_what_was_not_shown_cannot_be_chosen(fields: Mapping[str, tuple[str, ...]]) -> None:
    site = Site()
    assert send(site, fields).outcome == "same"
    assert site.jobs() == []


def test_topics_of_published_templates_can_be_chosen() -> None:
    site = Site()
    asyncio.run(published(site, "diabetes-care", "appointments", "diabetes-care", ""))
    shown = seen(site)
    assert list(shown.topics.items()) == [("appointments", True), ("diabetes-care", True)]
    for hears in (False, True):
        site.passes(MINUTE)
        heard = ("appointments", *(["diabetes-care"] if hears else []))
        more = {"shown-topic": tuple(shown.topics), "topic": heard, "stamp": (str(hears),)}
        asked = send(site, form(shown.cells, **more))
        assert (asked.outcome, asked.shown.topics["diabetes-care"]) == ("saved", hears)
        (job,) = happened(site)
        (choice,) = job.permits if hears else job.denials
        assert (choice.topic, choice.purpose, choice.channel) == ("diabetes-care", ANY, ANY)
        assert choice.wording == f"Diabetes care: {'yes' if hears else 'no'}"
        assert seen(site).topics == {"appointments": True, "diabetes-care": hears}
        assert seen(site).cells == shown.cells


def test_of_two_forms_open_at_once_the_later_wins() -> None:
    site = Site()
    shown = seen(site).cells
    for number, wanted in enumerate(({**shown, ("care", "sms"): False}, {**shown, ("care", "email"): False})):
        site.passes(MINUTE)
        send(site, form(wanted, stamp=(f"tab {number}",)))
        happened(site)
    assert seen(site).cells == {**shown, ("care", "email"): False}


def test_what_a_consent_of_the_server_denies_is_shown_as_denied() -> None:
    consent = Fact(
        "Consent",
        "c1",
        status="active",
        attributes={"provision-type": ("deny",), "provision-code": ("https://x.example|sms",)},
    )
    site = Site(record=PatientRecord(KEY, "p1", person=PERSON, facts=Facts.of_facts(consent)))
    assert {channel for (_, channel), on in seen(site).cells.items() if on} == {"email", "whatsapp"}


def test_a_carer_chooses_for_themselves() -> None:
    record = PatientRecord(KEY, "p1", person=PERSON, facts=Facts.of_facts(RELATED))
    site = Site(record=record)
    own = {"party": "RelatedPerson/r1", "channel": "sms"}
    shown = seen(site, **own)
    assert shown.ways == {"sms": "+12125550199", "whatsapp": "+12125550199"}
    assert shown.language == "German"
    send(site, form(dict.fromkeys(shown.cells, False)), **own)
    happened(site)
    assert not any(seen(site, **own).cells.values())
    assert seen(site).cells["care", "sms"]


def test_an_old_or_foreign_link_opens_nothing() -> None:
    site = Site()
    token = site.link("preferences").rpartition("/")[2]
    click = site.link("click", "https://riverside.example").rpartition("/")[2]
    assert asyncio.run(open_link(site.services, click, "preferences")) is None
    site.passes(60 * DAY - 1)
    assert asyncio.run(open_link(site.services, token, "preferences")) is not None
    site.passes(1)
    assert asyncio.run(open_link(site.services, token, "preferences")) is None


def test_of_who_was_erased_there_is_nothing_to_open() -> None:
    site = Site()
    token = site.link("preferences").rpartition("/")[2]
    asyncio.run(site.keep(replace(site.record, erased=site.clock.now())))
    assert asyncio.run(open_link(site.services, token)) is None


@settings(max_examples=60, deadline=None)
@given(nos, yeses, cells, cells)
def test_the_record_says_afterwards_what_the_form_said(
    outs: list[Choice], ins: list[Choice], first: dict[Cell, bool], second: dict[Cell, bool]
) -> None:
    """Whatever was said before by reply, page or staff: two forms later the page shows the second one."""
    record = PatientRecord(KEY, "p1", person=PERSON, opt_outs=tuple(outs), opt_ins=tuple(ins))
    site = Site(record=record)
    for number, wanted in enumerate((first, second)):
        site.passes(MINUTE)
        send(site, form(wanted, stamp=(str(number),)))
        happened(site)
        assert seen(site).cells == wanted


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_kept_are_those_of_the_page(language: str) -> None:
    site = Site()
    send(site, form({**seen(site).cells, ("care", "email"): False}), language)
    (job,) = happened(site)
    (no,) = job.denials
    assert no.wording.startswith(Words(language)("purpose-care"))
    assert no.wording.endswith(f": {Words(language)('no')}")
    assert f"({language})" in no.evidence


def test_policy_of_the_kit_is_restrictive_for_research_only() -> None:
    assert POLICY.restrictive == {"research"}
