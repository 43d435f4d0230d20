"""Links in messages: clicks, unsubscribe, preferences. The token in the address is all the proof there is.

A GET changes nothing (mail programs and scanners follow links), apart from the report that a link was
followed. What people choose goes onto the queue `pages`, and from there into their record.
"""

from __future__ import annotations

from collections.abc import Mapping

import azure.functions as func

from functions.entries import entry
from functions.forms import read_form
from functions.listening import Delivery, on_queue
from functions.pages import answer_page, audited, language_of, lost, shown
from functions.serving import carry_out
from shared.errors import Rejected
from shared.pages.frame import HEADERS
from shared.pages.preferences import Outcome, Preferences, preferences_page
from shared.pages.unsubscribe import ask_page, done_page
from shared.queues import PAGES
from shared.usecases.jobs import Chosen, Job, Surveyed
from shared.usecases.public.clicks import follow
from shared.usecases.public.opening import Opened, imprint_of, open_link
from shared.usecases.public.preferences import choose, look
from shared.usecases.public.surveys import take_surveyed
from shared.usecases.public.taking import take_chosen
from shared.usecases.public.unsubscribe import ONE_CLICK, ended, preferences_token, unsubscribe
from shared.usecases.react import Trigger
from shared.usecases.services import Services

blueprint = func.Blueprint()


@blueprint.function_name("link")
@blueprint.route("l/{token}", methods=["GET", "HEAD"], auth_level=func.AuthLevel.ANONYMOUS)
@entry
async def link(req: func.HttpRequest) -> func.HttpResponse:
    """Lead on to where a link in a message points, and count it; a HEAD is only asked by programs."""
    return await answer_page(req, lambda ready: _follow(ready, req))


@blueprint.function_name("unsubscribe")
@blueprint.route("u/{token}", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
@entry
async def unsubscribing(req: func.HttpRequest) -> func.HttpResponse:
    """Ask whether to unsubscribe, and do it: by the page's button, or by a mail program's one click."""
    return await answer_page(req, lambda ready: _unsubscribe(ready, req))


@blueprint.function_name("preferences")
@blueprint.route("p/{token}", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
@entry
async def preferences(req: func.HttpRequest) -> func.HttpResponse:
    """Show what somebody may be written to about, and by which way, and let them choose."""
    return await answer_page(req, lambda ready: _preferences(ready, req))


@on_queue(blueprint, PAGES)
async def pages(delivery: Delivery) -> None:
    """Let what was chosen, or answered, on a page happen to the patient it is about."""
    await carry_out(delivery, _take)


async def _follow(ready: Services, req: func.HttpRequest) -> func.HttpResponse:
    target = await follow(ready, _token(req), counted=req.method.upper() == "GET")
    if not target:
        return lost(req, ready)
    return func.HttpResponse(status_code=302, headers={**HEADERS, "Location": target})


async def _unsubscribe(ready: Services, req: func.HttpRequest) -> func.HttpResponse:
    opened = await open_link(ready, _token(req), "unsubscribe")
    if opened is None:
        return lost(req, ready)
    language, imprint = language_of(req, opened), imprint_of(ready)
    purpose, channel = ended(opened), opened.link.channel
    if req.method.upper() == "GET":
        audited("u", opened)
        return shown(ask_page(purpose, channel, language, imprint), language)
    form = read_form(req)
    name, value = ONE_CLICK
    one_click = value in form.get(name, ())
    if not one_click and "yes" not in form.get("unsubscribe", ()):
        raise Rejected("the form says nothing of unsubscribing", "bad-form")
    await unsubscribe(ready, opened, language, one_click=one_click)
    token = await preferences_token(ready, opened)
    return shown(done_page(purpose, channel, language, imprint, f"../p/{token}" if token else ""), language)


async def _preferences(ready: Services, req: func.HttpRequest) -> func.HttpResponse:
    opened = await open_link(ready, _token(req), "preferences")
    if opened is None:
        return lost(req, ready)
    language = language_of(req, opened)
    audited("p", opened)
    if req.method.upper() == "GET":
        return _show(ready, opened, language, await look(ready, opened, language))
    asked = await choose(ready, opened, read_form(req), language)
    return _show(ready, opened, language, asked.shown, asked.outcome)


def _show(
    ready: Services, opened: Opened, language: str, found: Preferences, outcome: Outcome = ""
) -> func.HttpResponse:
    return shown(preferences_page(found, language, imprint_of(ready), outcome), language)


def _token(req: func.HttpRequest) -> str:
    params: Mapping[str, str] = req.route_params
    return params.get("token", "")


async def _take(ready: Services, job: Job, trigger: Trigger) -> None:
    match job:
        case Chosen():
            await take_chosen(ready, job, trigger)
        case Surveyed():
            await take_surveyed(ready, job, trigger)
        case _:
            raise Rejected("neither a choice nor a survey", "bad-job")
