"""The closed vocabulary of failures: who is at fault decides what happens next."""

from __future__ import annotations

from dataclasses import dataclass


class HearthlineError(Exception):
    """Base of every failure that Hearthline names."""


class Rejected(HearthlineError):
    """Bad data from outside: recorded, acknowledged and visible, never retried.

    `reason` is a sentence for people and must hold no patient data; `code` is a stable kebab-case word.
    """

    def __init__(self, reason: str, code: str = "rejected") -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


class Unauthenticated(Rejected):
    """A notification or webhook did not prove where it comes from."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, "unauthenticated")


class AuthorFault(HearthlineError):
    """A definition asks for what cannot be done: the enrolment goes on-hold with this reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Conflict(HearthlineError):
    """Somebody else committed first: reload and decide again."""


class Unavailable(HearthlineError):
    """A system we depend on cannot answer now; `retry_after` is in seconds where it said so."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


class Unreadable(HearthlineError):
    """What is stored of a patient cannot be read: damage, or a bug; nobody can go on without it."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(f"the record of {key} cannot be read ({why}): see docs/poison.md")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a definition or a setting: where it is, what is wrong, what was expected."""

    where: str
    what: str
    expected: str = ""

    def __str__(self) -> str:
        tail = f" (expected {self.expected})" if self.expected else ""
        return f"{self.where}: {self.what}{tail}"


class Invalid(HearthlineError):
    """Definitions or settings are wrong; every problem is reported at once."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems
