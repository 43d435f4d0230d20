"""The application: every router of the admin API together, and the OpenAPI document that describes them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from functions.admin.denied import Denied
from functions.admin.guarding import Authenticate, Ready
from functions.admin.page import serve_documentation
from functions.admin.problems import ProblemDocument, install
from functions.admin.routes import PREFIX

ROUTERS: Sequence[str] = (
    "me",
    "audit",
    "templates",
    "messages",
    "consents",
    "journeys",
    "journey_switches",
    "journey_roster",
    "journey_work",
    "journey_futures",
    "campaigns",
    "campaign_moves",
    "enrolments",
    "enrolment_steps",
    "patients",
    "patient_view",
    "timeline",
    "privacy",
    "definitions",
    "drafts",
    "publications",
    "sources",
    "source_secrets",
    "reconciliations",
    "rejections",
    "dead_letters",
    "poison",
    "settings",
    "health_state",
    "switches",
    "segments",
    "segment_members",
    "segment_previews",
    "value_sets",
    "operations",
    "analytics",
)
"""Modules of functions.admin with a `routes`, in the order of the documentation."""

VERSION = "1.0.0"

_ABOUT = """Everything that Hearthline does. Errors are problem documents (RFC 9457); lists are read by
cursor; what is edited has an ETag; what creates or starts something wants an Idempotency-Key; long work
answers 202 with an operation. No address holds anything of a person: patients go by opaque keys."""


def build(ready: Ready, authenticate: Authenticate) -> FastAPI:
    """Return the application; `ready` gives the services, `authenticate` says who sent a request."""
    app = FastAPI(
        title="Hearthline admin API",
        version=VERSION,
        description=_ABOUT,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=True,
        redirect_slashes=False,  # to wherever the header Host says, with the body along
    )
    app.state.ready, app.state.authenticate, app.state.denied = ready, authenticate, Denied()
    install(app)
    for name in ROUTERS:
        app.include_router(import_module(f"functions.admin.{name}").routes.router)
    serve_documentation(app, PREFIX)
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]  # FastAPI's own way to extend it
    return app


def _described(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, with the problem document and how callers prove themselves."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            separate_input_output_schemas=True,
        )
        parts = made.setdefault("components", {})
        parts.setdefault("schemas", {}).update(_schema())
        parts["securitySchemes"] = {"entra": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
        app.openapi_schema = made
    return app.openapi_schema


def _schema() -> dict[str, Any]:
    made = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**made.pop("$defs", {}), ProblemDocument.__name__: made}
