"""Approval of templates: who may do what when, and that nobody ever says yes to their own words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Rejected
from shared.fhir.instants import Instant
from shared.message.approval import Action, Approval, Move, move_on

DRAFT = Approval("https://x.example/t|1")


def move(action: Action, by: str, role: str = "", reason: str = "", digest: str = "") -> Move:
    return Move(action, Instant(0), by, role, reason, digest)


SUBMITTED = move_on(DRAFT, move("submit", "ana", "author", digest="d1"))
APPROVED = move_on(SUBMITTED, move("approve", "ben", "clinical-lead"))


def test_what_was_approved_is_one_content() -> None:
    assert APPROVED.approves("d1")
    assert not APPROVED.approves("d2")
    assert not SUBMITTED.approves("d1")
    assert [each.action for each in APPROVED.moves] == ["submit", "approve"]


def test_a_changed_text_is_submitted_anew() -> None:
    again = move_on(APPROVED, move("submit", "ana", "author", digest="d2"))
    assert (again.status, again.digest) == ("submitted", "d2")
    assert not again.approves("d1")


def test_a_rejected_one_is_a_draft_that_can_be_submitted_again() -> None:
    rejected = move_on(APPROVED, move("reject", "ben", reason="typing error"))
    assert rejected.status == "draft"
    assert not rejected.approves("d1")
    assert move_on(rejected, move("submit", "ana", "author", digest="d1")).status == "submitted"


@pytest.mark.parametrize(
    ("state", "asked", "reason"),
    [
        (SUBMITTED, move("approve", "ana", "clinical-lead"), "nobody approves what they have submitted"),
        (SUBMITTED, move("approve", "ben", "author"), "another role than the author's"),
        (SUBMITTED, move("approve", "ben"), "the role must be named"),
        (SUBMITTED, move("approve", "", "clinical-lead"), "who does it must be named"),
        (SUBMITTED, move("approve", "ben", "lead", digest="d2"), "what was submitted is not what"),
        (SUBMITTED, move("submit", "ana", "author", digest="d1"), "it is submitted already"),
        (APPROVED, move("submit", "ana", "author", digest="d1"), "it is approved already"),
        (APPROVED, move("approve", "cid", "lead"), "one can approve only what is submitted"),
        (DRAFT, move("approve", "ben", "lead"), "it is draft"),
        (DRAFT, move("reject", "ben", reason="no"), "it is draft"),
        (SUBMITTED, move("reject", "ben"), "to reject it needs a reason"),
        (DRAFT, move("submit", "ana", digest="d1"), "to submit it, the role must be named"),
    ],
)
def test_what_may_not_be_done(state: Approval, asked: Move, reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        move_on(state, asked)


@given(
    st.lists(
        st.builds(
            Move,
            st.sampled_from(["submit", "approve", "reject"]),
            st.just(Instant(0)),
            st.sampled_from(["ana", "ben", ""]),
            st.sampled_from(["author", "lead", ""]),
            st.sampled_from(["", "why"]),
            st.sampled_from(["d1", "d2", ""]),
        ),
        max_size=12,
    )
)
def test_never_approved_by_its_author(moves: list[Move]) -> None:
    """However people act, what is approved was submitted by another person in another role."""
    state = DRAFT
    for each in moves:
        try:
            state = move_on(state, each)
        except Rejected:
            continue
    if state.status == "approved":
        yes = state.moves[-1]
        handed_in = next(each for each in reversed(state.moves) if each.action == "submit")
        assert (yes.action, handed_in.digest) == ("approve", state.digest)
        assert yes.by != handed_in.by
        assert yes.role != handed_in.role
