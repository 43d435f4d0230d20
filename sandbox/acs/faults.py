"""Misbehaviour on demand: rules that match calls and say how the stand-in fails them.

`PUT /sandbox/faults` takes a JSON list of rules, which replaces the one before and starts counting anew:

    [{"do": "status", "status": 429, "retry_after": 2, "channel": "sms", "nth": [1, 2]},
     {"do": "report-failed", "to": "+15550001", "reason": "4006"}]

| do             | what happens                                                                     |
|----------------|----------------------------------------------------------------------------------|
| status         | answer `status` (and Retry-After), accept nothing                                |
| drop           | close the connection, accept nothing                                             |
| accept-status  | accept, then answer `status` all the same                                        |
| accept-drop    | accept, then close the connection                                                |
| slow           | wait `ms` before anything else                                                   |
| accept-slow    | accept, then wait `ms` before the answer                                         |
| reject         | refuse the recipient: `reason` is invalid-number or opted-out                    |
| report-failed  | accept, then report a failed delivery with `reason` (an SMS code, or a sentence) |
| report-none    | accept, then never report                                                        |
| report-twice   | send every report of the message twice                                           |
| report-late    | send its reports `seconds` later, in the sandbox's clock                         |
| report-reorder | send its reports in reverse, or after the next message's when it has only one    |

A rule with a `chance` (0 to 1) acts on that share of what it matches: which calls these are hangs on `seed`,
the message's id and how often it was called, and not on the order of calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Literal

import msgspec

from sandbox.acs.store import Channel, Draft

Deed = Literal[
    "status", "drop", "accept-status", "accept-drop", "slow", "accept-slow", "reject",
    "report-failed", "report-none", "report-twice", "report-late", "report-reorder",
]  # fmt: skip


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One rule; every criterion that is given must match, `nth` counts the matching calls from 1."""

    do: Deed
    channel: Channel | None = None
    to: str | None = None
    request_id: str | None = None
    nth: int | list[int] | None = None
    status: int = 500
    retry_after: float | None = None
    ms: float = 0.0
    seconds: float = 0.0
    reason: str = ""
    chance: float | None = None
    seed: str = ""

    def matches(self, draft: Draft) -> bool:
        """Tell whether the rule speaks of this message, whatever the count."""
        return (
            self.channel in (None, draft.channel)
            and self.to in (None, draft.to)
            and self.request_id in (None, draft.request_id)
        )

    def strikes(self, draft: Draft, calls: int) -> bool:
        """Tell whether chance has it that the rule acts on the `calls`-th call of this message."""
        if self.chance is None:
            return True
        drawn = f"{self.seed} {self.do} {self.status} {self.reason} {draft.request_id or draft.to} {calls}"
        return int.from_bytes(sha256(drawn.encode()).digest()[:6]) < self.chance * 2**48

    def due(self, count: int) -> bool:
        """Tell whether the rule acts on its `count`-th match."""
        return self.nth is None or (count == self.nth if isinstance(self.nth, int) else count in self.nth)


class Plan:
    """The rules that act on one message of one call."""

    def __init__(self, rules: Sequence[Rule] = ()) -> None:
        self._rules = rules

    def first(self, *deeds: Deed) -> Rule | None:
        """Give the first rule that does one of `deeds`."""
        return next((rule for rule in self._rules if rule.do in deeds), None)


NOTHING = Plan()


class Faults:
    """The rules in force and how often each has matched."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self.matched: list[int] = []

    def replace(self, rules: Iterable[Rule]) -> None:
        """Put `rules` in force and start counting anew."""
        self.rules = list(rules)
        self.matched = [0] * len(self.rules)

    def plan(self, draft: Draft, calls: int = 1) -> Plan:
        """Count a message of a call and say what becomes of it; it is the `calls`-th of this message."""
        if not self.rules:
            return NOTHING
        return Plan(
            [rule for number, rule in enumerate(self.rules) if self._acts(number, rule, draft, calls)]
        )

    def _acts(self, number: int, rule: Rule, draft: Draft, calls: int) -> bool:
        if not rule.matches(draft) or not rule.strikes(draft, calls):
            return False
        self.matched[number] += 1
        return rule.due(self.matched[number])
