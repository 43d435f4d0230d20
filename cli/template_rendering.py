"""Previews of templates, as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shared.message.render import Rendered
from shared.message.segments_sms import sms_size
from shared.usecases.templates.rendering import Previewed


def text_lines(made: Iterable[Previewed]) -> Iterator[str]:
    """Write previews as text."""
    for each in made:
        yield f"== {each.channel}, {each.language}{_measure(each)}"
        if each.note:
            yield f"[{each.note}]"
        if each.rendered is None:
            yield f"cannot be sent: {each.fault}"
        else:
            yield from _words(each.rendered)
        yield ""


def _measure(each: Previewed) -> str:
    if each.rendered is None:
        return ""
    if each.channel != "sms":
        return f": {len(each.rendered.text):,} characters"
    size = sms_size(each.rendered.text)
    why = f" because of {size.first_culprit!r}" if size.first_culprit else ""
    parts = "1 part" if size.segments == 1 else f"{size.segments} parts"
    return f": {parts}, {size.units} units of {size.encoding}{why}"


def _words(rendered: Rendered) -> Iterator[str]:
    if rendered.approved:
        given = "".join(f", {{{{{n}}}}} {each}" for n, each in enumerate(rendered.parameters, 1))
        yield f"[approved: {rendered.approved} ({rendered.approved_language}){given}]"
    if rendered.subject:
        yield f"[subject: {rendered.subject}]"
    yield rendered.text
    yield from (f"[header {name}: {value}]" for name, value in rendered.headers.items())
    for attachment in rendered.attachments:
        yield f"[attached: {attachment.name}, {attachment.media_type}, {len(attachment.content):,} bytes]"
    if rendered.html:
        yield f"[HTML: {len(rendered.html):,} characters; --html shows it]"
