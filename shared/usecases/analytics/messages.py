"""What became of messages, by channel, language, template, purpose, journey, and day or hour of sending."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from shared.usecases.analytics.asking import MOST_ROWS, Figures, Period, ask
from shared.usecases.services import Services

type Dimension = Literal[
    "channel", "language", "template", "template_version", "purpose", "journey", "day", "hour"
]
"""By what messages are counted; `hour` is 0 to 23, `day` a date, both by the organisation's clock."""

_LOCAL = "timezone($zone, make_timestamp(base)::TIMESTAMPTZ)"
_SQL: Mapping[str, str] = {
    "channel": "channel",
    "language": "language",
    "template": "split_part(template, '|', 1)",
    "template_version": "split_part(template, '|', 2)",
    "purpose": "purpose",
    "journey": "split_part(journey, '|', 1)",
    "day": f"strftime({_LOCAL}, '%Y-%m-%d')",
    "hour": f"hour({_LOCAL})::INTEGER",
}
_MESSAGES = """
WITH messages AS (
    SELECT
        message,
        max(channel) AS channel,
        max(language) AS language,
        max(template) AS template,
        max(purpose) AS purpose,
        max(journey) AS journey,
        coalesce(min(instant) FILTER (what = 'sent'), min(instant) FILTER (what = 'planned')) AS base,
        bool_or(what = 'sent') AS sent,
        bool_or(what IN ('delivered', 'opened', 'clicked')) AS delivered,
        bool_or(what IN ('opened', 'clicked')) AS opened,
        bool_or(what = 'clicked') AS clicked,
        bool_or(what = 'complained') AS complained,
        bool_or(what = 'answered') AS answered,
        bool_or(what = 'opted-out') AS opted_out,
        bool_or(what = 'failed') AND NOT bool_or(what IN ('delivered', 'opened', 'clicked')) AS failed,
        bool_or(what = 'unknown') AND NOT bool_or(what IN ('sent', 'not-sent')) AS unknown,
        bool_or(what = 'not-sent') AND NOT bool_or(what = 'sent') AS not_sent
    FROM lines WHERE kind = 'message' AND message <> ''
    GROUP BY message
)"""
_COUNTS = """
    count(*) FILTER (sent) AS sent,
    count(*) FILTER (delivered) AS delivered,
    count(*) FILTER (opened) AS opened,
    count(*) FILTER (clicked) AS clicked,
    count(*) FILTER (answered) AS answered,
    count(*) FILTER (opted_out) AS opted_out,
    count(*) FILTER (complained) AS complained,
    count(*) FILTER (failed) AS failed,
    count(*) FILTER (unknown) AS unknown,
    count(*) FILTER (not_sent) AS not_sent"""


async def message_figures(
    services: Services,
    period: Period,
    by: Sequence[Dimension],
    *,
    channel: str = "",
    template: str = "",
    journey: str = "",
) -> Figures:
    """Count messages that were sent (or, where they were not, planned) in a period, and what became of them.

    `template` and `journey` are urls; "" is any. Raises Rejected, Unavailable.
    """
    params: dict[str, object] = {"since": period.since, "until": period.until}
    params |= {"channel": channel, "template": template, "journey": journey}
    if {"day", "hour"} & set(by):
        params["zone"] = services.policy.zone
    return await ask(services, asked(by), params, period.since)


def asked(by: Sequence[Dimension]) -> str:
    """Return the question, with parameters for all else."""
    shown = ", ".join(f"{_SQL[dimension]} AS {dimension}" for dimension in by)
    names = ", ".join(map(str, range(1, len(by) + 1)))
    return f"""{_MESSAGES}
SELECT {shown + "," if by else ""}{_COUNTS}
FROM messages
WHERE base >= $since AND base < $until
    AND ($channel = '' OR channel = $channel)
    AND ($template = '' OR split_part(template, '|', 1) = $template)
    AND ($journey = '' OR split_part(journey, '|', 1) = $journey)
{f"GROUP BY {names} ORDER BY {names}" if by else ""}
LIMIT {MOST_ROWS + 1}"""
