"""The segments whose preview is measured: five clauses each alone, and one whose parts hang on each other."""

from __future__ import annotations

from benchmarks.preview_data import DIABETES, EYE, HBA1C, HOSPICE, STAY
from shared.segment.definition import SegmentDefinition, parse_segment

_HEAD = {"version": "1", "title": "Measured"}
_FIVE = {
    "all": [
        {"age": {"at_least": 18, "below": 76}},
        {"has": {"type": "Condition", "code": DIABETES}},
        {
            "has": {
                "type": "Observation",
                "code": HBA1C,
                "when": {"starts": {"last": "P1Y"}},
                "which": "latest",
                "value": {"above": 9, "unit": "%"},
            }
        },
        {"has_no": {"type": "Procedure", "code": EYE, "when": {"starts": {"last": "P12M"}}}},
        {"has_no": {"type": "Encounter", "code": HOSPICE}},
    ]
}
_MATCHES = {"stay": {"type": "Encounter", "code": STAY, "class": "IMP", "when": {"ends": {"last": "P1Y"}}}}
_COMPOSED = {
    "has": {
        "type": "Observation",
        "code": HBA1C,
        "value": {"at_least": 8, "unit": "%"},
        "when": {"starts": {"after": "stay.end", "until": "stay.end + P3M"}},
        "without": [{"type": "Procedure", "code": EYE, "when": {"starts": {"from": "this.start"}}}],
    }
}


def five_clauses() -> SegmentDefinition:
    """Diabetes, last HbA1c of the year above 9 %, no eye examination in a year, 18 to 75, no hospice."""
    return parse_segment({**_HEAD, "url": "urn:five", "criteria": _FIVE}, "five clauses")


def composed() -> SegmentDefinition:
    """HbA1c of 8 % or more within 3 months after a stay, and no eye examination from then on."""
    return parse_segment(
        {**_HEAD, "url": "urn:composed", "matches": _MATCHES, "criteria": _COMPOSED}, "composed"
    )
