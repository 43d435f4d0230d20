"""The settings of write-back and retention: their defaults, what they lead to, and what is refused."""

from __future__ import annotations

import pytest

from shared.bootstrap import policy_of
from shared.config import Settings, settings
from shared.errors import Invalid
from shared.fhir.instants import parse_instant
from shared.retention import Retention

NEEDED = {"AzureWebJobsStorage": "x", "HEARTHLINE_FHIR_URL": "http://fhir.example"}


def chosen(**more: str) -> Settings:
    return settings(NEEDED | more)


@pytest.mark.parametrize(
    ("value", "communications", "consents"),
    [
        (None, True, True),
        ("[]", False, False),
        ('["communications"]', True, False),
        ('["consents", "communications"]', True, True),
    ],
)
def test_what_is_written_back(value, communications, consents):
    policy = policy_of(chosen(**({"HEARTHLINE_WRITE_BACK": value} if value else {})))
    assert (policy.write_communications, policy.write_consents) == (communications, consents)


def test_a_kind_that_is_left_out_has_its_default():
    kept = chosen(HEARTHLINE_RETENTION='{"messages": "P1Y", "links": null}').retention
    assert kept == Retention(messages="P1Y", links=None)
    assert (kept.timeline, kept.engagement) == ("P6Y", "P2Y")


def test_lengths_are_counted_in_the_organisations_calendar():
    now = parse_instant("2026-03-31T12:00:00-04:00")
    before = Retention(messages="P1M").before("messages", now, "America/New_York")
    assert before == parse_instant("2026-02-28T12:00:00-05:00")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HEARTHLINE_WRITE_BACK", '["tasks"]'),
        ("HEARTHLINE_WRITE_BACK", '"communications"'),
        ("HEARTHLINE_RETENTION", '{"messages": "six years"}'),
        ("HEARTHLINE_RETENTION", '{"messages": "P1D"}'),
        ("HEARTHLINE_RETENTION", '{"opt_outs": "P1Y"}'),
        ("HEARTHLINE_RETENTION", "[]"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(name, value):
    with pytest.raises(Invalid) as invalid:
        chosen(**{name: value})
    assert {problem.where.partition(".")[0] for problem in invalid.value.problems} == {name}
