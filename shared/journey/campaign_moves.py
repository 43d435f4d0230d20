"""What staff may do with a campaign: draft → submitted → approved → running ⇄ paused → done or cancelled.

Pure: a move is checked against the state and the definition, and either changes the state or is Rejected with
the reason. Who, in which role, when and why stays with the state for good.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from shared.errors import Rejected
from shared.fhir.instants import Instant
from shared.journey.campaign import Approval, CampaignDefinition
from shared.journey.campaign_schedule import Occurrence
from shared.patient.record import identify

type Action = Literal["submit", "reject", "approve", "start", "pause", "resume", "cancel", "finish"]
type Status = Literal["draft", "submitted", "approved", "running", "paused", "done", "cancelled"]

_MOVES: dict[Action, tuple[tuple[Status, ...], Status]] = {
    "submit": (("draft",), "submitted"),
    "reject": (("submitted", "approved"), "draft"),
    "approve": (("submitted",), "approved"),
    "start": (("approved",), "running"),
    "pause": (("running",), "paused"),
    "resume": (("paused",), "running"),
    "cancel": (("draft", "submitted", "approved", "running", "paused", "done"), "cancelled"),
    "finish": (("running",), "done"),
}
_REASON_NEEDED = frozenset({"reject", "cancel"})
_ROLE_NEEDED = frozenset({"submit", "approve"})


class Move(Struct, frozen=True):
    """One thing that somebody did with a campaign."""

    action: Action
    at: Instant
    by: str
    """Who, as an opaque id."""
    role: str = ""
    """In which role."""
    reason: str = ""


class RunRef(Struct, frozen=True):
    """One run, for one occurrence."""

    run: str
    """Its id; those whom it brings into the journey have it as their cause."""
    occurrence: Occurrence


def run_ref(campaign: str, occurrence: Occurrence) -> RunRef:
    """Name the run of a campaign ("url|version") for an occurrence: always the same."""
    return RunRef(identify("campaign", campaign, occurrence.name), occurrence)


class CampaignState(Struct, frozen=True):
    """How a campaign stands."""

    campaign: str
    """Canonical "url|version": a new version is approved anew."""
    status: Status = "draft"
    moves: tuple[Move, ...] = ()
    """All that was done with it, oldest first."""
    runs: tuple[RunRef, ...] = ()
    """Its runs, the latest last; that one may be over."""
    since: Instant | None = None
    """Occurrences that begin later are still to come: when the latest began, or when it was started."""

    @property
    def active(self) -> bool:
        """Say whether the timer has anything to do with it."""
        return self.status in ("running", "paused")

    def last(self, action: Action) -> Move | None:
        """Return the latest move of a sort."""
        return next((move for move in reversed(self.moves) if move.action == action), None)


def move_on(state: CampaignState, move: Move, definition: CampaignDefinition) -> CampaignState:
    """Let somebody do something with a campaign. Raises Rejected with the reason where they may not."""
    before, after = _MOVES[move.action]
    if move.action == "start" and definition.approval == "none":
        before = ("draft", "submitted", "approved")
    if state.status not in before:
        wanted = " or ".join(before)
        raise _refused(f"it is {state.status}; one can {move.action} only what is {wanted}")
    if not move.by:
        raise _refused("who does it must be named")
    if move.action in _REASON_NEEDED and not move.reason:
        raise _refused(f"to {move.action} it needs a reason")
    if move.action in _ROLE_NEEDED and definition.approval != "none" and not move.role:
        raise _refused(f"to {move.action} it, the role must be named")
    if move.action == "approve" and isinstance(definition.approval, Approval):
        _check_approver(state, move, definition.approval)
    return replace(state, status=after, moves=(*state.moves, move))


def started(state: CampaignState, definition: CampaignDefinition, now: Instant) -> CampaignState:
    """Leave out what a rule says of the time before; what is to be once, and is late, is made up for."""
    return state if definition.schedule.rrule is None else replace(state, since=Instant(now - 1))


def coming(
    state: CampaignState, definition: CampaignDefinition, now: Instant, zone: tzinfo
) -> Occurrence | None:
    """Return the occurrence that is to run next: one that is late, or one to come.

    Before the campaign is started: the one that would be if it were started now.
    """
    asked = started(state, definition, now) if state.since is None else state
    return definition.schedule.latest(asked.since, now, zone) or definition.schedule.following(now, zone)


def _check_approver(state: CampaignState, move: Move, approval: Approval) -> None:
    """Nobody approves their own work, nor does their own role."""
    submitted = state.last("submit")
    if any(each.action == "submit" and each.by == move.by for each in state.moves):
        raise _refused("nobody approves what they have submitted themselves")
    if approval.role and move.role != approval.role:
        raise _refused(f"it is for {approval.role} to approve")
    if submitted is not None and submitted.role == move.role:
        raise _refused("another role than the author's must approve it")


def _refused(reason: str) -> Rejected:
    return Rejected(reason, "campaign-move")
