"""What staff do with a campaign: submit, approve, reject, start, pause, resume, cancel; over what they read.

Nobody approves what they have submitted themselves, nor does their own role (shared.journey.campaign_moves).
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from functions.admin.call import Call, TheCall
from functions.admin.campaigns import CampaignStatus, campaign_of, state_etag
from functions.admin.etags import check_match, tell_etag
from functions.admin.problems import Refusal
from functions.admin.routes import Routes
from functions.admin.shapes import Body, DefinitionId, Reason
from shared.access.roles import APPROVERS, PLANNERS, Role
from shared.journey.campaign import Approval, CampaignDefinition
from shared.journey.campaign_moves import Action, CampaignState
from shared.usecases.campaigns.documents import load_state
from shared.usecases.campaigns.moves import move
from shared.usecases.drafts.authors import has_written

routes = Routes("campaigns")


class Step(Body):
    """Who does it is known; in which role, and why."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "", "reason": "as planned"}]})

    role: Annotated[
        str,
        Field(
            max_length=100,
            description="An app role of yours, or the role of your organisation that the campaign asks for",
        ),
    ] = ""
    reason: Annotated[
        str, Field(max_length=500, description="Why, as others will read it: so name nobody")
    ] = ""


class StepWithReason(Step):
    """The same where others need to know why."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "the text names the wrong clinic"}]})

    reason: Reason


class CampaignMoved(BaseModel):
    """How a campaign stands now."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"campaign": "0d6f4b8a0c7e5b1f9c2a7d3e8f4a6b5c", "status": "submitted"}]
        }
    )

    campaign: str
    status: CampaignStatus


@routes("submitCampaign")
async def submit_campaign(
    call: TheCall, response: Response, campaign: DefinitionId, step: Step
) -> CampaignMoved:
    """Hand it in, for somebody else to approve."""
    return await _moved(call, response, campaign, "submit", step)


@routes("approveCampaign")
async def approve_campaign(
    call: TheCall, response: Response, campaign: DefinitionId, step: Step
) -> CampaignMoved:
    """Say yes to what somebody else has submitted, and written: `own-work` says that the caller has."""
    return await _moved(call, response, campaign, "approve", step)


@routes("rejectCampaign")
async def reject_campaign(
    call: TheCall, response: Response, campaign: DefinitionId, step: StepWithReason
) -> CampaignMoved:
    """Say no to what was submitted or approved: it is a draft again."""
    return await _moved(call, response, campaign, "reject", step)


@routes("startCampaign")
async def start_campaign(
    call: TheCall, response: Response, campaign: DefinitionId, step: Step
) -> CampaignMoved:
    """Let it run: at its time, or at once where that is past."""
    return await _moved(call, response, campaign, "start", step)


@routes("pauseCampaign")
async def pause_campaign(
    call: TheCall, response: Response, campaign: DefinitionId, step: Step
) -> CampaignMoved:
    """Let nobody further in; those inside the journey go on with it."""
    return await _moved(call, response, campaign, "pause", step)


@routes("resumeCampaign")
async def resume_campaign(
    call: TheCall, response: Response, campaign: DefinitionId, step: Step
) -> CampaignMoved:
    """Let it go on where it was."""
    return await _moved(call, response, campaign, "resume", step)


@routes("cancelCampaign")
async def cancel_campaign(
    call: TheCall, response: Response, campaign: DefinitionId, step: StepWithReason
) -> CampaignMoved:
    """End it for good: nobody further is let in; those inside finish or leave, as it says."""
    return await _moved(call, response, campaign, "cancel", step)


async def _moved(call: Call, response: Response, campaign: str, action: Action, step: Step) -> CampaignMoved:
    definition = await campaign_of(call, campaign)
    before, _ = await load_state(call.services.documents, definition.canonical)
    check_match(call, state_etag(before))
    role = _role(call, definition, action, step.role)
    told = msgspec.to_builtins(before)
    await call.begins("", definition.canonical, why=step.reason, before=told)

    if action == "approve" and await has_written(
        call.services.documents, "campaign", definition.canonical, call.caller.subject
    ):
        raise Refusal(403, "own-work", "nobody approves what they have written in themselves")

    def unchanged(state: CampaignState) -> None:
        check_match(call, state_etag(state))

    after = await move(
        call.services, definition.canonical, action, call.caller.subject, role, step.reason, unchanged
    )
    call.changed(msgspec.to_builtins(after))
    tell_etag(response, state_etag(after))
    return CampaignMoved(campaign=campaign, status=after.status)


def _role(call: Call, definition: CampaignDefinition, action: Action, asked: str) -> str:
    """Return the role in which they do it: theirs where it is an app role, else as they say."""
    if asked in set(Role) and asked not in call.caller.roles:
        raise Refusal(403, "forbidden", "that role is not among yours")
    if asked:
        return asked
    own = call.caller.roles & (APPROVERS if action in ("approve", "reject") else PLANNERS)
    approval = definition.approval
    if action == "approve" and isinstance(approval, Approval) and approval.role in call.caller.roles:
        return approval.role
    return min(own - {Role.ADMINISTRATOR} or own, default="")
