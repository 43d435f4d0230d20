"""What staff may do with a campaign, what they may not and why; nobody approves their own work."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Rejected
from shared.fhir.instants import Instant
from shared.journey.campaign import CampaignDefinition, parse_campaign
from shared.journey.campaign_moves import CampaignState, Move, move_on

NOW = Instant(1)


def definition(**changes: object) -> CampaignDefinition:
    body = {
        "url": "https://example.org/campaigns/flu",
        "version": "1",
        "title": "Influenza",
        "journey": "https://example.org/journeys/flu",
        "audience": {"in": ["https://example.org/segments/flu"]},
        "schedule": {"start": "2026-03-02T10:00"},
    }
    return parse_campaign({**body, **changes}, "flu.yaml")


def after(*moves: tuple[str, str, str], of: CampaignDefinition | None = None) -> CampaignState:
    state = CampaignState("flu|1")
    for action, by, role in moves:
        state = move_on(state, Move(action, NOW, by, role, "because"), of or definition())  # type: ignore[arg-type]
    return state


def refused(*moves: tuple[str, str, str], of: CampaignDefinition | None = None) -> str:
    with pytest.raises(Rejected) as caught:
        after(*moves, of=of)
    assert caught.value.code == "campaign-move"
    return caught.value.reason


SUBMIT = ("submit", "ana", "outreach")
APPROVE = ("approve", "ben", "clinical-lead")
START = ("start", "ana", "")


def test_the_whole_way_with_who_and_why() -> None:
    state = after(SUBMIT, APPROVE, START, ("pause", "ben", ""), ("resume", "ana", ""), ("cancel", "ana", ""))
    assert state.status == "cancelled"
    assert [(move.action, move.by) for move in state.moves] == [
        ("submit", "ana"),
        ("approve", "ben"),
        ("start", "ana"),
        ("pause", "ben"),
        ("resume", "ana"),
        ("cancel", "ana"),
    ]
    assert state.moves[1].role == "clinical-lead"


def test_nobody_approves_their_own_work() -> None:
    assert "submitted themselves" in refused(SUBMIT, ("approve", "ana", "clinical-lead"))
    assert "another role" in refused(SUBMIT, ("approve", "ben", "outreach"))
    assert "the role must be named" in refused(SUBMIT, ("approve", "ben", ""))
    assert "the role must be named" in refused(("submit", "ana", ""))


def test_the_definition_may_name_the_role_that_approves() -> None:
    meant = definition(approval={"role": "medical-director"})
    assert "for medical-director to approve" in refused(SUBMIT, APPROVE, of=meant)
    assert after(SUBMIT, ("approve", "ben", "medical-director"), of=meant).status == "approved"


def test_without_approval_it_starts_at_once_only_where_the_definition_says_so() -> None:
    assert "it is draft; one can start only what is approved" in refused(START)
    assert "it is submitted" in refused(SUBMIT, START)
    assert after(START, of=definition(approval="none")).status == "running"


def test_who_rejects_says_why_and_it_is_submitted_again_by_another() -> None:
    state = after(SUBMIT, ("reject", "ben", "clinical-lead"), ("submit", "carl", "outreach"))
    assert state.status == "submitted"
    assert move_on(state, Move("approve", NOW, "ben", "clinical-lead"), definition()).status == "approved"
    with pytest.raises(Rejected, match="submitted themselves"):  # of one version nothing ever changes
        move_on(state, Move("approve", NOW, "ana", "clinical-lead"), definition())
    with pytest.raises(Rejected, match="needs a reason"):
        move_on(after(SUBMIT), Move("reject", NOW, "ben"), definition())
    with pytest.raises(Rejected, match="needs a reason"):
        move_on(after(SUBMIT), Move("cancel", NOW, "ben"), definition())


def test_who_must_be_named() -> None:
    assert "who does it must be named" in refused(("submit", "", "outreach"))


def test_what_is_over_stays_so() -> None:
    for last in (("cancel", "ana", ""), ("finish", "hearthline", "")):
        for action in ("submit", "approve", "start", "pause", "resume", "finish", "reject"):
            assert "one can" in refused(SUBMIT, APPROVE, START, last, (action, "eve", "other"))
    done = (SUBMIT, APPROVE, START, ("finish", "hearthline", ""))
    assert after(*done, ("cancel", "ana", "")).status == "cancelled"  # those still at the door go with it


people = st.sampled_from(["ana", "ben", "carl"])
roles = st.sampled_from(["outreach", "clinical-lead", ""])
actions = st.sampled_from(["submit", "reject", "approve", "start", "pause", "resume", "cancel", "finish"])


@given(st.lists(st.tuples(actions, people, roles), max_size=25))
def test_nothing_ever_runs_that_its_author_alone_has_let_run(tried: list[tuple[str, str, str]]) -> None:
    """Whatever is tried: what runs was submitted by one and then approved by another, in another role."""
    state = CampaignState("flu|1")
    for action, by, role in tried:
        try:
            state = move_on(state, Move(action, NOW, by, role, "because"), definition())  # type: ignore[arg-type]
        except Rejected:
            continue
        if state.status in ("running", "paused", "done"):
            submitted, approved = state.last("submit"), state.last("approve")
            assert submitted is not None
            assert approved is not None
            assert state.moves.index(submitted) < state.moves.index(approved)
            assert submitted.by != approved.by
            assert submitted.role != approved.role
