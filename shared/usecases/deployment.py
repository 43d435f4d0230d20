"""What staff look at of a deployment itself: its settings, its queues, and what was given up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from msgspec import Struct

from shared.ports import PoisonQueues, QueueWatch
from shared.ports.running import DeadLetterFiles
from shared.settings_shown import SettingShown


class SendersFound(Struct, frozen=True):
    """What is to be said of the numbers and addresses that we send from; see shared.adapters.acs_numbers."""

    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


async def _nothing_found() -> SendersFound:
    return SendersFound()


class Deployment(Struct, frozen=True):
    """What a deployment gives those who run it; None is what it has not."""

    settings: Callable[[], tuple[SettingShown, ...]] = tuple
    poison: PoisonQueues | None = None
    watch: QueueWatch | None = None
    dead_letters: DeadLetterFiles | None = None
    senders: Callable[[], Awaitable[SendersFound]] = _nothing_found
