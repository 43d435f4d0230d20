"""Templates as staff look for them: what is published, and what was handed in and is not published yet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from shared.errors import Rejected
from shared.fhir.canonical import split_canonical, version_key
from shared.message.approval import Approval
from shared.usecases.library import library
from shared.usecases.services import Services
from shared.usecases.shelf import digest
from shared.usecases.templates.approval import APPROVALS, submitted


class TemplateShown(Struct, frozen=True):
    """One version of a template, and how it stands."""

    url: str
    version: str
    body: Mapping[str, Any]
    """As its author wrote it: what is published, else what was handed in last."""
    digest: str
    """Of that."""
    approval: Approval
    publication: int | None = None
    """In which it came; None where it is not published."""

    @property
    def canonical(self) -> str:
        """Return "url|version"."""
        return self.approval.template

    @property
    def languages(self) -> Mapping[str, tuple[str, ...]]:
        """Return in which languages it is written, by channel."""
        return {
            name: tuple(sorted(content.get("subject") or content.get("text") or ()))
            for name, content in self.body["channels"].items()
            if content
        }


async def templates(
    services: Services, wanted: Callable[[str], bool] = lambda url: True
) -> Mapping[str, tuple[TemplateShown, ...]]:
    """Return the versions of each template whose url is wanted, by url in its order, the latest last.

    Raises Unavailable.
    """
    approvals = await _approvals(services, wanted)
    published = (await library(services.documents)).of("template")
    found = {
        f"{url}|{each.version}": TemplateShown(
            url,
            each.version,
            each.document.body,
            each.digest,
            approvals.get(f"{url}|{each.version}", Approval(f"{url}|{each.version}")),
            each.publication,
        )
        for url, versions in published.items()
        if wanted(url)
        for each in versions
    }
    waiting = [approval for name, approval in approvals.items() if name not in found]
    for shown in await asyncio.gather(*(_handed_in(services, approval) for approval in waiting)):
        found[shown.canonical] = shown
    by_url: dict[str, list[TemplateShown]] = {}
    for each in sorted(found.values(), key=lambda each: (each.url, version_key(each.version))):
        by_url.setdefault(each.url, []).append(each)
    return {url: tuple(versions) for url, versions in by_url.items()}


async def version_of(
    services: Services, wanted: Callable[[str], bool], version: str = ""
) -> tuple[TemplateShown, tuple[str, ...]]:
    """Return a version of the template whose url is wanted, the latest without one; and which there are.

    Raises Rejected (unknown-template), Unavailable.
    """
    versions = next(iter((await templates(services, wanted)).values()), ())
    found = next((each for each in reversed(versions) if version in ("", each.version)), None)
    if found is None:
        raise Rejected("nobody has submitted such a template, and none is published", "unknown-template")
    return found, tuple(each.version for each in versions)


async def _approvals(services: Services, wanted: Callable[[str], bool]) -> Mapping[str, Approval]:
    decode = msgspec.json.Decoder(Approval).decode
    found = [decode(body) async for _, body in services.documents.all(APPROVALS)]
    return {each.template: each for each in found if wanted(split_canonical(each.template)[0])}


async def _handed_in(services: Services, approval: Approval) -> TemplateShown:
    url, version = split_canonical(approval.template)
    body = await submitted(services, approval)
    return TemplateShown(url, version, body, digest(body), approval)
