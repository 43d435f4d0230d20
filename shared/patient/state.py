"""The parts of a patient's record that are ours: memberships, enrolments, messages, contact points.

Data only: what they mean is said by shared.segment, shared.journey and shared.message.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from shared.fhir.canonical import split_canonical
from shared.fhir.instants import Instant

AGAIN = "@again"
"""In the results of an enrolment on hold: the steps whose message or effect went wrong after it had gone on;
to try again is to do what they do once more, and to go on from where it stands."""


class Membership(Struct, frozen=True, array_like=True):
    """Whether the patient is in a segment, since when, and when that could change with no new data."""

    segment: str
    """Canonical "url|version" of the definition that was evaluated."""
    member: bool
    since: Instant
    next_flip: Instant | None = None
    reason: str = ""


class Enrolment(Struct, frozen=True, array_like=True):
    """One passage of the patient through a journey (FHIR CarePlan.status for `status`)."""

    enrolment_id: str
    journey: str
    """Canonical "url|version", pinned at entry."""
    status: Literal["active", "on-hold", "completed", "revoked"]
    step: str
    """Id of the step it stands at."""
    sequence: int
    """How many steps it has taken: with it a wake-up or a message intent exists once."""
    entered: Instant
    due: Instant | None = None
    """When the step it waits at is over; the truth to which wake-up rows are an index."""
    focus: str = ""
    """The resource that it hangs on ("Appointment/1"), or ""."""
    reason: str = ""
    """Why it entered; once it has ended or is on hold, why."""
    held: Literal["", "fault", "paused", "staff"] = ""
    """Who put it on hold: a mistake in the definition, a pause of the whole journey, or staff."""
    ends: Instant | None = None
    """When the journey's `exit_when.after` ends it, whatever it stands at."""
    results: dict[str, str] = {}
    """By step id, what came of it: of a send "#" and its sequence, of a split the way, of a wait_for the
    case; under "@scheduled" when it was asked to begin, under "@gate" that it was let in, under "@campaign"
    which run of a campaign it belongs to; see AGAIN. Under "step.name" what a step that asks something has to
    remember while somebody is there: what was asked, and answered so far."""
    cause: str = ""
    """What made it enter: a membership period, a resource version, a campaign's run."""
    arrived: Instant | None = None
    """When it came to the step it stands at: what happened before is not what that step waits for."""
    began: str = ""
    """While it is on hold: why it entered."""

    @property
    def journey_url(self) -> str:
        """Return the journey's url, whichever version it is."""
        return split_canonical(self.journey)[0]


def put_on_hold(enrolment: Enrolment, reason: str, held: Literal["fault", "paused", "staff"]) -> Enrolment:
    """Let an enrolment stand still, and remember why it entered."""
    began = enrolment.began or enrolment.reason
    return replace(enrolment, status="on-hold", reason=reason, held=held, began=began)


def let_go(enrolment: Enrolment) -> Enrolment:
    """Let an enrolment go on that stood still; what went wrong is behind it."""
    reason = enrolment.began or enrolment.reason
    results = {step: came for step, came in enrolment.results.items() if step != AGAIN}
    return replace(enrolment, status="active", held="", reason=reason, began="", results=results)


def failed_at(enrolment: Enrolment, step: str) -> Enrolment:
    """Note that what a step asked for went wrong, though the enrolment has gone on from it."""
    noted = enrolment.results.get(AGAIN, "").split()
    if not noted and step in ("", enrolment.step):
        return enrolment
    own = () if noted or enrolment.held != "fault" else (enrolment.step,)  # where it stands failed before
    steps = dict.fromkeys((*noted, *own, step or enrolment.step))
    return replace(enrolment, results={**enrolment.results, AGAIN: " ".join(steps)})


class Call(Struct, frozen=True, array_like=True):
    """One try to hand a message to its provider: the claim, and what was answered."""

    at: Instant
    by: str
    """Who claimed it: see `claimed_by` of a message."""
    catalogue: str = ""
    """Version of the catalogue by which it was decided."""
    looked_at: tuple[str, ...] = ()
    """See `looked_at` of a message."""
    outcome: Literal["", "accepted", "refused", "deferred", "unknown"] = ""
    """As long as it is empty nobody has told."""
    answered: Instant | None = None
    provider_id: str = ""
    code: str = ""
    reason: str = ""


class Message(Struct, frozen=True, array_like=True):
    """One message to one recipient (FHIR Communication.status for `status`)."""

    message_id: str
    enrolment_id: str
    sequence: int
    step: str
    journey: str
    template: str
    """Canonical "url|version"."""
    channel: str
    to: str
    """The contact point's value, normalised (E.164, or an email address)."""
    language: str
    status: Literal["preparation", "in-progress", "completed", "not-done", "unknown"]
    created: Instant
    due: Instant
    """Not to be sent before."""
    status_reason: str = ""
    focus: str = ""
    first_sent: Instant | None = None
    """When it was first claimed: the provider gets the same instant on every try."""
    claimed_by: str = ""
    claimed_at: Instant | None = None
    attempts: int = 0
    provider_id: str = ""
    delivery: Literal["", "sent", "failed", "delivered", "opened", "clicked", "complained"] = ""
    """Only ever moves up this list."""
    delivery_at: Instant | None = None
    text: str = ""
    subject: str = ""
    purpose: str = "care"
    topic: str = ""
    party: str = ""
    """Whom it goes to: "RelatedPerson/1", or "" for the patient."""
    answers: str = ""
    """Id of the reply that it answers: what was asked for is sent at any hour."""
    expires: Instant | None = None
    """From here on it is too late, and not sent."""
    code: str = ""
    """What kind of failure: see SendSettled.code."""
    carried_by: str = ""
    """ "KEY/MESSAGE-ID" of the message to the same contact point that it goes within."""
    carries: tuple[str, ...] = ()
    """ "KEY/MESSAGE-ID" of messages that go within it."""
    looked_at: tuple[str, ...] = ()
    """What the guard had read right before: "Patient/1|3", with the versions."""
    values: dict[str, str] = {}
    """What its words are told beside the record: the choices of a question, for one."""
    calls: tuple[Call, ...] = ()
    """Each try at the provider, oldest first, a bounded number: shared.message.trail."""
    trace: str = ""
    """W3C traceparent of what claimed it last, where telemetry is on: an opaque id."""


class Unusable(Struct, frozen=True, array_like=True):
    """A contact point that does not work: nothing is sent to it until staff, or the server, say otherwise."""

    channel: str
    address: str
    why: str
    """One of FAILURES in shared.message.failures."""
    since: Instant


class JourneyHistory(Struct, frozen=True, array_like=True):
    """How often and when last the patient entered a journey: re-entry rules read it."""

    entries: int
    """How many enrolments there were, those that never came to begin among them."""
    last_entered: Instant
    last_focus: str = ""
    last_cause: str = ""
    """What made it enter last (a membership period, a resource version); see `causes`."""
    focuses: tuple[str, ...] = ()
    """The latest resources it was entered for, oldest first, a bounded number."""
    left: tuple[str, ...] = ()
    """Ids of the latest enrolments that ended before the end of their steps, a bounded number: nothing
    follows for them, also when it becomes known that a message of theirs did not arrive."""
    causes: tuple[str, ...] = ()
    """What made the patient enter before that, a bounded number: the same never does twice."""
    forgotten: int = 0
    """How many enrolments ended while they were expected, or waited to be let in: re-entry knows nothing of
    them."""

    def entered_for(self, cause: str) -> bool:
        """Say whether this has made the patient enter before, as far as it is remembered."""
        return cause in (self.last_cause, *self.causes)
