"""The OpenAPI document as a page to read: written here, with no script and nothing from anywhere else.

Each operation folds open with its roles, what it takes, an example of what it answers, and how it may refuse.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from html import escape
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse, Response

from functions.admin.page_examples import Examples
from functions.admin.page_style import STYLE, STYLE_HASH

type Document = Mapping[str, Any]

HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src '{STYLE_HASH}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def serve_documentation(app: FastAPI, prefix: str) -> None:
    """Serve the OpenAPI document and its page below a prefix, each made once: anybody may ask for them."""

    @cache
    def made() -> tuple[bytes, bytes]:
        document = app.openapi()
        return json.dumps(document, ensure_ascii=False).encode(), api_page(document).encode()

    async def document(request: Request) -> Response:
        return Response(made()[0], media_type="application/json", headers=HEADERS)

    async def page(request: Request) -> Response:
        return HTMLResponse(made()[1], headers=HEADERS)

    app.add_route(f"{prefix}/openapi.json", document, include_in_schema=False)
    app.add_route(f"{prefix}/docs", page, include_in_schema=False)


def api_page(document: Document) -> str:
    """Write the page of a document."""
    about = document["info"]
    title, version, told = (escape(about[name]) for name in ("title", "version", "description"))
    examples, groups = Examples(document), _groups(document)
    links = "".join(f'<li><a href="#{escape(tag)}">{escape(_title(tag))}</a></li>' for tag in groups)
    body = "".join(_group(tag, rows, examples) for tag, rows in groups.items())
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head><body>"
        f"<header><h1>{title} {version}</h1><p>{told}</p>"
        '<p>For programs: <a href="openapi.json">openapi.json</a>. '
        "All but this page and that document wants a bearer token.</p></header>"
        f'<nav aria-label="Resources"><ul>{links}</ul></nav><main>{body}</main></body></html>'
    )


def _groups(document: Document) -> Mapping[str, list[tuple[str, str, Document]]]:
    groups: dict[str, list[tuple[str, str, Document]]] = {}
    for path, method, operation in _operations(document):
        groups.setdefault(operation["tags"][0], []).append((path, method, operation))
    return groups


def _operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _text(text: str) -> str:
    """Write text, of which what stands between backticks is code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _title(tag: str) -> str:
    return tag[:1].upper() + tag[1:].replace("-", " ")


def _group(tag: str, rows: list[tuple[str, str, Document]], examples: Examples) -> str:
    inside = "".join(_operation(*row, examples) for row in rows)
    heading = f'<h2 id="{escape(tag)}">{escape(_title(tag))}</h2>'
    return f'<section aria-labelledby="{escape(tag)}">{heading}{inside}</section>'


def _operation(path: str, method: str, operation: Document, examples: Examples) -> str:
    name = escape(operation["operationId"])
    head = (
        f'<span class="method {method}">{method.upper()}</span><code>{escape(path)}</code>'
        f'<span class="what">{_text(operation.get("summary", ""))}</span>'
    )
    parts = (
        f"<p>{_text(operation.get('description', ''))}</p>",
        f"<p>Operation <code>{name}</code>.{_audited(operation)}</p>",
        _roles(operation),
        _parameters(operation),
        _body(operation, examples),
        _answers(operation, examples),
    )
    return (
        f'<details id="{name}"><summary>{head}</summary><div class="inside">{"".join(parts)}</div></details>'
    )


def _audited(operation: Document) -> str:
    match operation.get("x-audited"):
        case "read":
            return " Whose data was read goes into the audit trail."
        case "change":
            return " What was changed goes into the audit trail."
    return ""


def _roles(operation: Document) -> str:
    roles = "".join(f"<li>{escape(role)}</li>" for role in operation.get("x-roles", ()))
    return f'<h3>Roles</h3><ul class="roles">{roles}</ul>'


def _parameters(operation: Document) -> str:
    rows = "".join(map(_parameter, operation.get("parameters", ())))
    return f"<h3>Takes</h3><dl>{rows}</dl>" if rows else ""


def _parameter(each: Document) -> str:
    said = " ".join((_place(each), each.get("description", ""), _bounds(each.get("schema", {}))))
    return f"<dt><code>{escape(each['name'])}</code></dt><dd>{_text(said)}</dd>"


def _place(parameter: Document) -> str:
    needed = "required" if parameter.get("required") else "optional"
    return f"{parameter['in']}, {needed}."


def _bounds(schema: Document) -> str:
    said = {
        "enum": "one of {}",
        "minimum": "at least {}",
        "maximum": "at most {}",
        "minLength": "at least {} characters",
        "maxLength": "at most {} characters",
        "default": "else {}",
    }
    told = [
        text.format(_plain(schema[name]))
        for name, text in said.items()
        if schema.get(name, "") not in (None, "")
    ]
    return f"({'; '.join(told)})" if told else ""


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _body(operation: Document, examples: Examples) -> str:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    return f"<h3>Body</h3>{_shown(examples.of_content(content))}" if content else ""


def _answers(operation: Document, examples: Examples) -> str:
    good, refusals = [], []
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            kinds = answer.get("content", {})
            shown = (
                _shown(examples.of_content(kinds["application/json"])) if "application/json" in kinds else ""
            )
            others = ", ".join(sorted(set(kinds) - {"application/json"}))
            good.append(f"<p>{status} {escape(answer['description'])} {escape(others)}</p>{shown}")
        else:
            refusals.append(f"<dt>{escape(status)}</dt><dd>{escape(answer['description'])}</dd>")
    return f"<h3>Answers</h3>{''.join(good)}<h3>Or refuses</h3><dl>{''.join(refusals)}</dl>"


def _shown(example: object) -> str:
    text = json.dumps(example, indent=2, ensure_ascii=False)
    return f'<pre tabindex="0" aria-label="Example"><code>{escape(text)}</code></pre>'
