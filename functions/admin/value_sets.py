"""Value sets, and static lists of people: published ones, and such as are taken from the FHIR server."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from functions.admin.call import Call, TheCall
from functions.admin.definitions import DefinitionRef, ref_of
from functions.admin.paging import Cursor, Limit, Page, cursor_of, paged, place_of
from functions.admin.routes import PREFIX, Routes
from functions.admin.shapes import Body, definition_id
from shared.errors import Rejected
from shared.segment.valuesets import ValueSets
from shared.usecases.library import Published, library
from shared.usecases.publications import take_list_now, take_value_set_now
from shared.usecases.publish import Published as PublishedNow
from shared.usecases.value_sets import WHERE

routes = Routes("value sets")

_URL = "https://hearthline.example/valuesets/hba1c"
_SUMMARY: dict[str, Any] = {
    "value_set": definition_id("valueset", _URL),
    "url": _URL,
    "version": "1.0.0",
    "title": "HbA1c",
    "versions": ["1.0.0"],
    "codes": 2,
    "from_server": False,
    "published_in": 1,
}
_TAKEN: dict[str, Any] = {
    "codes": 2,
    "version": "1.1.0",
    "latest": "1.1.0",
    "added": [
        {"definition": _SUMMARY["value_set"], "kind": "valueset", "url": _URL, "version": "1.1.0"},
    ],
    "population": "12-0f3a5b7c9d1e2f40",
}
_LIST = "https://hearthline.example/lists/trial"

type ValueSetId = Annotated[
    str, Path(pattern="^[0-9a-f]{32}$", description="Id of a value set, as listValueSets gives it")
]
type Canonical = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\s\x00-\x1f]+$")]


class ValueSetSummary(BaseModel):
    """The latest version of a value set."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SUMMARY]})

    value_set: str = Field(description="Id of the value set in addresses, whichever version")
    url: str
    version: str
    title: str
    versions: list[str] = Field(description="All that are published, the latest last")
    codes: int
    from_server: bool = Field(description="It was taken from the FHIR server")
    published_in: int = Field(description="Number of the publication in which this version came")


class Code(BaseModel):
    """One code."""

    system: str = Field(examples=["http://loinc.org"])
    code: str = Field(examples=["4548-4"])


class ValueSetDetail(ValueSetSummary):
    """A version of a value set, with a page of its codes."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {**_SUMMARY, "items": [{"system": "http://loinc.org", "code": "4548-4"}], "next": ""}
            ]
        }
    )

    items: list[Code] = Field(description="In the order of system and code")
    next: str = Field("", description="Cursor of the next page of codes; empty where this is the last")


class TakeValueSet(Body):
    """Which value set is read."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reference": _URL}]})

    reference: Canonical = Field(description="Its url, or url|version for that one")


class ValueSetTaken(BaseModel):
    """What came of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_TAKEN]})

    codes: int
    version: str = Field(description="Under which these codes are published")
    latest: str = Field(description="By which segments go that name no version")
    added: list[DefinitionRef] = Field(description="Empty where these codes were published already")
    population: str = Field(description="The publication that everybody is looked at for, or empty")


class TakeList(Body):
    """Which Group is read, and what it becomes."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reference": "Group/trial", "url": _LIST, "title": "Trial"}]}
    )

    reference: str = Field(
        max_length=80, pattern=r"^Group/[A-Za-z0-9\-.]{1,64}$", description="The Group on the FHIR server"
    )
    url: Canonical = Field(description="By which segments ask the list (in_list)")
    title: str = Field("", max_length=300, description="What people call it")


