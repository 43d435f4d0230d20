"""What every entry point is wrapped in: a span of its name, and errors told without what they tell of people.

The Functions worker logs what a function raises, with its message, and sends it to the host; so nothing may
leave here that could quote a patient.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import wraps

import azure.functions as func

from shared.bootstrap import begin_telemetry
from shared.errors import HearthlineError
from shared.redaction import told
from shared.telemetry import FUNCTION, Span, count, span

type Entry[**P, T] = Callable[P, Awaitable[T]]


class Failure(HearthlineError):
    """A bug: what nobody foresaw, by its type and the places it came through."""


@contextmanager
def entered(function: str, parent: str = "", *, apart: bool = False) -> Iterator[Span]:
    """Be in a function: for telemetry, log lines and errors. `parent` is a W3C traceparent."""
    begin_telemetry()
    token = FUNCTION.set(function)
    try:
        with span(function, parent, apart=apart) as begun:
            yield begun
    except HearthlineError as known:
        raise known.with_traceback(None) from None  # the cause is some library's, and may quote
    except Exception as bug:
        count("hearthline.failures", function=function, error=type(bug).__name__)
        raise Failure(told(bug)) from None
    finally:
        FUNCTION.reset(token)


def entry[**P, T](function: Entry[P, T]) -> Entry[P, T]:
    """Wrap a function with an HTTP or a timer trigger; the trace of an HTTP request goes on in it."""

    @wraps(function)
    async def enter(*given: P.args, **named: P.kwargs) -> T:
        with entered(function.__name__, _parent((*given, *named.values()))) as here:
            answer = await function(*given, **named)
            if isinstance(answer, func.HttpResponse):
                here.note(status=answer.status_code)
            return answer

    return enter


def _parent(given: tuple[object, ...]) -> str:
    request = next((one for one in given if isinstance(one, func.HttpRequest)), None)
    return str(request.headers.get("traceparent", "")) if request is not None else ""
