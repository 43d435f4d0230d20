"""Lines and documents as resources: Bundles taken apart, references by fullUrl renamed, rubbish refused."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Rejected
from shared.fhir.ndjson import check, deletions, parse_json

ANA = {"resourceType": "Patient", "id": "ana"}
VISIT = {"resourceType": "Encounter", "id": "v", "subject": {"reference": "urn:uuid:1"}}


def bundle(*entries: object) -> dict[str, object]:
    return {"resourceType": "Bundle", "id": "b", "entry": list(entries)}


def test_a_resource_is_itself_and_a_list_is_each_of_its_own():
    assert parse_json(orjson.dumps(ANA)) == [ANA]
    assert parse_json(orjson.dumps([ANA, bundle({"resource": ANA})])) == [ANA, ANA]


def test_a_bundle_is_its_resources_in_order_at_any_depth_with_references_renamed():
    inner = bundle({"fullUrl": "urn:uuid:1", "resource": ANA}, {"fullUrl": "urn:uuid:2", "resource": VISIT})
    found = parse_json(orjson.dumps(bundle({"resource": inner}, {"request": {"method": "DELETE"}}, 7)))
    assert found == [ANA, {**VISIT, "subject": {"reference": "Patient/ana"}}]


@pytest.mark.parametrize(
    ("text", "reason"),
    [(b"{", "not JSON"), (b"\xff", "not JSON"), (b"7", "not a resource"), (b'{"a": 1}', "not a resource")],
)
def test_what_is_no_resource_says_so(text, reason):
    with pytest.raises(Rejected) as rejected:
        parse_json(text)
    assert rejected.value.reason == reason


def test_a_resource_needs_a_type_and_an_id():
    check(ANA)
    for broken in (
        {"resourceType": "Patient"},
        {"resourceType": "patient", "id": "1"},
        {**ANA, "id": "../1"},
    ):
        with pytest.raises(Rejected):
            check(broken)


def test_deletions_of_a_transaction_bundle():
    gone = {"request": {"method": "DELETE", "url": "Patient/ana"}}
    told = bundle(gone, {"resource": ANA}, {"request": {"method": "PUT", "url": "x"}})
    assert list(deletions(orjson.dumps(told))) == ["Patient/ana"]
    assert list(deletions(b"[]")) == []


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["resourceType", "entry", "resource", "fullUrl", "reference", "id"]),
                inner | st.just("Bundle"),
            )
        ),
    )
)
def test_nothing_but_rejected_ever_comes_of_any_json(value):
    try:
        found = parse_json(orjson.dumps(value))
    except Rejected:
        return
    assert all(each["resourceType"] != "Bundle" for each in found)
