"""Health through the real functions host: each system away, or silent, or a wrong setting, and back again."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from product_kit import PROBLEM, Product, running

from sandbox import azurite
from sandbox.functions_host.keys import new_keys, write_keys

ROOT = Path(__file__).parents[2]
WHOLE = {"settings": "ok", "storage": "ok", "queues": "ok", "catalogue": "ok", "senders": "ok"}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with running(tmp_path_factory.mktemp("health")) as started:
        yield started


def test_ready_names_each_check_and_the_catalogue(product: Product) -> None:
    reply = product.call("GET", "/api/health/ready", key=None)
    assert (reply.status, reply.json["status"], reply.json["checks"]) == (200, "ready", WHOLE)
    assert reply.json["catalogue"] == "nothing is published"


@pytest.mark.parametrize(("service", "check"), [("azurite-queue", "queues"), ("azurite-table", "storage")])
async def test_what_is_away_is_named_until_it_is_back(product: Product, service: str, check: str) -> None:
    async with product.without(service):
        reply = product.call("GET", "/api/health/ready", key=None)
        assert (reply.status, reply.headers["content-type"]) == (503, PROBLEM)
        assert reply.json["type"] == "urn:hearthline:problem:not-ready"
        assert reply.json["checks"][check].startswith("storage did not answer")
        assert reply.json["checks"]["settings"] == "ok"
        assert product.call("GET", "/api/health/live", key=None).status == 200
    assert product.call("GET", "/api/health/ready", key=None).status == 200


def test_without_its_fhir_server_it_is_ready(product: Product) -> None:
    """Changes wait on their queue meanwhile: to take us out of service would lose them."""
    asked = len(product.fhir.asked)
    product.fhir.failing = 503
    try:
        assert product.call("GET", "/api/health/ready", key=None).status == 200
    finally:
        product.fhir.failing = 0
    assert len(product.fhir.asked) == asked


@contextmanager
def hosting(folder: Path, **environ: str) -> Iterator[str]:
    """Run the app with these settings alone and no triggers but HTTP; gives its address."""
    write_keys(folder / "keys.json", new_keys())
    command = [sys.executable, "-m", "sandbox.functions_host", "--app", ROOT, "--port", "0"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HEARTHLINE")}
    with subprocess.Popen(
        [*command, "--keys", folder / "keys.json", "--log-level", "CRITICAL"],
        cwd=ROOT,
        env={**kept, **environ},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[4]
        finally:
            process.kill()


def ask(address: str, name: str) -> tuple[int, dict[str, object]]:
    try:
        with urllib.request.urlopen(f"{address}/api/health/{name}", timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def test_a_wrong_setting_is_named_and_its_value_is_not(tmp_path: Path) -> None:
    wrong = {"HEARTHLINE_FHIR_URL": "ftp://not-for-others", "HEARTHLINE_CAPS": "not-for-others"}
    with hosting(tmp_path, AzureWebJobsStorage="UseDevelopmentStorage=true", **wrong) as address:
        status, body = ask(address, "ready")
        assert status == 503
        assert body["checks"] == {
            "settings": "wrong or missing: HEARTHLINE_CAPS, HEARTHLINE_FHIR_URL; the log says why"
        }
        assert "not-for-others" not in json.dumps(body)
        assert ask(address, "live") == (200, {"status": "live"})


def test_storage_that_never_answers_is_told_in_seconds(tmp_path: Path) -> None:
    """A listener that takes connections and says nothing: worse than one that is away."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as silent:
        port = silent.getsockname()[1]
        storage = azurite.connection_string(blob=port, queue=port, table=port)
        settings = {"AzureWebJobsStorage": storage, "HEARTHLINE_FHIR_URL": "http://127.0.0.1:9/fhir"}
        with hosting(tmp_path, **settings) as address:
            status, body = ask(address, "ready")
            assert (status, body["checks"]) == (
                503,
                {
                    "settings": "ok",
                    "storage": "no answer in time",
                    "queues": "no answer in time",
                    "catalogue": "no answer in time",
                    "senders": "ok",
                },
            )
            assert ask(address, "live")[0] == 200
