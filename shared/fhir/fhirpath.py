"""The FHIRPath engine: reads an expression strictly, and says whether it is true of a resource.

Behind shared.fhir.lens and shared.fhir.filters. It is fhirpathpy with its R4 model
(https://hl7.org/fhirpath/N1/), why so in docs/adr/0012; imported once an expression is met.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

from msgspec import Struct

CONSTANTS = {"sct": "http://snomed.info/sct", "loinc": "http://loinc.org"}
"""Variables of FHIR (https://hl7.org/fhir/R4/fhirpath.html#variables) beside those of the resource."""
VARIABLES = frozenset({"resource", "rootResource", "context", "ucum", *CONSTANTS})


class BadSyntax(Exception):
    """The text is no FHIRPath, from character `position` (from 1) on."""

    def __init__(self, position: int) -> None:
        super().__init__(f"no FHIRPath from character {position} on")
        self.position = position


class Node(Struct, frozen=True):
    """A node of the engine's syntax tree; what kinds there are its grammar says."""

    kind: str
    text: str
    parts: tuple[Node, ...]

    def walk(self) -> Iterator[Node]:
        """Yield the node and all below it."""
        yield self
        for part in self.parts:
            yield from part.walk()


def evaluate(expression: str, resource: Mapping[str, Any]) -> bool:
    """Say whether an expression is true of a resource. Raises whatever the engine raises.

    As FHIR reads criteria (https://hl7.org/fhirpath/N1/#singleton-evaluation-of-collections): one item that
    is no boolean counts as true; nothing does not, and several are a mistake and do not either.
    """
    variables = {**CONSTANTS, "resource": resource, "rootResource": resource}
    found = _compiled(expression)(resource, variables)
    return len(found) == 1 and found[0] is not False


def parse(text: str) -> Node:
    """Parse strictly, as the engine's own way passes over what it does not understand. Raises BadSyntax."""
    from antlr4 import CommonTokenStream, InputStream, ParseTreeWalker  # type: ignore[import-untyped] # no types
    from fhirpathpy.parser.ASTPathListener import ASTPathListener
    from fhirpathpy.parser.generated.FHIRPathLexer import FHIRPathLexer
    from fhirpathpy.parser.generated.FHIRPathParser import FHIRPathParser

    lexer = FHIRPathLexer(InputStream(text))
    parser = FHIRPathParser(CommonTokenStream(lexer))
    for reader in (lexer, parser):
        reader.removeErrorListeners()
        reader.addErrorListener(_Strict())
    listener = ASTPathListener()
    ParseTreeWalker().walk(listener, parser.entireExpression())
    return _node(listener.parentStack[0])


class _Strict:
    """What ANTLR tells of errors, and of its doubts, which are none of ours."""

    def syntaxError(self, _who: Any, _symbol: Any, _line: int, column: int, *_: Any) -> None:  # noqa: N802 - ANTLR's
        raise BadSyntax(column + 1)

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_: None


def _node(raw: Mapping[str, Any]) -> Node:
    text = raw.get("text") or "".join(raw.get("terminalNodeText", ()))
    return Node(raw.get("type", ""), text, tuple(_node(part) for part in raw.get("children", ())))


@lru_cache(1024)
def _compiled(expression: str) -> Callable[[Mapping[str, Any], Mapping[str, Any]], list[Any]]:
    from fhirpathpy import compile as compile_path

    return compile_path(expression, _model())


@cache
def _model() -> dict[str, Any]:
    from fhirpathpy.models import models

    return models["r4"]
