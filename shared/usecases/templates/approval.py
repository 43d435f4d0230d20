"""Hand a template in, approve or reject it; and which templates nobody has approved yet.

Kept as documents: how each version stands, and what was submitted, so that who approves reads just that.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable
from hashlib import blake2b
from typing import Any

import msgspec

from shared.document import Document
from shared.errors import Conflict, Invalid, Problem, Rejected
from shared.fhir.choice import PURPOSES
from shared.message.approval import Action, Approval, Move, move_on
from shared.message.lint.check import errors, lint
from shared.message.template import parse_template
from shared.ports import Documents
from shared.usecases.services import Services
from shared.usecases.shelf import digest, encoded, load_shelf

APPROVALS = "template-approvals"
"""Kind of the documents that say how a template stands, by a digest of its canonical name."""
SUBMITTED = "template-submitted"
"""Kind of the documents that hold what was submitted, by its digest."""

_ATTEMPTS = 5
_encode = msgspec.json.Encoder(order="deterministic").encode


async def load_approval(documents: Documents, template: str) -> tuple[Approval, str]:
    """Read how a template ("url|version") stands, and the ETag to write over; a draft where nobody said."""
    found = await documents.get(APPROVALS, _name(template))
    if found is None:
        return Approval(template), ""
    return msgspec.json.decode(found[0], type=Approval), found[1]


async def submit(services: Services, document: Document, by: str, role: str, reason: str = "") -> Approval:
    """Hand a template in, for somebody else to approve.

    Raises Invalid with what is wrong, what lint calls an error included; Rejected where it may not be done.
    """
    template = parse_template(document.body, document.where)
    if problems := lint_problems(services, [document]):
        raise Invalid(problems)
    mark = digest(document.body)

    async def keep() -> None:
        await services.documents.put(SUBMITTED, mark, encoded(document), None)

    return await _move(services, template.canonical, "submit", by, role, reason, mark, keep)


async def settle(
    services: Services,
    template: str,
    action: Action,
    by: str,
    role: str = "",
    reason: str = "",
    mark: str = "",
    over: Approval | None = None,
) -> Approval:
    """Approve or reject what was submitted as "url|version"; `mark` is the digest of what was looked at.

    Raises Rejected with the reason where they may not, Conflict when others keep doing things with it, or
    it does not stand any more as it was looked at: `over`.
    """
    return await _move(services, template, action, by, role, reason, mark, over=over)


async def submitted(services: Services, approval: Approval) -> dict[str, Any]:
    """Return what was submitted last, as its author wrote it. Raises Rejected where nothing was."""
    found = await services.documents.get(SUBMITTED, approval.digest) if approval.digest else None
    if found is None:
        raise Rejected(f"nobody has submitted {approval.template}", "no-template")
    body: dict[str, Any] = msgspec.json.decode(found[0], type=dict[str, Any])["body"]
    return body


async def refuse_unready(
    services: Services, offered: Collection[Document], *, approved_only: bool, linted: bool
) -> None:
    """Raise Invalid naming the templates that must not be published: marketing that nobody approved.

    `approved_only`: nor anything else that nobody approved; `linted`: nor what lint calls an error.
    """
    purposes = PURPOSES if approved_only else ("marketing",)
    problems = await unapproved(services, offered, purposes)
    problems += lint_problems(services, offered) if linted else ()
    if problems:
        raise Invalid(problems)


def lint_problems(services: Services, offered: Iterable[Document]) -> tuple[Problem, ...]:
    """Return what lint calls an error in these templates. Raises Invalid for what is none."""
    return tuple(
        Problem(f"{document.where}: {found.path}", found.what, found.expected)
        for document in offered
        if document.kind == "template"
        for found in errors(lint(parse_template(document.body, document.where), services.policy))
    )


async def unapproved(
    services: Services, offered: Iterable[Document], purposes: Collection[str]
) -> tuple[Problem, ...]:
    """Return the templates of these purposes that are neither published as they are, nor approved."""
    shelf, _ = await load_shelf(services.documents)
    problems = []
    for document in offered:
        mark = digest(document.body)
        purpose = str(document.body.get("purpose", "care"))
        if (
            document.kind != "template"
            or purpose not in purposes
            or shelf.documents.get(document.canonical) == mark
        ):
            continue
        name = document.canonical.partition(" ")[2]
        state, _ = await load_approval(services.documents, name)
        if not state.approves(mark):
            problems.append(Problem(document.where, f"{name} is not approved: {_standing(state, mark)}"))
    return tuple(problems)


def _standing(state: Approval, mark: str) -> str:
    changed = state.status != "draft" and state.digest != mark
    return f"what is {state.status} says something else" if changed else f"it is {state.status}"


async def _move(
    services: Services,
    template: str,
    action: Action,
    by: str,
    role: str,
    reason: str,
    mark: str,
    first: Callable[[], Awaitable[None]] | None = None,
    over: Approval | None = None,
) -> Approval:
    """Write a move; `first` is done once it is known to be allowed."""
    for _ in range(_ATTEMPTS):
        state, etag = await load_approval(services.documents, template)
        if over not in (None, state):
            raise Conflict("somebody has done something with it since it was looked at")
        moved = move_on(state, Move(action, services.clock.now(), by, role, reason, mark))
        if first is not None:
            await first()
        try:
            await services.documents.put(APPROVALS, _name(template), _encode(moved), etag)
        except Conflict:
            continue
        return moved
    raise Conflict("others keep changing this template")


def _name(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()
