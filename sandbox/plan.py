"""What one local stack is made of: its folder, ports, keys and clock, and from these the services to run."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sandbox import azurite, fhir_server
from sandbox.functions_host.keys import Keys
from sandbox.issuer.signing import AUDIENCE, issuer_url
from sandbox.ports import Ports, url
from sandbox.processes import Service
from sandbox.service_bus import settings as service_bus
from sandbox.service_bus.counts import HEALTH
from shared.adapters.clock import FileClock
from shared.config import Transport
from shared.fhir.instants import Instant

ROOT = Path(__file__).resolve().parent.parent
TIME_ZONE = "America/New_York"
NOTIFICATIONS = "/api/fhir/notifications/events"
ACS_EVENTS = "/api/acs/events"
SETTINGS = "local.settings.json"
LEASE = "4"
"""Seconds after which a killed host's messages come back; in Azure it is ten minutes."""
GRACE = "4"
"""Seconds for what runs to end; in Azure it is ten. After STOP_LIMIT of processes.py it is killed."""

Stages = Sequence[Sequence[Service]]
"""Groups of services in the order of starting; those of one group start together."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the user chose; the defaults are those of `hearthline up`.

    `start` is where the virtual clock begins (the present when None), `speed` its seconds a real second,
    `keep` goes on with the state of the last run, clock and keys included (what was on Service Bus is gone).
    `transport` is what carries messages from function to function.
    """

    ports: Ports = field(default_factory=Ports.from_base)
    folder: Path = ROOT / ".sandbox"
    app: Path = ROOT
    start: Instant | None = None
    speed: float = 1.0
    keep: bool = False
    schema: str = "eventgrid"
    transport: Transport = "storage"
    settings: Mapping[str, str] = field(default_factory=dict)
    """Further app settings for the functions host, in place of the sandbox's own."""

    @property
    def on_bus(self) -> bool:
        """Say whether messages go by Service Bus."""
        return self.transport == "servicebus"

    @property
    def clock_file(self) -> Path:
        """Where every process finds the virtual clock."""
        return self.folder / "clock"

    @property
    def keys_file(self) -> Path:
        """Where the functions host finds its keys."""
        return self.folder / "keys.json"

    @property
    def issuer_key(self) -> Path:
        """The key that tokens for the admin API are signed with."""
        return self.folder / "issuer.pem"

    @property
    def connection_string(self) -> str:
        """The storage account that Azurite plays."""
        ports = self.ports
        return azurite.connection_string(blob=ports.blob, queue=ports.queue, table=ports.table)

    @property
    def bus(self) -> str:
        """The Service Bus namespace that the broker plays."""
        return service_bus.connection_string(self.ports.bus)


def new_access_key() -> str:
    """Make an access key for the ACS stand-in, as Azure makes them: base64."""
    return base64.b64encode(secrets.token_bytes(64)).decode()


def webhook_secret(access_key: str) -> str:
    """Derive what webhooks are signed with: of the same stack always the same."""
    key = hashlib.sha256(f"webhooks {access_key}".encode()).digest()
    return f"whsec_{base64.b64encode(key).decode()}"


def _link_secret(access_key: str) -> str:
    """Derive what links in messages are made with: of the same stack always the same."""
    return hashlib.sha256(f"links {access_key}".encode()).hexdigest()


def _seal_secret(access_key: str) -> str:
    """Derive what secrets of sources are sealed with: of the same stack always the same."""
    return hashlib.sha256(f"seals {access_key}".encode()).hexdigest()


def _webhooks(plan: Plan, access_key: str) -> str:
    """Name a team and another system, both played by the receiver."""
    team = {"kind": "teams", "url": url(plan.ports.webhooks, "/teams/care-team")}
    partner = {"kind": "signed", "url": url(plan.ports.webhooks, "/signed/partner")}
    return json.dumps({"care-team": team, "partner": partner | {"secret": webhook_secret(access_key)}})


def _audit_secret(access_key: str) -> str:
    """Derive what the audit trail is chained with: of the same stack always the same."""
    return hashlib.sha256(f"audit {access_key}".encode()).hexdigest()


def app_settings(plan: Plan, access_key: str) -> dict[str, str]:
    """Write the functions host's environment: the names that shared/config.py reads."""
    return {
        "AzureWebJobsStorage": plan.connection_string,
        "HEARTHLINE_FHIR_URL": fhir_server.base_url(plan.ports.fhir),
        "HEARTHLINE_ACS_ENDPOINT": url(plan.ports.acs),
        "HEARTHLINE_ACS_ACCESS_KEY": access_key,
        "HEARTHLINE_SMS_FROM": "+15555550100",
        "HEARTHLINE_EMAIL_FROM": "care@hearthline.example",
        "HEARTHLINE_WHATSAPP_CHANNEL": "00000000-0000-0000-0000-000000000007",
        "HEARTHLINE_LETTERS": "true",
        "HEARTHLINE_ANALYTICS": "true",
        "HEARTHLINE_PUSH_WEBHOOK": "partner",
        "HEARTHLINE_TIME_ZONE": TIME_ZONE,
        "HEARTHLINE_WEBHOOKS": _webhooks(plan, access_key),
        "HEARTHLINE_CONSOLE_URL": url(plan.ports.webhooks, "/console"),
        "HEARTHLINE_PUBLIC_URL": url(plan.ports.host, "/api"),
        "HEARTHLINE_AUDIT_SECRETS": json.dumps([_audit_secret(access_key)]),
        "HEARTHLINE_LINK_SECRETS": json.dumps([_link_secret(access_key)]),
        "HEARTHLINE_SEAL_SECRETS": json.dumps([_seal_secret(access_key)]),
        "HEARTHLINE_PHONE": "+1 555 555 0100",
        "HEARTHLINE_POSTAL_ADDRESS": "1 Harbour Street, Riverside, NY 10000",
        "HEARTHLINE_ENTRA_ISSUER": issuer_url(url(plan.ports.issuer)),
        "HEARTHLINE_API_AUDIENCE": AUDIENCE,
        "HEARTHLINE_CLOCK_FILE": str(plan.clock_file),
        "AzureFunctionsJobHost__extensions__queues__maxPollingInterval": "00:00:00.100",
        **(_bus_settings(plan) if plan.on_bus else {}),
        **plan.settings,
    }


