"""Templates: list, read, preview for people who do not exist, lint, hand in, approve, reject."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from fastapi import Query, Response
from pydantic import ConfigDict, Field

from functions.admin.call import Call, TheCall
from functions.admin.definitions import CheckAnswer, answer_of
from functions.admin.etags import check_match, etag_of, tell_etag
from functions.admin.paging import Cursor, Limit, Page, paged
from functions.admin.problems import Refusal
from functions.admin.routes import Routes
from functions.admin.shapes import Body, DefinitionId, Reason, definition_id
from functions.admin.template_shapes import (
    TEMPLATE,
    ApprovalStatus,
    Channel,
    Purpose,
    TemplateDetail,
    TemplatePreview,
    TemplateStanding,
    TemplateSummary,
    detail_of,
    previewed,
    summary_of,
)
from shared.access.roles import APPROVERS, AUTHORS, Role, Roles
from shared.document import Document
from shared.fhir.canonical import split_canonical
from shared.message.approval import Approval
from shared.message.template import parse_template
from shared.usecases.drafts.authors import has_written
from shared.usecases.drafts.checking import check
from shared.usecases.services import Services
from shared.usecases.shelf import digest
from shared.usecases.templates.approval import load_approval, settle, submit
from shared.usecases.templates.rendering import Previewed, Wanted, render_for_nobody
from shared.usecases.templates.shown import TemplateShown, templates, version_of

routes = Routes("templates")

type AVersion = Annotated[str, Query(max_length=100, description="Of the template; none: the latest")]
type Content = Annotated[dict[str, Any], Field(description="A template as its author writes it")]
type AsRole = Annotated[
    str, Field(max_length=100, description="An app role of yours, or one of your organisation; none: chosen")
]
type Remark = Annotated[str, Field(max_length=500, description="As others will read it: so name nobody")]

_WHERE = "body.content"


class OfferedTemplate(Body):
    """A template as its author wrote it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"content": TEMPLATE}]})

    content: Content


class WantedPreview(OfferedTemplate):
    """A template, and for whom and in what it is to be shown."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"content": TEMPLATE, "person": "known"}]})

    person: Literal["known", "little-known", "mother", "family"] = Field(
        "known",
        description="known: a patient of whom all is known; little-known: of whom little is; mother: whose "
        "mother reads it; family: three at one phone",
    )
    channels: list[Channel] = Field([], max_length=5, description="Only these; none: all")
    language: str = Field("", max_length=35, description="Only this one; empty: all")


class Submission(OfferedTemplate):
    """A template to be approved by somebody else."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"content": TEMPLATE, "reason": "for May"}]})

    role: AsRole = ""
    reason: Remark = ""


class Yes(Body):
    """A yes to what was read."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"version": "1.0.0"}]})

    version: str = Field(min_length=1, max_length=100)
    role: AsRole = ""
    reason: Remark = ""


class No(Body):
    """A no, with the reason."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"version": "1.0.0", "reason": "the opening hours are wrong"}]}
    )

    version: str = Field(min_length=1, max_length=100)
    role: AsRole = ""
    reason: Reason


@routes("listTemplates")
async def list_templates(
    call: TheCall,
    limit: Limit = 50,
    cursor: Cursor = "",
    approval: Annotated[ApprovalStatus | None, Query(description="Only those that stand so")] = None,
    published: Annotated[bool | None, Query(description="Only those that are, or are not")] = None,
    purpose: Annotated[Purpose | None, Query(description="Only those for this")] = None,
    channel: Annotated[Channel | None, Query(description="Only those written for it")] = None,
) -> Page[TemplateSummary]:
    """List the latest version of each template, published or handed in, by url."""
    found = [versions[-1] for versions in (await templates(call.services)).values()]
    shown = [
        TemplateSummary(**summary_of(each))
        for each in found
        if approval in (None, each.approval.status)
        and published in (None, each.publication is not None)
        and purpose in (None, each.body.get("purpose", "care"))
        and (channel is None or channel in each.languages)
    ]
    return paged(shown, limit, cursor, lambda each: each.url, approval, published, purpose, channel)


@routes("getTemplate")
async def get_template(
    call: TheCall, response: Response, template: DefinitionId, version: AVersion = ""
) -> TemplateDetail:
    """Read a version of a template and how its approval stands; the ETag is of both."""
    shown, versions = await version_of(call.services, _is(template), version)
    tell_etag(response, _etag(shown.approval))
    return detail_of(shown, versions)


