"""Which provider carries each channel: Communication Services, our letters, a webhook or a module.

Called by shared.bootstrap. A module is named by HEARTHLINE_PROVIDERS, {"sms": "module:package.mod:factory"}:
its factory gets the settings and the session of this process and returns a Channel (shared.ports).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

import aiohttp
from msgspec import Struct

from shared.adapters.acs_auth import SCOPE, AcsBearer, AcsKey
from shared.adapters.acs_calls import AcsCalls
from shared.adapters.acs_email import AcsEmail
from shared.adapters.acs_http import AcsHttp
from shared.adapters.acs_numbers import Senders, check_senders
from shared.adapters.acs_opt_outs import AcsOptOuts
from shared.adapters.acs_sms import AcsSms
from shared.adapters.acs_whatsapp import AcsWhatsApp
from shared.adapters.identity import TokenProvider
from shared.adapters.letters_store import LetterChannel, Letterhead, check_letterhead
from shared.adapters.push_webhook import WebhookChannel
from shared.config import Settings
from shared.errors import Invalid, Problem
from shared.ports import Blobs, Channel
from shared.receivers import SignedReceiver

_SETTING = "HEARTHLINE_PROVIDERS"


class Acs(Struct, frozen=True):
    """One resource of Communication Services, to send by and to ask."""

    http: AcsHttp
    calls: AcsCalls


def open_acs(
    chosen: Settings, session: aiohttp.ClientSession, tokens: Callable[[str], TokenProvider]
) -> Acs | None:
    """Open the resource of the settings, if there is one; `tokens` gives our identity's for a scope."""
    if chosen.acs_endpoint is None:
        return None
    key = chosen.acs_access_key
    auth = AcsKey(key.get_secret_value()) if key else AcsBearer(tokens(SCOPE))
    return Acs(AcsHttp(session, chosen.acs_endpoint, auth), AcsCalls(session, chosen.acs_endpoint, auth))


def build_channels(
    chosen: Settings, session: aiohttp.ClientSession, acs: Acs | None, blobs: Blobs | None
) -> dict[str, Channel]:
    """Build the channels of the settings; `blobs` is where letters are stored. Raises Invalid."""
    channels = _acs_channels(chosen, acs)
    if blobs is not None:
        channels["letter"] = _letters(chosen, blobs)
    if chosen.push_webhook:
        channels["push"] = _webhook(chosen, session, chosen.push_webhook)
    for name, provider in chosen.providers.items():
        kind, _, rest = provider.partition(":")
        named = _webhook if kind == "webhook" else _module
        channels[name] = named(chosen, session, rest)
    return channels


def _letters(chosen: Settings, blobs: Blobs) -> LetterChannel:
    """Open the letter channel. Raises Invalid where no letter could be set, rather than refuse each."""
    zone, font = ZoneInfo(chosen.time_zone), str(chosen.letter_font or "")
    head = Letterhead(chosen.organization, chosen.postal_address, chosen.region, zone, font)
    if wrong := check_letterhead(head):
        raise Invalid((Problem("HEARTHLINE_LETTERS", f"letters cannot be set: {wrong}"),))
    return LetterChannel(blobs, head)


def opt_out_list(chosen: Settings, acs: Acs | None) -> AcsOptOuts | None:
    """Return the list that the provider of our SMS keeps, where that is Communication Services."""
    if acs is None or not chosen.sms_from or "sms" in chosen.providers:
        return None
    return AcsOptOuts(acs.calls, chosen.sms_from)


async def ask_senders(chosen: Settings, acs: Acs | None) -> Senders:
    """Look whether what we send from is ours; what goes by another provider is not asked about."""
    if acs is None:
        return Senders()
    sms = "" if "sms" in chosen.providers else chosen.sms_from
    return await check_senders(acs.calls, sms, "" if "email" in chosen.providers else chosen.email_from)


def _acs_channels(chosen: Settings, acs: Acs | None) -> dict[str, Channel]:
    channels: dict[str, Channel] = {}
    if acs is None:
        return channels
    if chosen.sms_from:
        channels["sms"] = AcsSms(acs.http, chosen.sms_from)
    if chosen.email_from:
        channels["email"] = AcsEmail(acs.http, chosen.email_from, track_engagement=chosen.email_tracking)
    if chosen.whatsapp_channel:
        channels["whatsapp"] = AcsWhatsApp(acs.http, chosen.whatsapp_channel)
    return channels


def _webhook(chosen: Settings, session: aiohttp.ClientSession, name: str) -> Channel:
    receiver = chosen.webhooks[name]
    assert isinstance(receiver, SignedReceiver), "the settings have looked"
    return WebhookChannel(session, name, receiver)


def _module(chosen: Settings, session: aiohttp.ClientSession, place: str) -> Channel:
    """Ask a factory. Raises Invalid where there is none."""
    module, _, factory = place.partition(":")
    try:
        make = getattr(importlib.import_module(module), factory)
    except (ImportError, AttributeError):
        raise Invalid(
            (Problem(_SETTING, f"there is no {factory} in {module}, or it cannot be imported"),)
        ) from None
    channel = make(chosen, session)
    if not callable(getattr(channel, "send", None)):
        raise Invalid((Problem(_SETTING, f"{place} gives no channel", "an object with `send`"),))
    return channel  # type: ignore[no-any-return] # what else it is, nobody can tell


def named_receivers(chosen: Settings) -> Mapping[str, SignedReceiver]:
    """Return those whose delivery reports are taken: the receivers that carry a channel."""
    names = {chosen.push_webhook} | {
        provider.removeprefix("webhook:")
        for provider in chosen.providers.values()
        if provider.startswith("webhook:")
    }
    return {
        name: receiver
        for name, receiver in chosen.webhooks.items()
        if name in names and isinstance(receiver, SignedReceiver)
    }
