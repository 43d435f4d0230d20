"""The kinds of long work that there are, each with what does it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from shared.errors import Rejected
from shared.usecases.operations.running import Works

KINDS: Mapping[str, str] = {
    "verify-audit": "shared.usecases.trail.verify:verify_work",
    "export-audit": "shared.usecases.trail.export:export_work",
    "erase-patient": "shared.usecases.patients.erasing:erase_patient",
    "preview-segment": "shared.usecases.segments.counting:preview_segment",
    "write-segment-group": "shared.usecases.segments.grouping:write_segment_group",
    "find-message": "shared.usecases.evidence.find:find_message",
    "simulate-journey": "shared.usecases.journeys.simulate:simulate_journey",
    "migrate-journey": "shared.usecases.journeys.migrate:migrate_journey",
    "preview-campaign": "shared.usecases.campaigns.previewed:preview_campaign",
    "analytics-rebuild": "shared.usecases.analytics.rebuild:rebuild",
    "replay-dead-letter": "shared.usecases.operations.replaying:replay_dead_letter",
    "replay-poison": "shared.usecases.operations.replaying:replay_poison",
    "purge-poison": "shared.usecases.operations.replaying:purge_poison",
    "reconcile": "shared.usecases.operations.reconciling:reconcile_now",
}
"""By name, "module:function": what a kind needs is imported once somebody asks for it."""


def does(kind: str) -> Works:
    """Return what does a kind of long work. Raises Rejected for one that there is not."""
    if kind not in KINDS:
        raise Rejected("there is no such kind of work", "unknown-kind")
    module, _, name = KINDS[kind].partition(":")
    found: Works = getattr(import_module(module), name)
    return found
