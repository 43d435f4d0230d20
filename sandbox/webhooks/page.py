"""The receiver's page: what teams and other systems were told, as they would see it.

Everything that came from outside goes through `escape`; the page runs no scripts and loads nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape

from sandbox.webhooks.store import Told

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8889; --brand: #0b6e6e; }
body { font: 16px/1.45 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
article { border: 1px solid var(--line); border-radius: 14px; padding: 1rem 1.25rem; margin: 1rem 0; }
h2 { font-size: 1.05rem; margin: 0 0 .25rem; }
small { color: GrayText; }
pre { overflow: auto; background: #8881; padding: .75rem; border-radius: 8px; }
a { display: inline-block; padding: .4rem 1rem; border-radius: 999px; background: var(--brand); color: #fff;
    text-decoration: none; }
"""


def page(told: Sequence[Told], refused: int) -> str:
    """Write the page of what came."""
    shown = "".join(map(_article, told)) or "<p>Nobody has been told anything yet.</p>"
    count = f"<p><small>{refused} calls were refused</small></p>" if refused else ""
    return _document("Teams and other systems", f'<meta http-equiv="refresh" content="3">{shown}{count}')


def console_page(key: str, enrolment: str) -> str:
    """Write what stands in for the console."""
    text = f"<p>Here the console would show the patient <code>{escape(key)}</code>"
    return _document("Console", f"{text}, enrolment <code>{escape(enrolment)}</code>.</p>")


def _article(told: Told) -> str:
    often = f", {told.times} times" if told.times > 1 else ""
    head = f"<small>{escape(told.name)} · {escape(told.at)}{often}</small>"
    inner = _card(told.body) if told.kind == "teams" else _call(told)
    return f"<article>{head}{inner}</article>"


def _call(told: Told) -> str:
    text = json.dumps(told.body, indent=2, ensure_ascii=False)
    return f"<h2>{escape(str(told.body.get('type', '')))}</h2><pre>{escape(text)}</pre>"


def _card(card: dict[str, object]) -> str:
    texts = [str(block.get("text", "")) for block in _objects(card.get("body"))]
    title, *rest = texts or [""]
    words = "".join(f"<p>{escape(text)}</p>" for text in rest)
    links = "".join(_link(action) for action in _objects(card.get("actions")))
    return f"<h2>{escape(title)}</h2>{words}{links}"


def _link(action: dict[str, object]) -> str:
    url = str(action.get("url", ""))
    if not url.startswith(("http://", "https://")):
        return ""
    return f'<a href="{escape(url, quote=True)}">{escape(str(action.get("title", "")))}</a>'


def _objects(found: object) -> list[dict[str, object]]:
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _document(title: str, body: str) -> str:
    head = f'<meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body><h1>{title}</h1>{body}</body></html>'
