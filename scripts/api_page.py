"""Write the reference in docs/api.md from the application's own OpenAPI document.

A test holds the page to it: run this after any change of an operation.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from fastapi import Request  # noqa: E402  # the path comes first

from functions.admin.app import build  # noqa: E402
from shared.access.operation import Operation  # noqa: E402
from shared.access.roles import EVERYBODY, Caller  # noqa: E402
from shared.access.table import OPERATIONS  # noqa: E402
from shared.usecases.services import Services  # noqa: E402

PAGE = ROOT / "docs" / "api.md"
MARK = "<!-- What follows is written by scripts/api_page.py: a test holds it to the code. -->"


def document() -> dict[str, Any]:
    """Return the OpenAPI document; nothing is called."""

    async def ready() -> Services:
        raise NotImplementedError

    async def authenticate(request: Request) -> Caller:
        raise NotImplementedError

    return build(ready, authenticate).openapi()


def reference() -> str:
    """Return the generated part of the page."""
    made = document()
    found = {each["operationId"]: each for path in made["paths"].values() for each in path.values()}
    sections: dict[str, list[str]] = {}
    for name, each in found.items():
        sections.setdefault(each["tags"][0], []).extend(_told(OPERATIONS[name], each))
    return "\n".join(
        line for tag, lines in sections.items() for line in ("", f"## {tag.capitalize()}", *lines)
    )


def _told(row: Operation, each: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield f"### {row.name}"
    yield ""
    yield f"`{row.method} {row.path}`: {_paragraph(each) or row.summary}"
    yield ""
    yield f"- Roles: {'everybody' if row.roles == EVERYBODY else ', '.join(sorted(row.roles))}"
    for line in (_brings(row), _query(each), _body(each), _answers(each)):
        if line:
            yield f"- {line}"


def _paragraph(each: Mapping[str, Any]) -> str:
    return " ".join(str(each.get("description", "")).split())


def _brings(row: Operation) -> str:
    brings = [
        *(["`Idempotency-Key`"] if row.starts else []),
        *(["`If-Match`"] if row.edits else []),
        *(["`Break-Glass` (optional)"] if row.glass else []),
    ]
    audited = {"": "", "read": "noted in the audit trail as a read", "change": "noted as a change"}
    told = [f"headers {', '.join(brings)}"] if brings else []
    told += [audited[row.audited]] if row.audited else []
    return "; ".join(told).capitalize()


def _query(each: Mapping[str, Any]) -> str:
    named = [p["name"] for p in each.get("parameters", ()) if p["in"] == "query"]
    return f"Query: {', '.join(f'`{name}`' for name in named)}" if named else ""


def _body(each: Mapping[str, Any]) -> str:
    content = each.get("requestBody", {}).get("content", {})
    return f"Body: {_schema(content['application/json']['schema'])}" if "application/json" in content else ""


def _answers(each: Mapping[str, Any]) -> str:
    good = {status: told for status, told in each["responses"].items() if status.startswith("2")}
    shown = [f"{status} {_kind(told)}".rstrip() for status, told in sorted(good.items())]
    refused = [status for status in sorted(each["responses"]) if not status.startswith("2")]
    return f"Answers: {', '.join(shown)}; refused with {', '.join(refused)}"


def _kind(told: Mapping[str, Any]) -> str:
    content = told.get("content", {})
    named = [
        _schema(media["schema"]) if kind == "application/json" and media.get("schema") else f"`{kind}`"
        for kind, media in content.items()
    ]
    return " or ".join(named)


def _schema(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return f"`{str(schema['$ref']).rpartition('/')[2]}`"
    return f"`{schema.get('title') or schema.get('type') or 'JSON'}`"


def written(page: str) -> str:
    """Return the page with the reference as it is now."""
    head = page.partition(MARK)[0]
    return f"{head}{MARK}\n{reference()}\n"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
