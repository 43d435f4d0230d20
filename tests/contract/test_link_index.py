"""Indexes.link: what a token leads to, written again and again, found by nobody who does not have it."""

from __future__ import annotations

from msgspec.structs import replace

from shared.effects import IndexLink
from shared.fhir.instants import Instant
from shared.patient.record import patient_key

KEY = patient_key("patient-1")
LINK = IndexLink(
    "d4IUey-qnhOKvwDHs66wGQ",
    "click",
    message_id="m1",
    target="https://clinic.example/Übersicht?a=1&b='2'",
    party="RelatedPerson/1",
    channel="email",
    purpose="marketing",
    language="es-MX",
    expires=Instant(1_800_000_000_000_000),
)


async def test_a_link_comes_back_as_it_was_written(indexes):
    await indexes.apply(KEY, LINK)
    assert await indexes.link(LINK.token) == (KEY, LINK)


async def test_writing_it_again_renews_it(indexes):
    later = replace(LINK, expires=None)
    for link in (LINK, LINK, later):
        await indexes.apply(KEY, link)
    assert await indexes.link(LINK.token) == (KEY, later)


async def test_each_token_leads_to_its_own(indexes):
    other = replace(LINK, token="D4IUey-qnhOKvwDHs66wGQ", kind="survey", target="e1|ask")
    await indexes.apply(KEY, LINK)
    await indexes.apply(patient_key("patient-2"), other)
    assert await indexes.link(LINK.token) == (KEY, LINK)
    assert await indexes.link(other.token) == (patient_key("patient-2"), other)


async def test_what_was_never_made_is_nobodys(indexes):
    await indexes.apply(KEY, LINK)
    for guess in ("", "d4IUey-qnhOKvwDHs66wGA", "d4IUey-qnhOKvwDHs66wG", "'; drop", "a" * 5_000, "\x00/\\#?"):
        assert await indexes.link(guess) is None
