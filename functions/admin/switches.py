"""Switches: whether anything is sent, which journeys stand still; by whom and why."""

from __future__ import annotations

from typing import Self

from fastapi import Response
from pydantic import BaseModel, Field

from functions.admin.call import TheCall
from functions.admin.etags import check_match, etag_of, tell_etag
from functions.admin.paging import Cursor, Limit, Page, cursor_of, place_of
from functions.admin.routes import Routes
from functions.admin.shapes import Moment, Why, definition_id, example, moment
from shared.journey.controls import Controls
from shared.usecases.controls import page_of_switchings, switch_sending
from shared.usecases.journeys.switched import looked_at
from shared.usecases.shelf import Switching, load_shelf

routes = Routes("running")


class SwitchingState(BaseModel):
    """Something that was switched."""

    model_config = example(
        at="2026-03-02T09:00:00.000Z",
        action="sending off",
        by="0d5c8b5e-6a1f-4a3b-9f55-3d7a1f6a2b10",
        reason="wrong numbers in the template",
        what="",
        publication=8,
    )

    at: Moment
    action: str = Field(examples=["sending off"])
    by: str = Field(description="Opaque id of a person, or the name of what did it by itself")
    reason: str
    what: str = Field("", description="Url of the journey; of a winner also its step and way")
    publication: int = Field(description="Number of the publication that it is")

    @classmethod
    def of(cls, switching: Switching) -> Self:
        """Tell of a switching."""
        return cls(
            at=moment(switching.at),
            action=switching.action,
            by=switching.by,
            reason=switching.reason,
            what=switching.what,
            publication=switching.number,
        )


class SwitchedJourney(BaseModel):
    """A journey that does not run."""

    model_config = example(
        journey="6f0c1c0f2b0e5d0c9f1b7f7f3a0d4c11", url="https://hearthline.example/journeys/flu"
    )

    journey: str = Field(description="Its id", examples=["6f0c1c0f2b0e5d0c9f1b7f7f3a0d4c11"])
    url: str


class Switches(BaseModel):
    """What is switched now."""

    model_config = example(
        sending=False,
        paused=[
            {"journey": "6f0c1c0f2b0e5d0c9f1b7f7f3a0d4c11", "url": "https://hearthline.example/journeys/flu"}
        ],
        stopped=[],
        winners={"https://hearthline.example/journeys/flu|1.0.0": {"which-text": "short"}},
        latest={
            "at": "2026-03-02T09:00:00.000Z",
            "action": "sending off",
            "by": "0d5c8b5e-6a1f-4a3b-9f55-3d7a1f6a2b10",
            "reason": "wrong numbers in the template",
            "what": "",
            "publication": 8,
        },
    )

    sending: bool = Field(description="While it is off nothing goes out, and nobody is told anything")
    paused: list[SwitchedJourney] = Field(description="Journeys in which everybody stands still")
    stopped: list[SwitchedJourney] = Field(description="Journeys that everybody left, and nobody enters")
    winners: dict[str, dict[str, str]] = Field(
        {}, description='By journey ("url|version") and step that splits, the way that everybody takes'
    )
    latest: SwitchingState | None = None


class SendingSwitch(Why):
    """The kill switch."""

    model_config = example(sending=False, reason="wrong numbers in the template")

    sending: bool = Field(description="false: nothing goes out; true: what waited goes at once")


class SendingSwitched(BaseModel):
    """What came of the switch."""

    model_config = example(sending=False, changed=True, publication="8-0f3c9d2a51b0e7aa", population="")

    sending: bool
    changed: bool = Field(description="It was not so before")
    publication: str = Field(description="Every instance knows of it within seconds")
    population: str = Field(description="The publication for which everybody is looked at; empty: nobody is")


@routes("getSwitches")
async def get_switches(call: TheCall, response: Response) -> Switches:
    """Say what is switched now."""
    shelf, _ = await load_shelf(call.services.documents)
    tell_etag(response, _etag(shelf.controls))
    return Switches(
        sending=shelf.controls.sending,
        paused=_journeys(shelf.controls.paused),
        stopped=_journeys(shelf.controls.stopped),
        winners=shelf.controls.winners,
        latest=None if shelf.switched is None else SwitchingState.of(shelf.switched),
    )


@routes("listSwitchings")
async def list_switchings(call: TheCall, limit: Limit = 50, cursor: Cursor = "") -> Page[SwitchingState]:
    """List who switched what, when and why, from the first on."""
    found, following = await page_of_switchings(call.services, place_of(cursor), limit)
    items = [SwitchingState.of(each) for each in found]
    return Page(items=items, next=cursor_of(following) if following else "")


@routes("switchSending")
async def switch_all_sending(call: TheCall, body: SendingSwitch, response: Response) -> SendingSwitched:
    """Stop, or let go on, everything that sends; messages wait meanwhile, and none is lost."""
    shelf, _ = await load_shelf(call.services.documents)
    check_match(call, _etag(shelf.controls))
    await call.begins("", "sending", why=body.reason, before=shelf.controls.sending)
    by = call.caller.subject

    def unchanged(held: Controls) -> None:
        check_match(call, _etag(held))

    switched = await looked_at(
        call.services,
        await switch_sending(call.services, on=body.sending, by=by, reason=body.reason, check=unchanged),
    )
    call.changed(switched.controls.sending)
    tell_etag(response, _etag(switched.controls))
    return SendingSwitched(
        sending=switched.controls.sending,
        changed=switched.changed,
        publication=switched.version,
        population=switched.population,
    )


def _etag(controls: Controls) -> str:
    """Return what moves when anything is switched, and not with each publication."""
    journeys = sorted(controls.paused), sorted(controls.stopped)
    return etag_of([controls.sending, *journeys, controls.winners])


def _journeys(urls: frozenset[str]) -> list[SwitchedJourney]:
    return [SwitchedJourney(journey=definition_id("journey", url), url=url) for url in sorted(urls)]
