"""The preference centre: what stands in it, and what a form that comes back changes.

Page → form → Choices → queue → the record reacts (ConsentChosen). Forms hold no ids: what was not shown to
this person cannot be chosen, whatever a form says.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from shared.fhir.choice import ANY, PURPOSES, Choice
from shared.fhir.instants import Instant
from shared.message.consents.confirming import BY_REPLY, DOUBLY, PROVEN
from shared.message.contact import addresses
from shared.message.outbound import CHANNELS
from shared.message.policy import Policy
from shared.message.recipient import recipient
from shared.pages.languages import language_name
from shared.pages.preferences import Cell, Outcome, Preferences, topic_title, wording
from shared.pages.words import Words
from shared.patient.permission.ask import PENDING, Ask, lifts
from shared.patient.permission.verdict import why_not
from shared.patient.record import PatientRecord, identify
from shared.queues import PAGES
from shared.usecases.jobs import Chosen
from shared.usecases.posting import post
from shared.usecases.public.opening import Opened
from shared.usecases.services import Services

type Form = Mapping[str, Collection[str]]
"""The fields of a form: all values of each name."""


class Asked(Struct, frozen=True):
    """What came of a form: the page to show now."""

    shown: Preferences
    outcome: Outcome


async def look(services: Services, opened: Opened, language: str) -> Preferences:
    """Return what the preference centre shows to whom a link was sent. Raises Unavailable.

    `language` is that of the page.
    """
    record, link, now = opened.record, opened.link, services.clock.now()
    ways = dict(_ways(services, opened, now))
    restrictive = services.policy.restrictive
    cells: dict[Cell, bool] = {}
    for purpose in PURPOSES:
        for channel, address in ways.items():
            ask = Ask(channel, purpose, address=address, party=link.party)
            cells[purpose, channel] = not why_not(record, ask, now, restrictive)
    catalogue = await services.definitions.current(record.catalogue)
    words = Words(language)
    topics = sorted(
        {each.topic for each in catalogue.templates if each.topic}, key=lambda each: topic_title(each, words)
    )
    return Preferences(
        ways=ways,
        cells=cells,
        topics={topic: _hears_of(record, topic, link.party) for topic in topics},
        pending=frozenset((c.purpose, c.channel) for c in record.opt_ins if _waits(c, link.party)),
        language=language_name(_spoken(opened), language),
        stamp=str(now),
    )


async def choose(services: Services, opened: Opened, form: Form, language: str) -> Asked:
    """Put what a form chooses on the queue; how the page is to show it. Raises Unavailable.

    `language` is that of the page. Fields that are not known are ignored, and so is what the page did not
    show to this person.
    """
    shown = await look(services, opened, language)
    stop = "stop" in form.get("action", ())
    wanted = _stopped(shown) if stop else _wanted(shown, form)
    chosen = _Choosing(services, opened, wanted, Words(language))
    permits, denials = ((), (chosen.stop(),)) if stop else chosen.changes(shown)
    if not permits and not denials:
        return Asked(shown, "same")
    stamp = "".join(form.get("stamp", ()))[:40]
    parts = [repr((c.pattern, c.evidence)) for c in (*permits, *denials)]
    chosen_id = identify("chosen", opened.link.token, stamp, *parts)
    job = Chosen(chosen_id, opened.key, permits, denials)
    await post(services.queue, PAGES, job)
    confirms = any(_to_confirm(permit, services.policy) for permit in permits)
    return Asked(replace(wanted, confirms=confirms), "stopped" if stop else "saved")


def _to_confirm(permit: Choice, policy: Policy) -> bool:
    doubly = permit.purpose in DOUBLY and permit.purpose in policy.restrictive
    return doubly and permit.channel in BY_REPLY and permit.source not in PROVEN


def _waits(choice: Choice, party: str) -> bool:
    return choice.source == PENDING and choice.party == party


def _ways(services: Services, opened: Opened, now: Instant) -> Iterator[tuple[str, str]]:
    """Yield the channels by which they can be written to, with the contact point that would be used."""
    who = recipient(opened.record, opened.link.party)
    for channel in CHANNELS:
        if channel in services.channels or channel == opened.link.channel:
            found = addresses(who, channel, now, services.policy.region) if who is not None else ()
            if found or channel == opened.link.channel:
                yield channel, next(iter(found), "")


def _spoken(opened: Opened) -> str:
    who = recipient(opened.record, opened.link.party)
    return next(iter(who.languages if who is not None else ()), opened.link.language)


def _hears_of(record: PatientRecord, topic: str, party: str) -> bool:
    nos = (no for no in record.opt_outs if (no.party, no.topic) == (party, topic))
    return all(any(lifts(yes, no) for yes in record.opt_ins) for no in nos)


def _wanted(shown: Preferences, form: Form) -> Preferences:
    """Read the boxes: of what this form did not show, everything stays as it is."""
    on, seen = form.get("on", ()), form.get("shown-on", ())
    cells = {
        cell: "|".join(cell) in on if "|".join(cell) in seen else was for cell, was in shown.cells.items()
    }
    heard, known = form.get("topic", ()), form.get("shown-topic", ())
    topics = {topic: topic in heard if topic in known else was for topic, was in shown.topics.items()}
    return replace(shown, cells=cells, topics=topics)


def _stopped(shown: Preferences) -> Preferences:
    return replace(shown, cells=dict.fromkeys(shown.cells, False))


class _Choosing:
    """Makes the choices of one form.

    Who came by a link that was sent by a channel holds that contact point: a yes to that channel needs no
    confirmation, and says so by its source.
    """

    def __init__(self, services: Services, opened: Opened, wanted: Preferences, words: Words) -> None:
        self._now = services.clock.now()
        self._opened = opened
        self._wanted = wanted
        self._words = words
        self._evidence = f"preferences page {words('version')} ({words.language})"

    def stop(self) -> Choice:
        """Return the no to everything."""
        return self._choice(ANY, ANY, ANY, self._words("stop-button"))

    def changes(self, shown: Preferences) -> tuple[tuple[Choice, ...], tuple[Choice, ...]]:
        """Return what is permitted now that was not, and what is denied."""
        permits: list[Choice] = []
        denials: list[Choice] = []
        for channel in shown.ways:
            self._channel(channel, shown, permits, denials)
        for topic, was in shown.topics.items():
            if (on := self._wanted.topics[topic]) != was:
                said = f"{topic_title(topic, self._words)}: {self._words('yes' if on else 'no')}"
                (permits if on else denials).append(self._choice(ANY, topic, ANY, said))
        return tuple(permits), tuple(denials)

    def _channel(
        self, channel: str, shown: Preferences, permits: list[Choice], denials: list[Choice]
    ) -> None:
        """Deny the whole channel where nothing is left of it; else take such a no back."""
        wanted = {purpose: self._wanted.cells[purpose, channel] for purpose in PURPOSES}
        changed = {purpose for purpose in PURPOSES if wanted[purpose] != shown.cells[purpose, channel]}
        if not changed:
            return
        if not any(wanted.values()):
            denials.append(self._cell(ANY, channel))
            return
        widely = self._refused_whole(channel)
        if widely:
            permits.append(self._cell(ANY, channel))
        for purpose, on in wanted.items():
            if purpose in changed or (widely and not on):
                (permits if on else denials).append(self._cell(purpose, channel))

    def _refused_whole(self, channel: str) -> bool:
        return any(
            no.channel in (channel, ANY) and (no.party, no.purpose, no.topic) == (self._party, ANY, ANY)
            for no in self._opened.record.opt_outs
        )

    @property
    def _party(self) -> str:
        return self._opened.link.party

    def _cell(self, purpose: str, channel: str) -> Choice:
        """Make a choice with the words of its boxes, each with what it was left at."""
        boxes = PURPOSES if purpose == ANY else (purpose,)
        said = (wording((each, channel), self._wanted, self._words) for each in boxes)
        return self._choice(purpose, ANY, channel, "\n".join(said))

    def _choice(self, purpose: str, topic: str, channel: str, said: str) -> Choice:
        return Choice(
            channel=channel,
            address="",
            since=self._now,
            source="link" if channel == self._opened.link.channel else "page",
            purpose=purpose,
            topic=topic,
            party=self._party,
            wording=said,
            evidence=self._evidence,
        )
