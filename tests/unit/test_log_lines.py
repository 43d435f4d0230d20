"""Log lines and errors with nobody in them, whoever wrote them, and however they are printed."""

from __future__ import annotations

import ast
import json
import logging
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.entries import Failure, entered, entry
from shared.adapters.log_lines import JsonLines, clean_all_lines, cleaned
from shared.errors import Rejected, Unavailable
from shared.redaction import told
from shared.telemetry import FUNCTION

ROOT = Path(__file__).parents[2]
NAMES = st.text("abcdefghijklmnopqrstuvwxyz", min_size=12).map(lambda name: f"Zz{name}")
"""What no template, type or path holds."""
PLAIN = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")


def record(name: str, words: str, *values: object, error: BaseException | None = None) -> logging.LogRecord:
    """Make a line as a logger does."""
    trail = (type(error), error, error.__traceback__) if error is not None else None
    return logging.LogRecord(name, logging.WARNING, __file__, 7, words, values, trail)


def raised(error: Exception) -> Exception:
    """Return an error that has been raised."""
    try:
        raise error
    except Exception as caught:
        return caught


@pytest.mark.parametrize("formatter", [PLAIN, JsonLines()], ids=["plain", "json"])
@given(said=NAMES)
def test_a_library_s_line_says_where_but_not_of_whom(formatter: logging.Formatter, said: str) -> None:
    """Its values, its own words and the message of its error are left out."""
    lines = (
        record("aiohttp.client", "GET %s failed", f"https://fhir.example/Patient?phone={said}"),
        record("asyncio", f"Task exception was never retrieved {said}"),
        record("urllib3", "no answer", error=raised(ValueError(said))),
        record("azure.functions", "Native invocation failed", error=raised(KeyError(said))),
    )
    for line in lines:
        text = formatter.format(cleaned(line))
        assert said not in text
        assert "test_log_lines" in text


def test_our_own_lines_stay_as_they_are() -> None:
    """They hold codes and counts."""
    line = cleaned(record("hearthline", "queued %d changes", 3))
    assert line.getMessage() == "queued 3 changes"


def test_lines_are_cleaned_as_they_are_made() -> None:
    """Also those of handlers that somebody else has put there, as the Functions worker does."""
    clean_all_lines()
    clean_all_lines()
    line = logging.getLogger("other").makeRecord("other", 30, "f", 1, "to %s", ("Ana",), None)
    assert line.getMessage() == "to %s [f:1]"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Leave the making of lines as it was."""
    made = logging.getLogRecordFactory()
    logging.setLogRecordFactory(logging.LogRecord)
    yield
    logging.setLogRecordFactory(made)


def test_a_json_line_has_what_is_asked_for_by_name() -> None:
    """Level, logger, message, code and function."""
    line = record("hearthline", "rejected: %s", "bad-job")
    line.code = "bad-job"
    token = FUNCTION.set("changes")
    try:
        found = json.loads(JsonLines().format(line))
    finally:
        FUNCTION.reset(token)
    assert found.pop("time").endswith("+00:00")
    assert found == {
        "level": "warning",
        "message": "rejected: bad-job",
        "logger": "hearthline",
        "code": "bad-job",
        "function": "changes",
    }


@given(said=NAMES)
def test_a_bug_leaves_a_function_without_its_words(said: str) -> None:
    """What the worker gets to log is the type and the places; neither the message nor what caused it."""
    with pytest.raises(Failure) as caught, entered("changes"):
        _break(said)
    failure = caught.value
    assert str(failure).startswith("ValueError at ")
    assert "test_log_lines.py" in str(failure)
    assert (failure.__cause__, failure.__suppress_context__) == (None, True)
    assert said not in "".join(_printed(failure))


def _break(said: str) -> None:
    try:
        raise KeyError(said)
    except KeyError as cause:
        raise ValueError(said) from cause


def _printed(error: BaseException) -> list[str]:
    return traceback.format_exception(error)


async def test_known_errors_stay_themselves() -> None:
    """A queue tries again what is unavailable; its sentence holds nobody, its cause may."""

    @entry
    async def changes() -> None:
        try:
            raise OSError("https://fhir.example/Patient?name=Ana")
        except OSError as cause:
            raise Unavailable("the FHIR server is away", 2.0) from cause

    with pytest.raises(Unavailable) as caught:
        await changes()
    assert caught.value.retry_after == 2.0
    assert "Ana" not in "".join(_printed(caught.value))
    assert "Ana" in "".join(_printed(caught.value.__context__ or caught.value))  # it is there, and unsaid


def test_where_an_error_comes_from_is_told_without_the_machine_s_paths() -> None:
    """The innermost place first; our own errors with their sentence, others' without."""
    sentence = told(raised(Rejected("not a change", "bad-job")))
    assert sentence.startswith("Rejected (not a change) at test_log_lines.py:")
    assert told(raised(ValueError("Ana"))).startswith("ValueError at test_log_lines.py:")
    assert told(ValueError("Ana")) == "ValueError"
    assert sys.prefix not in sentence


LEVELS = ("debug", "info", "warning", "error", "exception", "critical")
REVIEWED = {
    "code", "ignored.code",  # stable words
    "what", "route", "told",  # "page p", "read"; counts
    "queued", "found", "found.let_in", "found.asked", "receipt.queued",  # counts
    "await find_deletions(await services())", "await reconcile(await services())",
    "await recover(ready, job)", "await start_audit(await services())",
    "unavailable.reason", "reason", "sentence", "invalid",  # sentences of ours, with nobody in them
    "error.reason", "why.reason", "error",  # the same: Unauthenticated, Unavailable; Unreadable by opaque key
    "bug", "told(bug)",  # a bug by its type and places alone
    "operation", "operation.name", "call.operation.name", "work.operation",  # names and ids of ours
    "lost", "resumed", "lane", "lane.lane", "newest[0].number", "' '.join(map(str, claims))",  # counts
    "patient or 'nobody known'",  # an opaque key
    "name",  # of a test between two messages
    "key or 'nobody known'", "opened.key", "by",  # opaque keys, of a patient and of staff
}  # fmt: skip
"""What log calls fill in; whoever adds to it has asked what it may hold."""


def test_log_calls_fill_in_what_was_reviewed() -> None:
    """Nothing else is put into a line of ours, and never by an f-string."""
    filled = set()
    for path in (path for name in ("functions", "shared") for path in (ROOT / name).rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and _logs(call):
                assert isinstance(call.args[0], ast.Constant), f"{path}:{call.lineno}"
                filled |= {ast.unparse(given).removeprefix("*") for given in call.args[1:]}
    assert filled <= REVIEWED
    assert filled >= REVIEWED - {"reason"}


def _logs(call: ast.Call) -> bool:
    if isinstance(call.func, ast.Name):  # warning or info, as it was found
        return call.func.id == "tell" and isinstance(call.args[0], ast.Constant)
    named, _, level = ast.unparse(call.func).rpartition(".")
    return named.endswith(("logger", "_log", "logging")) and level in LEVELS
