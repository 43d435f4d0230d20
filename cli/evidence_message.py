"""The story of a patient or a message, as the admin API tells it, in lines that people read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from shared.patient.messages import by as way

type Json = Mapping[str, Any]


def story_lines(story: Json) -> Iterator[str]:
    """Write a story, in order."""
    whose = story["reference"] or "somebody who was erased"
    yield f"{whose}, key {story['patient']}, catalogue {story['catalogue'] or 'none'}"
    for each in story["messages"] if "messages" in story else (story["message"],):
        yield from _message(each)
    yield ""
    yield from (_line(each) for each in story["happenings"])
    yield ""
    for each in story["definitions"]:
        yield f"{each['canonical']} published as {each['digest'] or 'unknown: it is not on the shelf'}"


def _message(told: Json) -> Iterator[str]:
    yield ""
    yield f"message {told['message']}: {told['status']}{_then(', ', told['delivery'])}"
    whom = f"{told['to'] or 'nobody'}{_then(' (', told['party'], ')')}"
    yield f"  by {way(told['channel'])} to {whom}, {told['purpose']}, in {told['language'] or 'no language'}"
    journey = _name(told["journey"]) if told["journey"] else "none"
    yield f"  template {_name(told['template'])}, journey {journey}, step {told['step'] or 'none'}"
    yield f"  made {told['created']}, due {told['due']}, first sent {told['first_sent'] or 'never'}"
    if told["status_reason"] or told["code"]:
        yield f"  because: {told['status_reason']}{_then(' (', told['code'], ')')}"
    if told["looked_at"]:
        yield f"  looked at: {', '.join(told['looked_at'])}"
    if told["provider_id"]:
        yield f"  known to the provider as {told['provider_id']}"
    yield from (f"  | {text}" for text in told["text"].splitlines())


def _name(definition: Json) -> str:
    return f"{definition['url']}|{definition['version']}"


def _then(before: str, text: str, after: str = "") -> str:
    return f"{before}{text}{after}" if text else ""


def _line(told: Json) -> str:
    refs = f"  [{', '.join(told['refs'])}]" if told["refs"] else ""
    withheld = "  (what is clinical is withheld)" if told["withheld"] else ""
    return f"{told['at']}  {told['kind']:9} {told['text']}{refs}{withheld}"
