"""The search for people in logs and refusals finds them."""

from __future__ import annotations

import logging

import pytest

from tests import nobody


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Keep what these tests show out of the account of the whole run."""
    found: dict[str, str] = {}
    monkeypatch.setattr(nobody, "shown", found)
    return found


def test_a_number_that_a_test_made_up_is_found(apart: dict[str, str]) -> None:
    nobody.look_through("sent to +12065550123", "a log")
    assert apart == {"+12065550123": "a log"}


def test_what_is_logged_is_looked_through_with_its_exception(apart: dict[str, str]) -> None:
    try:
        raise ValueError("no such address: q@patients.example")
    except ValueError as error:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "went wrong", None, (type(error), error, None))
    nobody.Listener().emit(record)
    assert apart == {"q@patients.example": "log of x"}


@pytest.mark.skipif(not (nobody.DATA / "synthea").is_dir(), reason="no test population is here")
def test_everybody_of_the_population_is_known(apart: dict[str, str]) -> None:
    text = "Abdul Koepp, 555-978-4581, 999-22-1962, 018f428e-34f6-4707-8009-5ad742f901e7"
    assert nobody.told_in(text) >= {"abdul koepp", "555-978-4581", "999-22-1962"}
    assert nobody.told_in("Queued 3 changes for the patient in a while") == set()
