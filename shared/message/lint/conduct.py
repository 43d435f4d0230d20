"""What the law and carriers want said: who writes, how to stop, where to unsubscribe, the postal address.

- SMS: who sends it, and at first how to opt out (CTIA Messaging Principles and Best Practices, 5).
- Commercial email: a way to opt out, and a valid postal address (CAN-SPAM, 15 U.S.C. 7704(a)(3), (5)).
- CANCEL is a word that ends messages (47 CFR 64.1200(a)(10)); as the answer about an appointment it would.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from shared.message.lint.finding import Finding, Source, error, sources, warning
from shared.message.lint.words import fields, literal, readable
from shared.message.policy import Policy
from shared.message.template import TemplateDefinition

_STOP = re.compile(r"\b(?:STOP|STOPP|UNSUBSCRIBE|ALTO|BAJA|PARAR)\b")
_ANSWER = (
    r"(?:reply|text|send|answer|respond|respon[dt]\w*|env[ií]e|conteste|escriba|antworten|schreiben|senden)"
)
_CANCEL = re.compile(
    rf"\b{_ANSWER}\b[^.!?\n]{{0,60}}?(?:\bCANCEL(?:AR)?\b|[\"'“«](?i:cancel(?:ar)?)[\"'”»])", re.IGNORECASE
)
_CAPITALS = re.compile(r"CANCEL(?:AR)?\b|[\"'“«](?i:cancel)")
_ANSWERED = frozenset({"sms", "whatsapp"})
_UNSUBSCRIBE = frozenset({"links.unsubscribe", "links.preferences"})


def conduct(template: TemplateDefinition, policy: Policy, *, first: bool) -> Iterator[Finding]:
    """Find what is missing; `first`: it is the first message of a journey."""
    for source in sources(template):
        if source.part in ("text", "bundle", "html", "mjml"):
            yield from _sender(source, policy)
            yield from _cancel(source)
            if source.channel in _ANSWERED and (template.purpose == "marketing" or first):
                yield from _opt_out(source)
            if source.channel == "email" and template.purpose == "marketing":
                yield from _commercial(source, policy)
    if template.purpose == "marketing" and not template.topic:
        yield warning("topic", "is missing: people can only refuse marketing as a whole", "a topic")


def _sender(source: Source, policy: Policy) -> Iterator[Finding]:
    if source.channel not in ("sms", "email") or "organisation.name" in fields(source.liquid):
        return
    if not policy.organisation or policy.organisation not in readable(source.liquid):
        yield error(source.path, "does not say who writes", "{{ organisation.name }}")


def _opt_out(source: Source) -> Iterator[Finding]:
    if not _STOP.search(literal(source.liquid)):
        yield error(source.path, "does not say how to opt out", '"Reply STOP to opt out"')


def _cancel(source: Source) -> Iterator[Finding]:
    if source.channel not in _ANSWERED:
        return
    if any(_CAPITALS.search(found) for found in _CANCEL.findall(literal(source.liquid))):
        yield error(source.path, "asks to answer CANCEL, which ends all messages", "a digit, or CHANGE")


def _commercial(source: Source, policy: Policy) -> Iterator[Finding]:
    asked = fields(source.liquid)
    if not asked & _UNSUBSCRIBE:
        yield error(source.path, "has no link to unsubscribe", "{{ links.unsubscribe }}")
    stands = bool(policy.address) and policy.address in readable(source.liquid)
    if "organisation.address" not in asked and not stands:
        yield error(source.path, "lacks the postal address", "{{ organisation.address }}")
