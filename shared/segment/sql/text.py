"""Pieces of SQL text: literals, lists, conditions; whatever authors wrote goes through `literal`."""

from __future__ import annotations

from collections.abc import Iterable

from shared.segment.codes import SYSTEMS

NOBODY = "false"
EVERYBODY = "true"


def literal(text: str) -> str:
    """Quote a text; SQL knows no escape but the doubled quote."""
    return "'" + text.replace("'", "''") + "'"


def listing(words: Iterable[str]) -> str:
    """Write a list of texts, sorted, so that the same question is the same text."""
    return f"[{', '.join(map(literal, sorted(words)))}]"


def real(number: float) -> str:
    """Write a number so that it is read as the very same double."""
    shown = repr(float(number))
    return shown if "e" in shown else f"{shown}e0"


def moment(instant: int) -> str:
    """Write an instant; the least of all numbers would be read as minus a number that is too large."""
    return str(instant) if instant > -(2**63) else f"({instant + 1} - 1)"


def among(expression: str, words: Iterable[str]) -> str:
    """Test whether a text is one of these."""
    found = sorted(set(words))
    if not found:
        return NOBODY
    if len(found) == 1:
        return f"{expression} = {literal(found[0])}"
    return f"{expression} IN ({', '.join(map(literal, found))})"


def holds_any(expression: str, words: Iterable[str]) -> str:
    """Test whether a list, or NULL for an empty one, holds one of these; never NULL."""
    found = set(words)
    return f"coalesce(list_has_any({expression}, {listing(found)}), false)" if found else NOBODY


def matched(expression: str, wanted: Iterable[str]) -> str:
    """Test a list as shared.segment.codes.matcher does: tokens exactly, bare codes in any system."""
    parts = (word.rpartition("|") for word in wanted)
    exact = {SYSTEMS.get(system, system) + bar + code for system, bar, code in parts}
    tests = [holds_any(expression, exact)]
    if bare := {word for word in exact if "|" not in word}:
        tests.append(holds_any(f"list_transform({expression}, lambda w: string_split(w, '|')[-1])", bare))
    return any_of(tests)


def contains_any(expression: str, texts: Iterable[str]) -> str:
    """Test whether one of these texts is part of a text."""
    return any_of(f"contains({expression}, {literal(text)})" for text in texts)


def all_of(tests: Iterable[str]) -> str:
    """Join conditions that all must hold."""
    found = [test for test in tests if test != EVERYBODY]
    return f"({' AND '.join(found)})" if len(found) > 1 else (found or [EVERYBODY])[0]


def any_of(tests: Iterable[str]) -> str:
    """Join conditions of which one must hold."""
    found = [test for test in tests if test != NOBODY]
    return f"({' OR '.join(found)})" if len(found) > 1 else (found or [NOBODY])[0]


def negated(test: str) -> str:
    """Turn a condition round; it must not be NULL."""
    return {EVERYBODY: NOBODY, NOBODY: EVERYBODY}.get(test, f"NOT {test}")


def listed(columns: Iterable[str], prefix: str = "") -> str:
    """Write columns after each other, with what goes before each."""
    return ", ".join(f"{prefix}{column}" for column in columns)


def equal(columns: Iterable[str], left: str, right: str) -> str:
    """Write that two rows agree in these columns."""
    return " AND ".join(f"{left}.{column} = {right}.{column}" for column in columns)
