"""Follow a link: where it leads, and that it was followed, as a report on its message."""

from __future__ import annotations

from shared.errors import Unavailable
from shared.queues import REPORTS
from shared.usecases.jobs import Report
from shared.usecases.posting import post
from shared.usecases.public.opening import find_link
from shared.usecases.services import Services


async def follow(services: Services, token: str, *, counted: bool = True) -> str:
    """Return where a link leads, "" where nowhere, once the click is on the queue.

    Who clicks is let through also while the queue cannot be reached: the count is lost then. Raises
    Unavailable where the link itself cannot be looked up.
    """
    found = await find_link(services, token, "click")
    if found is None:
        return ""
    key, link = found
    if counted:
        report = Report(link.message_id, key, "clicked", services.clock.now())
        try:
            await post(services.queue, REPORTS, report)
        except Unavailable:
            return link.target
    return link.target