@routes("previewTemplate")
async def preview_template(call: TheCall, wanted: WantedPreview) -> TemplatePreview:
    """Show what a template says to somebody who does not exist, by channel and language."""
    made = await asyncio.to_thread(_made, call.services, wanted)
    return TemplatePreview(messages=[previewed(each) for each in made])


@routes("lintTemplate")
async def lint_template(call: TheCall, offered: OfferedTemplate) -> CheckAnswer:
    """Say what is wrong with a template, or doubtful in it: mistakes are the answer, a 200."""
    return answer_of(await check(call.services, (Document("template", _WHERE, offered.content),)))


@routes("submitTemplate")
async def submit_template(call: TheCall, response: Response, asked: Submission) -> TemplateStanding:
    """Hand a template in, for somebody else to approve; lint must find no errors."""
    definition = await asyncio.to_thread(parse_template, asked.content, _WHERE)
    before, _ = await load_approval(call.services.documents, definition.canonical)
    role = _role(call, asked.role, AUTHORS)
    await call.begins("", definition.canonical, why=asked.reason, before=msgspec.to_builtins(before))
    if _is_submitted(before, digest(asked.content), call.caller.subject):
        return _standing(call, response, before)
    document = Document("template", _WHERE, asked.content)
    after = await submit(call.services, document, call.caller.subject, role, asked.reason)
    return _standing(call, response, after)


@routes("approveTemplate")
async def approve_template(
    call: TheCall, response: Response, template: DefinitionId, yes: Yes
) -> TemplateStanding:
    """Say yes to what somebody else handed in, in another role than theirs.

    The problem `own-work` says that the caller has saved a draft of it, `template-move` that it is not theirs
    to approve, or not to be approved now.
    """
    shown, role = await _over(call, template, yes.version, yes.role, yes.reason)
    if await has_written(call.services.documents, "template", shown.canonical, call.caller.subject):
        raise Refusal(403, "own-work", "nobody approves what they have written in themselves")
    by, over = call.caller.subject, shown.approval
    after = await settle(
        call.services, shown.canonical, "approve", by, role, yes.reason, over.digest, over=over
    )
    return _standing(call, response, after)


@routes("rejectTemplate")
async def reject_template(
    call: TheCall, response: Response, template: DefinitionId, no: No
) -> TemplateStanding:
    """Say no to what was handed in or approved: it is a draft again."""
    shown, role = await _over(call, template, no.version, no.role, no.reason)
    by, over = call.caller.subject, shown.approval
    after = await settle(call.services, shown.canonical, "reject", by, role, no.reason, over=over)
    return _standing(call, response, after)


async def _over(call: Call, template: str, version: str, role: str, reason: str) -> tuple[TemplateShown, str]:
    """Begin a move over the version that was read; how it stands, and in which role the caller moves it."""
    shown, _ = await version_of(call.services, _is(template), version)
    check_match(call, _etag(shown.approval))
    own = _role(call, role, APPROVERS)
    before = msgspec.to_builtins(shown.approval)
    await call.begins("", shown.canonical, why=reason, before=before)
    return shown, own


def _standing(call: Call, response: Response, state: Approval) -> TemplateStanding:
    call.changed(msgspec.to_builtins(state))
    tell_etag(response, _etag(state))
    url, version = split_canonical(state.template)
    return TemplateStanding(
        template=definition_id("template", url),
        url=url,
        version=version,
        approval=state.status,
        digest=state.digest,
    )


def _is(template: str) -> Callable[[str], bool]:
    return lambda url: definition_id("template", url) == template


def _etag(state: Approval) -> str:
    return etag_of(msgspec.to_builtins(state))


def _is_submitted(state: Approval, mark: str, by: str) -> bool:
    """Say whether this caller has handed this in already, and nobody has judged it since."""
    return state.status == "submitted" and state.digest == mark and state.moves[-1].by == by


def _role(call: Call, asked: str, fitting: Roles) -> str:
    """Return the role in which they do it: theirs where it is an app role, else as they say."""
    if asked in set(Role) and asked not in call.caller.roles:
        raise Refusal(403, "forbidden", "that role is not among yours")
    own = call.caller.roles & fitting
    return asked or min(own - {Role.ADMINISTRATOR} or own, default="")


def _made(services: Services, wanted: WantedPreview) -> tuple[Previewed, ...]:
    definition = parse_template(wanted.content, _WHERE)
    policy = services.policy
    return render_for_nobody(
        definition, policy, wanted.person, Wanted(wanted.language, tuple(wanted.channels))
    )
