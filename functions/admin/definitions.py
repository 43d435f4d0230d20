"""Definitions as they are sent, told of and checked: what drafts, publications and lists share."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from functions.admin.call import TheCall
from functions.admin.problems import Fault
from functions.admin.routes import Routes
from functions.admin.shapes import Body, definition_id
from shared.document import Document, Kind
from shared.errors import Problem
from shared.fhir.canonical import split_canonical
from shared.message.lint.finding import Finding
from shared.usecases.drafts.checking import Checked, check

routes = Routes("definitions")

SEGMENT: dict[str, Any] = {
    "url": "https://hearthline.example/segments/adults",
    "version": "1.0.0",
    "title": "Adults",
    "criteria": {"age": {"at_least": 18}},
}
"""The example of a definition."""
_ID = definition_id("segment", SEGMENT["url"])
REF = {"definition": _ID, "kind": "segment", "url": SEGMENT["url"], "version": "1.0.0"}

MOST_TOGETHER = 1000


class Offered(Body):
    """A definition as its author wrote it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"kind": "segment", "content": SEGMENT}]})

    kind: Kind
    content: dict[str, Any] = Field(
        description="See definitions/schemas of the repository, and docs/segments.md"
    )
    where: str = Field("", max_length=300, description="Its file: problems are told with it")


class Together(Body):
    """Definitions that may refer to each other."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"documents": [{"kind": "segment", "content": SEGMENT}]}]}
    )

    documents: list[Offered] = Field(min_length=1, max_length=MOST_TOGETHER)


class DefinitionRef(BaseModel):
    """One version of a definition."""

    model_config = ConfigDict(json_schema_extra={"examples": [REF]})

    definition: str = Field(description="Its id in addresses, whichever version")
    kind: Kind
    url: str
    version: str


class LintFinding(BaseModel):
    """What lint has to say of a template."""

    where: str = Field(
        description="The document and the path in it", examples=["draft: channels.sms.text.en"]
    )
    level: Literal["error", "warning"] = Field(description="With an error it is not published")
    what: str = Field(examples=["names a diagnosis"])
    expected: str = Field("", examples=["what anybody may read who finds the phone"])


class CheckAnswer(BaseModel):
    """What is wrong with definitions, if anything."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "sound": False,
                    "problems": [
                        {"where": "draft: criteria", "what": "is missing", "expected": "one criterion"}
                    ],
                    "findings": [],
                    "read": [],
                }
            ]
        }
    )

    sound: bool = Field(description="They could be published now, as far as anybody can tell beforehand")
    problems: list[Fault]
    findings: list[LintFinding] = Field(description="Of templates")
    read: list[DefinitionRef] = Field(
        description="Value sets that a publication would take from the FHIR server"
    )


@routes("checkDefinitions")
async def check_definitions(call: TheCall, body: Together) -> CheckAnswer:
    """Check definitions with each other and with all that is published: mistakes are the answer, a 200."""
    return answer_of(await check(call.services, documents_of(body.documents)))


def documents_of(offered: list[Offered]) -> tuple[Document, ...]:
    """Return what was sent as documents; those without a file go by their number."""
    return tuple(
        Document(each.kind, each.where or f"documents[{number}]", each.content)
        for number, each in enumerate(offered)
    )


def answer_of(found: Checked) -> CheckAnswer:
    """Return what a check found as the API tells of it."""
    findings = [_finding(where, each) for where, each in found.findings]
    return CheckAnswer(
        sound=not found.problems and not any(each.level == "error" for each in findings),
        problems=[fault_of(problem) for problem in found.problems],
        findings=findings,
        read=[ref_of(document.canonical) for document in found.read],
    )


def fault_of(problem: Problem) -> Fault:
    """Return a problem as the API tells of it."""
    return Fault(where=problem.where, what=problem.what, expected=problem.expected)


def _finding(where: str, found: Finding) -> LintFinding:
    place = f"{where}: {found.path}" if found.path else where
    return LintFinding(where=place, level=found.level, what=found.what, expected=found.expected)


def ref_of(name: str) -> DefinitionRef:
    """Read a canonical name, "kind url|version"."""
    kind, _, rest = name.partition(" ")
    url, version = split_canonical(rest)
    return DefinitionRef.model_validate(
        {"definition": definition_id(kind, url), "kind": kind, "url": url, "version": version}  # type: ignore[arg-type]  # validated here
    )


type Approved = Annotated[
    bool, Field(description="No template that nobody approved; marketing never without")
]
