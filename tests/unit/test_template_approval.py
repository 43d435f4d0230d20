"""The use case of approval: what is kept, what lint refuses, what may be published."""

from __future__ import annotations

from typing import Any

import pytest

from shared.document import Document
from shared.errors import Conflict, Invalid, Rejected
from shared.usecases.publish import publish
from shared.usecases.services import Services
from shared.usecases.shelf import digest
from shared.usecases.templates.approval import (
    load_approval,
    refuse_unready,
    settle,
    submit,
    submitted,
)
from tests.unit.memory_kit import Time, in_memory

NAME = "https://x.example/templates/offer|1"
TEXT = "{{ organisation.name }}: new opening hours. Reply STOP to opt out."


def offer(text: str = TEXT, purpose: str = "marketing") -> Document:
    body: dict[str, Any] = {
        "url": "https://x.example/templates/offer",
        "version": "1",
        "title": "Offer",
        "purpose": purpose,
        "topic": "offers",
        "channels": {"sms": {"text": {"en": text}}},
    }
    return Document("template", "offer.yaml", body)


@pytest.fixture
def services() -> Services:
    return in_memory(Time())


async def approve(services: Services, document: Document) -> None:
    await submit(services, document, "ana", "author")
    await settle(services, NAME, "approve", "ben", "lead", mark=digest(document.body))


async def test_who_approves_reads_what_was_submitted(services: Services) -> None:
    state = await submit(services, offer(), "ana", "author")
    assert (state.template, state.status) == (NAME, "submitted")
    assert await submitted(services, state) == offer().body
    settled = await settle(services, NAME, "approve", "ben", "lead", "fine")
    assert settled.status == "approved"
    assert (await load_approval(services.documents, NAME))[0] == settled


async def test_nothing_submitted_is_told(services: Services) -> None:
    state, _ = await load_approval(services.documents, NAME)
    with pytest.raises(Rejected, match="nobody has submitted"):
        await submitted(services, state)


async def test_lint_errors_are_not_handed_in(services: Services) -> None:
    with pytest.raises(Invalid, match=r"offer.yaml: channels.sms.text.en: does not say how to opt out"):
        await submit(services, offer("{{ organisation.name }}: hello"), "ana", "author")
    assert (await load_approval(services.documents, NAME))[0].moves == ()


async def test_marketing_is_not_published_without_a_yes(services: Services) -> None:
    with pytest.raises(Invalid, match="is not approved: it is draft"):
        await refuse_unready(services, [offer()], approved_only=False, linted=False)
    await approve(services, offer())
    await refuse_unready(services, [offer()], approved_only=False, linted=False)
    changed = offer(TEXT.replace("hours", "times"))
    with pytest.raises(Invalid, match="what is approved says something else"):
        await refuse_unready(services, [changed], approved_only=False, linted=False)


async def test_what_is_published_as_it_is_needs_nobody(services: Services) -> None:
    await publish(services, (offer(),))
    await refuse_unready(services, [offer()], approved_only=True, linted=True)


async def test_care_needs_a_yes_only_where_everything_does(services: Services) -> None:
    care = offer(purpose="care")
    await refuse_unready(services, [care], approved_only=False, linted=False)
    with pytest.raises(Invalid, match="is not approved"):
        await refuse_unready(services, [care], approved_only=True, linted=False)


async def test_lint_is_asked_where_that_is_wanted(services: Services) -> None:
    care = offer("no sender", purpose="care")
    await refuse_unready(services, [care], approved_only=False, linted=False)
    with pytest.raises(Invalid, match="does not say who writes"):
        await refuse_unready(services, [care], approved_only=False, linted=True)


async def test_two_at_the_same_time_both_count(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes second reads again, and is judged by what the first one did."""
    await submit(services, offer(), "ana", "author")
    put, met = services.documents.put, 0

    async def meet(kind: str, name: str, body: bytes, etag: str | None) -> str:
        nonlocal met
        met += 1
        if met == 1:
            await put(kind, name, body, etag)
            raise Conflict("somebody was first")
        return await put(kind, name, body, etag)

    monkeypatch.setattr(services.documents, "put", meet)
    with pytest.raises(Rejected, match="it is approved"):
        await settle(services, NAME, "approve", "ben", "lead")
