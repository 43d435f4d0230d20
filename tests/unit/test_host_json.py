"""host.json: each value with its reason in docs/host.md, in line with the code, read alike by the sandbox."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import pytest

from functions.serving import LONGEST, PATIENCE, PAUSE
from sandbox.functions_host.host_json import HostSettings, load_host_settings
from sandbox.functions_host.timespan import parse_timespan
from shared.config import Settings
from shared.fhir.instants import SECOND
from shared.queues import MOST_DELIVERIES
from shared.usecases.populate import SECONDS as SHARD_SECONDS
from shared.usecases.retention.walk import SECONDS as RETENTION_SECONDS
from tests.unit.docs.pages import DOCS, ROOT, code, table

PAGE = DOCS / "host.md"
HOST = json.loads((ROOT / "host.json").read_text())
INSTANCE = 2048 * 2**20
"""Bytes of memory of the smallest instance that we deploy to."""


def leaves(node: Mapping[str, object], before: str = "") -> Iterator[tuple[str, object]]:
    """Yield each value with its path, as docs/host.md writes it."""
    for name, value in node.items():
        path = f"{before}.{name}" if before else name
        if isinstance(value, Mapping):
            yield from leaves(value, path)
        else:
            yield path, value


def seconds(text: str) -> float:
    return parse_timespan(text) / SECOND


VALUES = dict(leaves(HOST))
ROWS = [row for row in table(PAGE, "## host.json") if row[0].startswith("`")]


def test_every_value_has_its_row_and_every_row_its_value() -> None:
    """Whoever changes host.json says why, in the table of docs/host.md."""
    assert {code(row[0]): code(row[1]) for row in ROWS} == {
        path: str(value).lower() if isinstance(value, bool) else str(value) for path, value in VALUES.items()
    }


def test_every_row_has_a_reason_and_a_source_that_the_page_names() -> None:
    text = PAGE.read_text()
    for path, _, reason, source, _ in ROWS:
        assert len(reason) > 10, path
        names = re.findall(r"\[([^\]]+)\]", source)
        assert names, path
        assert [name for name in names if f"\n[{name}]: https://" not in text] == []


def test_the_sandbox_does_what_the_page_says_that_it_does(tmp_path: Path) -> None:
    """A row says "yes" where the local host's settings come out otherwise with another value, else not."""
    for path, _, _, _, sandbox in ROWS:
        assert (sandbox == "yes") == _matters(path, tmp_path), path


OTHER = {"routePrefix": "x", "messageEncoding": "none", "autoCompleteMessages": False}


def _matters(path: str, folder: Path) -> bool:
    """Say whether the local host sees another value at a path."""
    *parents, last = code(path).split(".")
    value = VALUES[code(path)]
    other = OTHER.get(last, value + 1 if isinstance(value, int) else "00:00:07")
    (folder / "host.json").write_text(json.dumps(_put({}, (*parents, last), other)))
    return load_host_settings(folder, {}) != HostSettings()


def _put(node: dict[str, object], path: tuple[str, ...], value: object) -> dict[str, object]:
    first, *rest = path
    node[first] = _put({}, tuple(rest), value) if rest else value
    return node


def test_the_local_host_reads_the_file_as_it_is() -> None:
    told = msgspec.to_builtins(load_host_settings(ROOT, {}))
    read = dict(leaves(told))
    known = {path: value for path, value in VALUES.items() if path in read}
    assert known == {path: read[path] for path in known}
    assert len(known) >= 9


def test_what_becomes_poison_is_said_once() -> None:
    queues = HOST["extensions"]["queues"]
    assert queues["maxDequeueCount"] == MOST_DELIVERIES
    assert max(PATIENCE.values()) < MOST_DELIVERIES
    assert seconds(queues["visibilityTimeout"]) == PAUSE["storage"] < LONGEST


def test_no_instance_works_on_more_changes_than_may_ask_the_fhir_server() -> None:
    queues = HOST["extensions"]["queues"]
    bus = HOST["extensions"]["serviceBus"]
    at_once = queues["batchSize"] + queues["newBatchThreshold"]
    assert at_once == Settings.model_fields["fhir_concurrency"].default
    assert bus["maxConcurrentCalls"] == bus["maxConcurrentSessions"] == at_once


@pytest.mark.parametrize("own", [SHARD_SECONDS, RETENTION_SECONDS])
def test_what_works_long_ends_well_before_the_time_out(own: float) -> None:
    """A last page may take its time after the minute is over."""
    assert own * 2 < seconds(HOST["functionTimeout"]) <= 600


def test_locks_hold_for_as_long_as_a_function_may_run() -> None:
    bus = HOST["extensions"]["serviceBus"]
    assert seconds(bus["maxAutoLockRenewalDuration"]) >= seconds(HOST["functionTimeout"])


def test_bodies_of_all_requests_at_once_fit_into_half_of_an_instance() -> None:
    body = Settings.model_fields["body_limit"].default
    assert HOST["extensions"]["http"]["maxConcurrentRequests"] * body < INSTANCE / 2


def test_locks_of_timers_are_as_azure_allows_them() -> None:
    """15 to 60 s, and looked at every 15 s at most: SingletonOptions of the WebJobs SDK."""
    singleton = HOST["singleton"]
    assert 15 <= seconds(singleton["listenerLockPeriod"]) <= 60
    assert seconds(singleton["listenerLockRecoveryPollingInterval"]) >= 15


def test_there_are_no_retry_policies_on_top_of_the_queues_own() -> None:
    assert "retry" not in HOST
