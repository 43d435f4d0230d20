"""The page of `hearthline template preview --html`: each message as its reader sees it."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from shared.message.segments_sms import sms_size
from shared.message.template import TemplateDefinition
from shared.usecases.templates.rendering import Previewed

_STYLE = """
:root { color-scheme: light; font: 16px/1.5 system-ui, sans-serif; color: #1d2733; background: #f4f6f8; }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem; }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(20rem, 1fr)); gap: 1.25rem;
       align-items: start; }
article { background: #fff; border: 1px solid #c9d2dc; border-radius: .75rem; padding: 1rem;
          overflow-wrap: anywhere; }
article.wide { grid-column: 1 / -1; }
h1 { font-size: 1.4rem; } h2 { font-size: 1rem; margin: 0 0 .5rem; }
.measure, dt { color: #51606f; font-size: .875rem; }
.words { white-space: pre-wrap; background: #e8f1fb; border-radius: .75rem; padding: .75rem;
         margin: .5rem 0; }
.fault { background: #fdecea; color: #7a1d14; }
dl { margin: 0; } dd { margin: 0 0 .5rem; }
iframe { width: 100%; height: 32rem; border: 1px solid #c9d2dc; border-radius: .5rem; background: #fff; }
"""


def page(template: TemplateDefinition, made: Iterable[Previewed]) -> str:
    """Write the page."""
    articles = "\n".join(_article(each) for each in made)
    title = escape(template.title)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n"
        f'<p class="measure">{escape(template.canonical)}</p>\n</header>\n<main>\n{articles}\n</main>\n'
        "</body>\n</html>\n"
    )


def _article(each: Previewed) -> str:
    head = f"<h2>{escape(each.channel)}, {escape(each.language)}</h2>"
    if each.rendered is None:
        return f'<article>{head}<p class="words fault">{escape(each.fault)}</p></article>'
    wide = ' class="wide"' if each.rendered.html else ""
    words = f'<div class="words" lang="{escape(each.language)}">{escape(each.rendered.text)}</div>'
    note = f'<p class="measure">{escape(each.note)}</p>' if each.note else ""
    shown = f"{head}{note}{_measure(each)}{_about(each)}{words}"
    if each.rendered.html:  # in a frame of its own, in which nothing runs and nothing is fetched but images
        source = escape(each.rendered.html, quote=True)
        frame = f"the email in {escape(each.language)}"
        shown += f'<iframe sandbox title="{frame}" srcdoc="{source}"></iframe>'
    return f"<article{wide}>{shown}</article>"


def _measure(each: Previewed) -> str:
    assert each.rendered is not None
    if each.channel != "sms":
        return ""
    size = sms_size(each.rendered.text)
    return f'<p class="measure">{size.segments} SMS of {size.encoding}, {size.units} units</p>'


def _about(each: Previewed) -> str:
    assert each.rendered is not None
    made = each.rendered
    rows = [("subject", made.subject), ("approved template", made.approved), *made.headers.items()]
    rows += [("attached", f"{file.name} ({file.media_type})") for file in made.attachments]
    told = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in rows if value)
    return f"<dl>{told}</dl>" if told else ""
