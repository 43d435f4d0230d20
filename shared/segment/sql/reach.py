"""Whether a patient can be reached by a channel, as a condition on the columns of `patients`; never NULL."""

from __future__ import annotations

from shared.fhir.instants import Instant
from shared.segment.criteria.reach import ReachableCriterion
from shared.segment.sql.text import any_of, literal

_SYSTEMS = {"sms": "'sms', 'phone'", "whatsapp": "'sms', 'phone'", "email": "'email'"}


def reachable(criterion: ReachableCriterion, now: Instant) -> str:
    """See ReachableCriterion."""
    return any_of(reached(channel, now) for channel in criterion.reachable_by)


def reached(channel: str, now: Instant) -> str:
    """Test one channel: a contact point in use now, and nothing that forbids messages by it."""
    in_use = f"coalesce(w.start <= {now}, true) AND coalesce(w.stop >= {now}, true)"
    silent = f"len(list_filter(p.silences, lambda w: w.channel = {literal(channel)} AND {in_use})) > 0"
    if channel == "letter":
        found = "len(list_filter(p.addresses, lambda w: w.letters)) > 0"
    else:
        of = f"w.system IN ({_SYSTEMS[channel]})"
        found = f"len(list_filter(p.telecom, lambda w: {of} AND {in_use})) > 0"
    return f"({found} AND NOT {silent})"
