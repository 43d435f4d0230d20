"""Which FHIRPath expressions a segment may filter by, and what to tell an author of the others.

Asked when definitions are checked, and by shared.fhir.lens before it evaluates one.
"""

from __future__ import annotations

import re
from functools import lru_cache

from shared.fhir.fhirpath import VARIABLES, BadSyntax, Node, evaluate, parse

LONGEST = 500
"""Characters of an expression: what needs more wants a word of its own."""

_PLAIN_FUNCTIONS = """
all allFalse allTrue anyFalse anyTrue as avg coalesce contains convertsToBoolean convertsToDate
convertsToDateTime convertsToDecimal convertsToInteger convertsToQuantity convertsToString
convertsToTime count distinct empty endsWith exclude exists extension first iif indexOf intersect is
isDistinct join last length lower matches max min not ofType select single skip split startsWith
subsetOf substring sum supersetOf tail take toBoolean toChars toDate toDateTime toDecimal toInteger
toQuantity toString toTime trim type union upper where abs ceiling floor round truncate
"""
_SEARCHING = ("children", "descendants", "repeat")
"""Functions that walk the whole resource: one of them is enough, two in each other would take its square."""
_FUNCTIONS = frozenset((*_PLAIN_FUNCTIONS.split(), *_SEARCHING))
_TIMED = frozenset({"now", "today", "timeOfDay"})
_STEPS = frozenset(
    {
        *("InvocationExpression", "TermExpression", "InvocationTerm", "MemberInvocation", "Identifier"),
        "ParamList",
    }
)
"""What a path consists of."""
_FORGETTING = frozenset({"distinct", "coalesce", "union"})
"""Functions after which the engine knows no types, and so no value[x]; so does the operator |."""
_TYPED = frozenset({"ofType", "as", "is", "type", "where", "select", "all", "extension"})
_LITERAL = frozenset({"ParamList", "TermExpression", "LiteralTerm", "StringLiteral"})
_HOPELESS = re.compile(r"[*+}][^()]*\)\s*[*+{]")
"""A repetition within a repetition: some texts would keep it busy for ever."""


class _Refused(Exception):
    """Why, in words for the author."""


@lru_cache(1024)
def check_expression(text: str) -> str | None:
    """Return what is wrong with a filter, for its author; None if nothing is.

    Refused besides bad syntax: what asks the time or other resources, as a filter is evaluated once, when the
    resource arrives; functions that do not exist; and what could keep the engine busy for very long.
    """
    if len(text) > LONGEST:
        return f"is longer than {LONGEST} characters"
    try:
        tree = parse(text)
        _check_names(tree)
        _check_types(tree)
        _check_work(tree)
        evaluate(text, {"resourceType": "Basic"})
    except BadSyntax as bad:
        return f"is no FHIRPath: it cannot be read from character {bad.position} on"
    except _Refused as refused:
        return str(refused)
    except Exception:  # the engine raises what it likes; so deep that the stack ends is among it
        return "cannot be evaluated: a function has the wrong arguments, or an operator lacks a side"
    return None


def _check_names(tree: Node) -> None:
    for name in (call.parts[0].text for call in _calls(tree)):
        if name in _TIMED:
            raise _Refused(f"{name}() would be asked once, when the resource arrives; use when for time")
        if name not in _FUNCTIONS:
            raise _Refused(f"{name}() is no function that a filter can use")
    for node in tree.walk():
        if node.kind == "QuantityLiteral" and "'" in node.text:
            raise _Refused(f"{node.text} cannot be compared here; use value for units, or compare numbers")
        if node.kind == "ExternalConstant" and (name := node.parts[0].text) not in VARIABLES:
            raise _Refused(f"%{name} is not known, only {', '.join(f'%{v}' for v in sorted(VARIABLES))}")


def _check_types(tree: Node) -> None:
    """Refuse steps on what the engine has forgotten the type of: they would find nothing."""
    for node in tree.walk():
        if node.kind == "InvocationExpression" and _forgets(node.parts[0]):
            step = node.parts[1]
            if step.kind == "MemberInvocation" or step.parts[0].parts[0].text in _TYPED:
                raise _Refused("a step after |, distinct(), coalesce() or union() is lost: take it before")


def _forgets(node: Node) -> bool:
    if node.kind == "UnionExpression":
        return True
    if node.kind == "InvocationExpression":
        called = [call.parts[0].text for call in node.parts[1].parts if call.kind == "Functn"]
        return bool(_FORGETTING.intersection(called)) or _forgets(node.parts[0])
    return node.kind in ("TermExpression", "ParenthesizedTerm", "IndexerExpression") and _forgets(
        node.parts[0]
    )


def _check_work(tree: Node) -> None:
    """Refuse what could take for ever."""
    calls = _calls(tree)
    if sum(call.parts[0].text in _SEARCHING for call in calls) > 1:
        raise _Refused(f"may use {' or '.join(_SEARCHING)} once only")
    for call in calls:
        name = call.parts[0].text
        inner = [node for parameter in call.parts[1:] for node in parameter.walk()]
        if name == "repeat" and any(node.kind not in _STEPS for node in inner):
            raise _Refused("repeat() takes a path here, such as repeat(item)")
        if name == "matches":
            _check_pattern(inner)


def _check_pattern(inner: list[Node]) -> None:
    literals = [node.text for node in inner if node.kind == "StringLiteral"]
    if len(literals) != 1 or any(node.kind not in _LITERAL for node in inner):
        raise _Refused("matches() takes a pattern in quotes here")
    if _HOPELESS.search(literals[0]):
        raise _Refused("the pattern of matches() repeats a repetition, which may take for ever")
    try:
        re.compile(literals[0][1:-1])
    except re.error:
        raise _Refused("the pattern of matches() is no regular expression") from None


def _calls(tree: Node) -> list[Node]:
    return [node for node in tree.walk() if node.kind == "Functn"]
