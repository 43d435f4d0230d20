"""Yes and no, put together: each holds from when it was said, in whatever order we hear of them.

What shared.message.consents.choosing and replies bring; read by shared.patient.permission.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from shared.fhir.choice import ANY, Choice
from shared.patient.messages import CHANNEL_WORDS
from shared.patient.permission.ask import PENDING, covers, lifts, same_speaker
from shared.patient.record import PatientRecord


def denied(record: PatientRecord, no: Choice) -> PatientRecord:
    """Take in a no: it ends every earlier yes to a part of it.

    One that was taken back since, though we heard of that first, is passed over. Returns the very record
    where it changes nothing.
    """
    ins = tuple(kept for yes in record.opt_ins for kept in _left_of(yes, no, record.opt_outs))
    outs = record.opt_outs if _taken_back(record, no) else _with(record.opt_outs, no)
    if (outs, ins) == (record.opt_outs, record.opt_ins):
        return record
    return replace(record, opt_outs=outs, opt_ins=ins)


def permitted(record: PatientRecord, yes: Choice) -> PatientRecord:
    """Take in a yes: it ends an earlier no about the same, and is an exception to one about more.

    One that is pending ends nothing, and is passed over where it is agreed to already.
    """
    overruled = any(
        no.since > yes.since and same_speaker(no, yes) and covers(no, yes) for no in record.opt_outs
    )
    if overruled or (yes.source == PENDING and _agreed(record, yes)):
        return record
    ended = tuple(n for n in record.opt_outs if n.party == yes.party and lifts(yes, n) and covers(yes, n))
    ins = _with(record.opt_ins, yes)
    for no in ended:  # so that of each it is known that it was taken back, and when
        ins = _with(ins, replace(yes, address=no.address))
    outs = tuple(no for no in record.opt_outs if no not in ended)
    if (outs, ins) == (record.opt_outs, record.opt_ins):
        return record
    return replace(record, opt_outs=outs, opt_ins=ins)


def _taken_back(record: PatientRecord, no: Choice) -> bool:
    return any(
        yes.since > no.since and yes.party == no.party and lifts(yes, no) and covers(yes, no)
        for yes in record.opt_ins
    )


def _agreed(record: PatientRecord, yes: Choice) -> bool:
    return any(
        known.source != PENDING
        and known.purpose == yes.purpose
        and known.party == yes.party
        and known.address in ("", ANY, yes.address)
        and covers(known, yes)
        for known in record.opt_ins
    )


def _with(choices: tuple[Choice, ...], choice: Choice) -> tuple[Choice, ...]:
    """Put a choice in the place of an older one about the same."""
    known = next((each for each in choices if each.pattern == choice.pattern), None)
    if known is None:
        return (*choices, choice)
    if known.since >= choice.since and not (known.source == PENDING != choice.source):
        return choices
    return tuple(choice if each is known else each for each in choices)


def _left_of(yes: Choice, no: Choice, outs: Iterable[Choice]) -> tuple[Choice, ...]:
    """Return what is left of a yes after a no: of one to every channel, the other channels.

    A part that would lift another no, which the whole did not, is none: by a no nothing is allowed again.
    """
    if yes.since > no.since or not same_speaker(yes, no):
        return (yes,)
    if covers(no, yes):
        return ()
    if yes.channel == ANY and covers(no, replace(yes, channel=no.channel)):
        parts = (replace(yes, channel=channel) for channel in CHANNEL_WORDS if channel != no.channel)
        return tuple(p for p in parts if not any(lifts(p, out) and not lifts(yes, out) for out in outs))
    return (yes,)
