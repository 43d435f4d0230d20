"""What tests of queues share: a queue that keeps what it was sent, and jobs of every kind."""

from __future__ import annotations

from hypothesis import strategies as st
from msgspec import Struct

from shared.fhir.instants import Instant
from shared.fhir.notification import Recover
from shared.usecases.jobs import (
    Audit,
    Change,
    Changes,
    EnrolFor,
    Grant,
    Happened,
    Inbound,
    Job,
    Populate,
    Recall,
    Recovery,
    Refresh,
    Report,
    Wake,
    WakeMany,
)


class Sent(Struct, frozen=True):
    """A message as it was sent."""

    queue: str
    body: bytes
    delay: float
    session: str
    once: str


class Written:
    """A queue that only keeps what it was sent; it first fails as told."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.failures: list[Exception] = []

    async def send(
        self, queue: str, body: bytes, delay: float = 0.0, *, session: str = "", once: str = ""
    ) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(Sent(queue, body, delay, session, once))


_words = st.text("abc-1", min_size=1, max_size=12)
_instants = st.integers(0, 2**50).map(Instant)
_resources = st.none() | st.fixed_dictionaries(
    {"resourceType": st.just("Observation")},
    optional={"subject": st.fixed_dictionaries({"reference": _words.map(lambda word: f"Patient/{word}")})},
)
CHANGED: st.SearchStrategy[Change] = st.builds(
    Change,
    st.sampled_from(["Observation", "Patient", "Location"]),
    _words,
    _words | st.just(""),
    st.sampled_from(["created", "updated", "deleted", "unknown"]),
    st.none() | _instants,
    _resources,
    _words | st.just(""),
    _words | st.just(""),
)
_WAKES = st.builds(Wake, _words, _instants)
JOBS: st.SearchStrategy[Job] = st.one_of(
    CHANGED,
    st.builds(Changes, st.lists(CHANGED, max_size=3).map(tuple)),
    _WAKES,
    st.builds(WakeMany, st.lists(_WAKES, max_size=3).map(tuple)),
    st.builds(Refresh, _words, _words),
    st.builds(Report, _words, _words, st.just("delivered"), _instants),
    st.builds(Inbound, _words, _words, _words, _words, _instants),
    st.builds(Recovery, _words, st.builds(Recover)),
    st.builds(Audit, _words, st.integers(0, 15)),
    st.builds(Populate, _words, st.integers(0, 15)),
    st.builds(Grant, _words, _words),
    st.builds(EnrolFor, _words, _words),
    st.builds(Recall, _words, _words, _words, st.just("stop")),
    st.builds(Happened, _words, _words, _words, _instants),
)