def _bus_settings(plan: Plan) -> dict[str, str]:
    """Send by Service Bus; how many turns at once, and how long each is kept, is what host.json says."""
    return {"HEARTHLINE_TRANSPORT": "servicebus", "HEARTHLINE_BUS": plan.bus}


def open_clock(folder: Path) -> FileClock:
    """Open the clock of the stack in a folder. Raises FileNotFoundError."""
    return FileClock(folder / "clock")


def write_settings(plan: Plan, access_key: str) -> None:
    """Leave the app's settings in the folder, for `hearthline publish --settings` and its like."""
    path = plan.folder / SETTINGS
    path.touch(mode=0o600)
    path.write_text(json.dumps({"IsEncrypted": False, "Values": app_settings(plan, access_key)}, indent=2))


def stages(plan: Plan, keys: Keys, access_key: str) -> Stages:
    """List the real services: what others need first, what needs them last."""
    ports = plan.ports
    storage = azurite.services(plan.folder / "azurite", blob=ports.blob, queue=ports.queue, table=ports.table)
    fhir = fhir_server.service(plan.folder / "fhir", ports.fhir, plan.clock_file)
    key = next(iter(keys.host.values()))
    return (
        (*storage, *bus(plan), fhir, acs(plan, access_key, key), webhooks(plan, access_key), issuer(plan)),
        (functions_host(plan, access_key),),
        (event_source(plan, key),),
    )


def bus(plan: Plan) -> list[Service]:
    """Describe the Service Bus broker, where the plan has one; what is in it ends with it."""
    if not plan.on_bus:
        return []
    argv = (sys.executable, "-m", "sandbox.service_bus", f"--port={plan.ports.bus}")
    made = (*argv, "--product", f"--lock-seconds={LEASE}")
    return [Service("bus", made, plan.ports.bus, "--bus-port", HEALTH, _is_ok, cwd=ROOT)]


def acs(plan: Plan, access_key: str, function_key: str) -> Service:
    """Describe the ACS stand-in, which reports back to the functions host."""
    events = url(plan.ports.host, ACS_EVENTS)
    options = {"--access-key": access_key, "--events-url": events, "--events-key": function_key}
    return _python("acs", plan, plan.ports.acs, options, "/sandbox/health")


def webhooks(plan: Plan, access_key: str) -> Service:
    """Describe the receiver of webhooks: a team's channel and another system."""
    options = {"--secret": webhook_secret(access_key)}
    return _python("webhooks", plan, plan.ports.webhooks, options, "/sandbox/health")


def issuer(plan: Plan) -> Service:
    """Describe the issuer of tokens for the admin API."""
    return _python("issuer", plan, plan.ports.issuer, {"--key": str(plan.issuer_key)}, "/sandbox/health")


def functions_host(plan: Plan, access_key: str) -> Service:
    """Describe the functions host with the app."""
    options = {"--app": str(plan.app), "--keys": str(plan.keys_file), "--lease": LEASE, "--grace": GRACE}
    settings = app_settings(plan, access_key)
    return _python("host", plan, plan.ports.host, options, "/admin/host/status", settings)


def event_source(plan: Plan, function_key: str) -> Service:
    """Describe the event source between the FHIR server and the functions host."""
    options = {
        "--fhir-url": fhir_server.base_url(plan.ports.fhir),
        "--changes": str(plan.folder / "fhir" / fhir_server.DATABASE),
        "--target": url(plan.ports.host, NOTIFICATIONS),
        "--function-key": function_key,
        "--schema": plan.schema,
        "--state": str(plan.folder / "events"),
    }
    return _python("events", plan, plan.ports.events, options, "/sandbox/health")


_MODULES = {
    "acs": "sandbox.acs",
    "events": "sandbox.event_source",
    "host": "sandbox.functions_host",
    "issuer": "sandbox.issuer",
    "webhooks": "sandbox.webhooks",
}


def _python(
    name: str,
    plan: Plan,
    port: int,
    options: Mapping[str, str],
    health: str,
    env: Mapping[str, str] | None = None,
) -> Service:
    given = {"--port": str(port), "--clock": str(plan.clock_file), **options}
    words = (f"{option}={value}" for option, value in given.items())  # a value may begin with "-"
    argv = (sys.executable, "-m", _MODULES[name], *words)
    shown = {"PYTHONUNBUFFERED": "1", **(env or {})}  # else a log lacks the last words of a killed service
    return Service(name, argv, port, f"--{name}-port", health, _is_ok, shown, ROOT)


def _is_ok(status: int, _body: bytes) -> bool:
    return status == 200
