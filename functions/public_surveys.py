"""Surveys behind links in messages: a page of questions, and what comes back. The token is all the proof.

A GET changes nothing. What was filled in goes onto the queue `pages`, whose function is in public.py.
"""

from __future__ import annotations

import azure.functions as func

from functions.entries import entry
from functions.forms import read_form
from functions.pages import answer_page, audited, language_of, lost, shown
from shared.pages.survey import over_page, survey_page, thanks_page
from shared.usecases.public.opening import imprint_of, open_link
from shared.usecases.public.surveys import fill_in, first, waiting
from shared.usecases.services import Services

blueprint = func.Blueprint()


@blueprint.function_name("survey")
@blueprint.route("s/{token}", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
@entry
async def survey(req: func.HttpRequest) -> func.HttpResponse:
    """Show the questions of a survey, and take the answers."""
    return await answer_page(req, lambda ready: _survey(ready, req))


async def _survey(ready: Services, req: func.HttpRequest) -> func.HttpResponse:
    opened = await open_link(ready, req.route_params.get("token", ""), "survey")
    if opened is None:
        return lost(req, ready)
    language, imprint = language_of(req, opened), imprint_of(ready)
    found = await waiting(ready, opened)
    if found is None:
        return shown(over_page(language, imprint), language)
    audited("s", opened)
    if req.method.upper() == "GET":
        return shown(survey_page(first(found, language), language, imprint), language)
    again = await fill_in(ready, opened, found, read_form(req), language)
    if again is None:
        return shown(thanks_page(language, imprint), language)
    return shown(survey_page(again, language, imprint), language)
