"""Checks of definitions: whatever is sent is answered, as a publication would; lists cost one read."""

from __future__ import annotations

import asyncio
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_kit import Time, in_memory, segments

from cli.definitions import read_definitions
from shared.catalogue import Document
from shared.errors import Invalid, Problem, Unavailable
from shared.usecases.drafts.checking import AWAY, check
from shared.usecases.library import library
from shared.usecases.publish import publish
from shared.usecases.services import Services
from shared.usecases.shelf import DEFINITIONS
from shared.usecases.value_sets import complete

_SHIPPED = [each for each in read_definitions() if len(str(each.body)) < 20_000]
_JUNK = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        1.5,
        "",
        "|",
        "\x00",
        "2020-99-99",
        "P1M",
        "$x",
        [],
        {},
        [None],
        {"all": []},
        "é" * 300,
    ]
)


@st.composite
def _spoilt(draw: st.DrawFn) -> Document:
    """Draw a shipped definition in which something is missing, or something else stands in its place."""
    document = draw(st.sampled_from(_SHIPPED))
    body = deepcopy(document.body)
    for _ in range(draw(st.integers(1, 3))):
        node: Any = body
        while isinstance(node, dict | list) and node:
            key = draw(st.sampled_from(list(node) if isinstance(node, dict) else range(len(node))))
            if draw(st.booleans()) or not isinstance(node[key], dict | list):
                node[key] = draw(_JUNK)
                break
            node = node[key]
    return Document(document.kind, "draft", body)


@given(_spoilt())
@settings(max_examples=60, deadline=None)
def test_whatever_is_wrong_is_an_answer_and_a_publication_says_the_same(document: Document) -> None:
    """Never an error of ours; and what is found sound alone can be published alone."""

    async def both() -> tuple[set[Problem], set[Problem]]:
        services = in_memory(Time())
        return set((await check(services, (document,))).problems), await _refused(services, document)

    checked, refused = asyncio.run(both())
    assert refused <= checked
    assert bool(refused) == bool(checked)


async def _refused(services: Services, document: Document) -> set[Problem]:
    """Publish, and return why that was refused, if it was."""
    whole = await complete(services, (document,))
    try:
        await publish(services, whole.documents, sought=whole.sought)
    except Invalid as refused:
        return set(refused.problems)
    return set()


async def test_nothing_is_written_by_a_check() -> None:
    services = in_memory(Time())
    await segments(services)
    held = await library(services.documents)
    await check(services, tuple(_SHIPPED[:5]))
    assert await library(services.documents) is held
    assert len([name async for name, _ in services.documents.all(DEFINITIONS)]) == len(held.documents)


async def test_a_server_that_is_away_is_told_as_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    services = in_memory(Time())

    async def away(*_: object) -> None:
        raise Unavailable("no answer")

    monkeypatch.setattr(services.fhir, "value_set", away)
    body = {"has": {"type": "Condition", "valueset": "urn:set"}}
    document = Document("segment", "s", {"url": "urn:s", "version": "1", "title": "S", "criteria": body})
    (problem,) = (await check(services, (document,))).problems
    assert AWAY in problem.what


async def test_what_is_published_is_read_once_for_each_version(monkeypatch: pytest.MonkeyPatch) -> None:
    services = in_memory(Time())
    await segments(services)
    reads = _counted(services, monkeypatch)
    first = await library(services.documents)
    assert await library(services.documents) is first
    assert reads == [DEFINITIONS]
    body = {"url": "urn:s", "version": "1", "title": "S", "criteria": {"gender": "female"}}
    await publish(services, (Document("segment", "s", body),))
    assert "urn:s" in (await library(services.documents)).of("segment")


async def test_versions_stand_in_the_order_in_which_people_read_them() -> None:
    services = in_memory(Time())
    for version in ("1.10.0", "1.9.0", "2"):
        body = {"url": "urn:s", "version": version, "title": version, "criteria": {"gender": "female"}}
        await publish(services, (Document("segment", "s", body),))
    found = (await library(services.documents)).of("segment")["urn:s"]
    assert [(each.version, each.publication) for each in found] == [("1.9.0", 2), ("1.10.0", 1), ("2", 3)]


def _counted(services: Services, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note which kinds of documents are walked."""
    reads: list[str] = []
    walk = services.documents.all

    def noted(kind: str) -> Any:
        reads.append(kind)
        return walk(kind)

    monkeypatch.setattr(services.documents, "all", noted)
    return reads
