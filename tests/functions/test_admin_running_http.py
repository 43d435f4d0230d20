"""The running system by the admin API of a whole product: long work from its queue, a source as a whole."""

from __future__ import annotations

import asyncio
import hmac
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

from notifiers import SIGNED
from product_kit import Product, Reply
from test_admin_http import bearer, send
from typer.testing import CliRunner
from ward import Ward

from cli.main import app
from sandbox.play import resources as make
from shared.fhir.instants import MINUTE, iso


def asked(product: Product, method: str, path: str, body: object = None, **more: str) -> Reply:
    """Call as somebody who looks after what comes from the FHIR server."""
    headers: dict[str, str | bytes] = {**bearer(product, "FhirSyncAdmin"), **more}
    if method == "POST":
        headers["Idempotency-Key"] = str(uuid4())
    if body is not None:
        headers["Content-Type"] = "application/json"
    return send(product, method, path, headers, b"" if body is None else json.dumps(body).encode())


async def test_a_reconciliation_is_done_from_the_queue_and_followed(ward: Ward) -> None:
    begin = iso(ward.pass_time(MINUTE))
    ward.put(make.patient("admin-1", "Ana", "Rivera", "+12125550191"))
    started = asked(ward.product, "POST", "/reconciliations", {"since": begin, "types": ["Patient"]})
    assert started.status == 202, started.body
    await ward.product.idle()
    path = started.headers["location"].removeprefix("/api/admin/v1")
    ended: dict[str, Any] = asked(ward.product, "GET", path).json
    assert (ended["status"], ended["result"]["queued"]) == ("succeeded", {"Patient": 1})
    assert (await ward.record("admin-1")).person is not None


async def test_a_source_is_configured_given_a_secret_heard_and_removed(ward: Ward) -> None:
    product = ward.product
    body = {"name": "of-staff", "formats": ["medplum"], "proofs": [{"kind": "hmac"}]}
    assert asked(product, "POST", "/sources", body).status == 201
    told = json.dumps(make.patient("admin-2", "Ben", "Ito", "+12125550192")).encode()
    made = asked(product, "POST", "/sources/of-staff/secrets", {})
    assert made.status == 201, made.body
    signature = hmac.new(made.json["secret"].encode(), told, "sha256").hexdigest()
    headers = {"X-Signature": signature, "X-Medplum-Interaction": "update"}
    heard = product.call("POST", f"{SIGNED}/of-staff", told, headers, key=None)
    assert (heard.status, heard.json["queued"]) == (200, 1)
    found = asked(product, "GET", "/sources/of-staff")
    assert found.json["heard"] is not None
    etag = found.headers["etag"]
    assert asked(product, "DELETE", "/sources/of-staff", **{"If-Match": etag}).status == 204
    assert product.call("POST", f"{SIGNED}/of-staff", told, headers, key=None).status == 404
    log = (product.stack.plan.folder / "logs" / "host.log").read_text()
    assert made.json["secret"] not in log


def test_health_and_settings_are_told_without_secrets(ward: Ward) -> None:
    checks = {each["name"]: each for each in asked(ward.product, "GET", "/health").json["checks"]}
    assert checks["storage"]["well"]
    assert checks["catalogue"]["told"]
    settings = asked(ward.product, "GET", "/settings")
    found = {each["name"]: each for each in settings.json["items"]}
    assert found["AzureWebJobsStorage"] | {"set": True, "value": None} == found["AzureWebJobsStorage"]
    for secret in ("AccountKey=", ward.product.stack.access_key):
        assert secret not in settings.body.decode()


async def test_commands_call_a_running_system_by_its_address(ward: Ward, tmp_path: Path) -> None:
    """With nothing but an address and a token: no key of storage, and long work done by the system itself."""
    begin = iso(ward.pass_time(MINUTE))
    ward.put(make.patient("admin-3", "Cay", "Lund", "+12125550193"))
    token = bearer(ward.product, "FhirSyncAdmin")["Authorization"].removeprefix("Bearer ")
    settings = tmp_path / "remote.json"
    values = {"HEARTHLINE_API_URL": ward.product.urls["host"], "HEARTHLINE_API_TOKEN": token}
    settings.write_text(json.dumps({"Values": values}))

    async def run(*words: str) -> str:
        all_words = [*words, "--settings", str(settings)]
        done = await asyncio.to_thread(CliRunner().invoke, app, all_words, env={"COLUMNS": "250"})
        assert done.exit_code == 0, done.output
        return done.output

    assert "Patient: 1" in await run("recover", begin, "--type", "Patient")
    assert "No queue gave anything up" in await run("poison", "list")
    assert "reconcile" in await run("operations", "list", "--status", "succeeded")
