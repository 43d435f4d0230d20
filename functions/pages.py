"""Answers for people: HTML pages in their language, never a problem document, and no hint of what exists.

Shared by public.py and public_surveys.py.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

import azure.functions as func

from functions.serving import logged, logger
from shared.bootstrap import services
from shared.errors import Invalid, Rejected, Unavailable
from shared.pages.faults import STATUS, Fault, fault_page
from shared.pages.frame import HEADERS, Imprint
from shared.pages.words import LANGUAGES, accepted, readable
from shared.usecases.public.opening import Opened, imprint_of
from shared.usecases.services import Services

_FAULTS: dict[str, Fault] = {"too-large": "large"}


async def answer_page(
    req: func.HttpRequest, handle: Callable[[Services], Awaitable[func.HttpResponse]]
) -> func.HttpResponse:
    """Run a handler, and answer what it raises as a page: 4xx for what was sent, 503 for our own faults."""
    imprint = Imprint()
    try:
        ready = await services()
        imprint = imprint_of(ready)
        return await handle(ready)
    except Rejected as rejected:
        logged("rejected", rejected.code)
        return fault(req, _FAULTS.get(rejected.code, "bad"), imprint)
    except Unavailable as unavailable:
        logger.warning("unavailable: %s", unavailable.reason)
        return fault(req, "busy", imprint)
    except Invalid as invalid:
        logger.error("not ready: %s", invalid)
        return fault(req, "busy", imprint)


def shown(html: str, language: str, status: int = 200) -> func.HttpResponse:
    """Answer with a page."""
    headers = {**HEADERS, "Content-Language": language}
    return func.HttpResponse(html, status_code=status, mimetype="text/html", charset="utf-8", headers=headers)


def lost(req: func.HttpRequest, ready: Services) -> func.HttpResponse:
    """Answer that there is nothing behind this link: the same page, whatever the reason."""
    return fault(req, "lost", imprint_of(ready))


def fault(req: func.HttpRequest, kind: Fault, imprint: Imprint) -> func.HttpResponse:
    """Answer with the page for what went wrong, in a language of the browser's."""
    language = language_of(req)
    answer = shown(fault_page(kind, language, imprint), language, STATUS[kind])
    if kind == "busy":
        answer.headers["Retry-After"] = "60"
    return answer


def language_of(req: func.HttpRequest, opened: Opened | None = None) -> str:
    """Return the language of a page: what the reader asked for, their own, that of their browser."""
    asked = req.params.get("lang", "").lower()
    return asked if asked in LANGUAGES else readable((*_own(opened), *_browser(req)))


def audited(route: str, opened: Opened) -> None:
    """Log that something of a person was shown, and whose it is by the opaque key."""
    logger.info("page %s shown for %s", route, opened.key)


def _own(opened: Opened | None) -> Iterable[str]:
    if opened is None:
        return ()
    person = opened.record.person
    spoken = person.languages if person is not None and not opened.link.party else ()
    return tuple(filter(None, (opened.link.language, *spoken)))


def _browser(req: func.HttpRequest) -> tuple[str, ...]:
    named = (str(value) for name, value in req.headers.items() if name.lower() == "accept-language")
    return accepted(next(named, ""))