class ListTaken(BaseModel):
    """What came of it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"people": 214, "added": [], "population": ""}]}
    )

    people: int
    added: list[DefinitionRef] = Field(description="Empty where the list said the same already")
    population: str = Field(description="The publication that everybody is looked at for, or empty")


_SAME = {200: {"description": "It was published like this before"}}


@routes("listValueSets")
async def list_value_sets(
    call: TheCall,
    limit: Limit = 50,
    cursor: Cursor = "",
    text: Annotated[str, Query(max_length=200, description="Only those whose title or url has it")] = "",
) -> Page[ValueSetSummary]:
    """List the latest version of each value set that is published, by url."""
    shelf, wanted = (await library(call.services.documents)).of("valueset"), text.casefold()
    meant = [
        versions
        for url, versions in shelf.items()
        if wanted in url.casefold() or wanted in versions[-1].title.casefold()
    ]
    page = paged(meant, limit, cursor, lambda versions: versions[-1].url, text)
    return Page(
        items=[ValueSetSummary(**_summary(versions, versions[-1])) for versions in page.items], next=page.next
    )


@routes("getValueSet")
async def get_value_set(
    call: TheCall,
    value_set: ValueSetId,
    limit: Limit = 50,
    cursor: Cursor = "",
    version: Annotated[str, Query(max_length=200, description="None: the latest")] = "",
) -> ValueSetDetail:
    """Read a version of a value set, with its codes page by page."""
    versions = await _versions(call, value_set)
    found = next((each for each in versions if each.version == version), None if version else versions[-1])
    if found is None:
        raise Rejected("no such version of it is published", "unknown-version")
    after = place_of(cursor, value_set, found.version)
    rest = [token for token in sorted(_tokens(found)) if token > after]
    items = [Code(system=system, code=code) for system, _, code in (t.partition("|") for t in rest[:limit])]
    more = cursor_of(rest[limit - 1], value_set, found.version) if len(rest) > limit else ""
    return ValueSetDetail(**_summary(versions, found), items=items, next=more)


@routes("takeValueSet", status=201, responses=_SAME)
async def take_value_set(call: TheCall, body: TakeValueSet, response: Response) -> ValueSetTaken:
    """Publish a value set as the FHIR server has it now, unless its codes are published already."""
    await call.begins("", body.reference)
    taken = await take_value_set_now(call.services, body.reference)
    call.changed(taken.version)
    return ValueSetTaken(
        codes=taken.codes,
        version=taken.version,
        latest=taken.latest,
        **_published(taken.published, response),
    )


@routes("takeList", status=201, responses=_SAME)
async def take_list(call: TheCall, body: TakeList, response: Response) -> ListTaken:
    """Publish the people of a FHIR Group as a static list; where they have changed, as its next version."""
    await call.begins("", body.reference, body.url)
    taken = await take_list_now(call.services, body.reference, body.url, body.title)
    call.changed(taken.people)
    return ListTaken(people=taken.people, **_published(taken.published, response))


def _published(done: PublishedNow | None, response: Response) -> dict[str, Any]:
    """Tell of a publication, if there was one: 201 with where to follow it, else 200."""
    if done is None or not done.added:
        response.status_code = 200
        return {"added": [], "population": ""}
    response.headers["Location"] = f"{PREFIX}/publications/{done.version}"
    return {"added": [ref_of(name) for name in done.added], "population": done.population}


async def _versions(call: Call, value_set: str) -> tuple[Published, ...]:
    shelf = (await library(call.services.documents)).of("valueset")
    for url, versions in shelf.items():
        if definition_id("valueset", url) == value_set:
            return versions
    raise Rejected("no such value set is published", "unknown-value-set")


def _summary(versions: tuple[Published, ...], found: Published) -> dict[str, Any]:
    return {
        "value_set": definition_id("valueset", found.url),
        "url": found.url,
        "version": found.version,
        "title": found.title,
        "versions": [each.version for each in versions],
        "codes": len(_tokens(found)),
        "from_server": found.document.where == WHERE,
        "published_in": found.publication,
    }


def _tokens(found: Published) -> frozenset[str]:
    return ValueSets.of([found.document.body]).tokens(found.url)
