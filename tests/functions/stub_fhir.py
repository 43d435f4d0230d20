"""A FHIR server that says what a test tells it to, with a token issuer beside it."""

from __future__ import annotations

import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from shared.fhir.instants import Instant, iso, parse_range

Resource = dict[str, Any]


def _wanted(resource: Resource, query: dict[str, list[str]]) -> bool:
    """Say whether a search by `_id` or by patient finds a resource."""
    if "_id" in query and resource["id"] not in query["_id"][0].split(","):
        return False
    patients = [
        each for name in ("patient", "subject") for value in query.get(name, ()) for each in value.split(",")
    ]
    text = orjson.dumps(resource).decode()
    return not patients or any(f'"Patient/{each}"' in text for each in patients)


class StubFhir:
    """Versions of resources, put there by a test; None is a deletion. Serves from a thread of its own."""

    def __init__(self) -> None:
        self.versions: dict[str, list[tuple[str, Instant, Resource | None]]] = defaultdict(list)
        self.events: dict[tuple[str, int], Resource] = {}
        self.documents: dict[str, object] = {}
        """What else is served, by path: an issuer's metadata and keys."""
        self.failing = 0
        """A status for every FHIR answer, or 0."""
        self.asked: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def put(self, resource: Resource, at: Instant, version: str = "") -> str:
        """Add a version (by default the next number); returns it."""
        known = self.versions[f"{resource['resourceType']}/{resource['id']}"]
        version = version or str(len(known) + 1)
        meta = {"versionId": version, "lastUpdated": iso(at)}
        known.append((version, at, {**resource, "meta": meta}))
        return version

    def delete(self, reference: str, at: Instant) -> str:
        """Add a deletion; returns its version."""
        known = self.versions[reference]
        known.append((str(len(known) + 1), at, None))
        return known[-1][0]

    def forget(self) -> None:
        """Begin anew."""
        self.versions.clear()
        self.events.clear()
        self.asked.clear()
        self.failing = 0

    def answer(self, target: str) -> tuple[int, dict[str, str], object]:
        """Return status, headers and body of a GET."""
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        if path in self.documents:
            return 200, {}, self.documents[path]
        if path == "/sandbox/stats":
            return 200, {}, {"received": 0}  # sandbox.idle asks the event source, of which there is none
        self.asked.append(target)
        if self.failing:
            return self.failing, {"Retry-After": "0"}, None
        match path.removeprefix("/fhir/").split("/"):
            case ["Subscription", subscription, "$events"]:
                return self._events(subscription, query)
            case [resource_type, identity, "_history"]:
                return self._history(f"{resource_type}/{identity}")
            case [resource_type, identity]:
                return self._read(f"{resource_type}/{identity}")
            case [resource_type]:
                return self._search(resource_type, query)
        return 404, {}, None

    def _read(self, reference: str) -> tuple[int, dict[str, str], object]:
        if reference not in self.versions:
            return 404, {}, None
        version, _, resource = self.versions[reference][-1]
        return (410 if resource is None else 200), {"ETag": f'W/"{version}"'}, resource

    def _history(self, reference: str) -> tuple[int, dict[str, str], object]:
        if reference not in self.versions:
            return 404, {}, None
        entries = [
            {"resource": resource} if resource else {"request": {"method": "DELETE", "url": reference}}
            for _, _, resource in reversed(self.versions[reference])
        ]
        return 200, {}, {"resourceType": "Bundle", "type": "history", "entry": entries}

    def _search(self, resource_type: str, query: dict[str, list[str]]) -> tuple[int, dict[str, str], object]:
        since = parse_range(query["_lastUpdated"][0].removeprefix("ge"))[0] if "_lastUpdated" in query else 0
        latest = [known[-1] for name, known in self.versions.items() if name.startswith(f"{resource_type}/")]
        found = sorted(
            (at, resource["id"], resource)
            for _, at, resource in latest
            if resource and at >= since and _wanted(resource, query)
        )
        if query.get("_sort") == ["-_lastUpdated"]:
            found = found[::-1][: int(query.get("_count", ["500"])[0])]
        entries = [{"resource": resource} for _, _, resource in found]
        return 200, {}, {"resourceType": "Bundle", "type": "searchset", "entry": entries}

    def _events(self, subscription: str, query: dict[str, list[str]]) -> tuple[int, dict[str, str], object]:
        first, last = (int(query[name][0]) for name in ("eventsSinceNumber", "eventsUntilNumber"))
        found = [number for name, number in self.events if name == subscription and first <= number <= last]
        if not found:
            return 404, {}, None
        return 200, {}, self.events[subscription, found[0]]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:  # the name that http.server calls
                self._answer(*stub.answer(self.path))

            def do_PUT(self) -> None:  # the same
                resource = orjson.loads(self.rfile.read(int(self.headers["Content-Length"])))
                version = stub.put(resource, Instant(0))
                self._answer(201 if version == "1" else 200, {"ETag": f'W/"{version}"'}, None)

            def _answer(self, status: int, headers: dict[str, str], body: object) -> None:
                content = b"" if body is None else orjson.dumps(body)
                self.send_response(status)
                for name, value in {**headers, "Content-Type": "application/fhir+json"}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *words: object) -> None:
                return

        return Handler
