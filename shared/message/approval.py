"""Approval of a template by another role than its author's: draft → submitted → approved.

Pure: a move either changes the state or is Rejected with the reason. What is approved is one content, known
by its digest: whoever changes a word afterwards has nothing approved.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from shared.errors import Rejected
from shared.fhir.instants import Instant

type Action = Literal["submit", "approve", "reject"]
type Status = Literal["draft", "submitted", "approved"]


class Move(Struct, frozen=True):
    """One thing that somebody did with a template."""

    action: Action
    at: Instant
    by: str
    """Who, as an opaque id."""
    role: str = ""
    """In which role."""
    reason: str = ""
    digest: str = ""
    """Of what was submitted."""


class Approval(Struct, frozen=True):
    """How a version of a template stands."""

    template: str
    """Canonical "url|version"."""
    status: Status = "draft"
    digest: str = ""
    """Of what was submitted last."""
    moves: tuple[Move, ...] = ()
    """All that was done with it, oldest first."""

    def approves(self, digest: str) -> bool:
        """Say whether this very content was approved."""
        return self.status == "approved" and self.digest == digest


def move_on(state: Approval, move: Move) -> Approval:
    """Let somebody do something with a template. Raises Rejected with the reason where they may not."""
    if not move.by:
        raise _refused("who does it must be named")
    if move.action != "reject" and not move.role:
        raise _refused(f"to {move.action} it, the role must be named")
    return replace(_moved(state, move), moves=(*state.moves, move))


def _moved(state: Approval, move: Move) -> Approval:
    match move.action:
        case "submit":
            if state.status != "draft" and state.digest == move.digest:
                raise _refused(f"it is {state.status} already")
            return replace(state, status="submitted", digest=move.digest)
        case "approve":
            _check_approver(state, move)
            return replace(state, status="approved")
        case "reject":
            if state.status == "draft":
                raise _refused("it is draft; one can reject only what is submitted or approved")
            if not move.reason:
                raise _refused("to reject it needs a reason")
            return replace(state, status="draft")


def _check_approver(state: Approval, move: Move) -> None:
    """Nobody approves their own work, nor does their own role."""
    if state.status != "submitted":
        raise _refused(f"it is {state.status}; one can approve only what is submitted")
    submitted = next(each for each in reversed(state.moves) if each.action == "submit")
    if any(each.action == "submit" and each.by == move.by for each in state.moves):
        raise _refused("nobody approves what they have submitted themselves")
    if submitted.role == move.role:
        raise _refused("another role than the author's must approve it")
    if move.digest and move.digest != state.digest:
        raise _refused("what was submitted is not what is to be approved")


def _refused(reason: str) -> Rejected:
    return Rejected(reason, "template-move")
