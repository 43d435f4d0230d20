"""Operations on figures: nobody is named in any of them."""

from shared.access.operation import Operation
from shared.access.roles import ADMINISTRATORS, READERS

_FIGURES = (
    ("getJourneyFunnel", "journeys/{journey}/funnel", "Count who came to each step of a journey"),
    ("getJourneyGoals", "journeys/{journey}/goals", "Compare goals by way of a test, with intervals"),
    ("getFirstStepTimes", "journeys/{journey}/first-step", "Say how long entry to first step takes"),
    ("getCampaignFunnel", "campaigns/{campaign}/funnel", "Count what came of a campaign, by variant"),
    ("getMessageFigures", "messages", "Count messages and what became of them"),
    ("getSegmentTrend", "segments/{segment}/trend", "Count a segment's members by day"),
    ("getSegmentOverlap", "segments/overlap", "Count who is in two segments, or more, at once"),
)

OPERATIONS = (
    *(Operation(name, "GET", f"/analytics/{path}", READERS, summary) for name, path, summary in _FIGURES),
    Operation(
        "rebuildAnalytics",
        "POST",
        "/analytics/rebuild",
        ADMINISTRATORS,
        "Add to the analytics log what is stored and not in it",
        "change",
        starts=True,
    ),
)
