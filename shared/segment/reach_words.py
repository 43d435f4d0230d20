"""The channels by which people are reached, as segments name them."""

from __future__ import annotations

from typing import Literal

type ChannelWord = Literal["sms", "email", "whatsapp", "letter"]
