"""Settings: read once from the environment, frozen, every problem reported at once.

The only module that reads the environment. docs/operations.md has a line for each setting, held by a test.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Json,
    SecretStr,
    ValidationError,
)

from shared.errors import Invalid, Problem
from shared.fhir.choice import Purpose
from shared.fhir.sources import FunctionKey, Source
from shared.message.outbound import ChannelName
from shared.message.timing.configured import CAPS, CapSetting, QuietSetting
from shared.receivers import Provider, Receiver, ReceiverName, SignedReceiver, TeamsReceiver
from shared.retention import Retention


def _issuer(text: str) -> str:
    if not text.startswith(("https://", "http://")):
        raise ValueError("must be an http or https URL")
    return text


def _url(text: str) -> str:
    return _issuer(text).rstrip("/")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("must be an IANA time zone such as America/New_York") from None
    return name


def _absent(text: object) -> object:
    return None if text == "" else text


type Url = Annotated[str, AfterValidator(_url)]
type Issuer = Annotated[str, AfterValidator(_issuer)]
type Zone = Annotated[str, AfterValidator(_zone)]


def _host(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", name):
        raise ValueError("must be a host name in small letters such as maps.example.org")
    return name


def _secret(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value().encode()) < 32:
        raise ValueError("must be at least 32 bytes long")
    return secret


type Host = Annotated[str, AfterValidator(_host)]
type LinkSecret = Annotated[SecretStr, AfterValidator(_secret)]
type Transport = Literal["storage", "servicebus"]
type Optional[T] = Annotated[T | None, BeforeValidator(_absent)]

OPT_IN: frozenset[Purpose] = frozenset({"marketing", "research"})

type WrittenBack = Literal["communications", "consents", "audit-events"]
WRITTEN_BACK: frozenset[WrittenBack] = frozenset({"communications", "consents"})

_EVERYONE = (
    Source(name="events", formats=frozenset({"event-grid", "cloud-events"}), proofs=(FunctionKey(),)),
    Source(
        name="fhir",
        formats=frozenset({"rest-hook", "subscription", "medplum"}),
        proofs=(FunctionKey(),),
    ),
)


class Settings(BaseModel):
    """Every setting, by the name of its environment variable."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    storage: Annotated[Optional[SecretStr], Field(alias="AzureWebJobsStorage")] = None
    """Connection string of the storage account with tables and queues; keys only on a laptop."""
    storage_account: Annotated[str, Field(alias="AzureWebJobsStorage__accountName")] = ""
    """Name of that account when identity is used in place of a connection string."""
    transport: Annotated[Transport, Field(alias="HEARTHLINE_TRANSPORT")] = "storage"
    """What carries messages from function to function: Storage queues, or Service Bus."""
    bus: Annotated[Optional[SecretStr], Field(alias="HEARTHLINE_BUS")] = None
    """Connection string of the Service Bus namespace; keys only on a laptop."""
    bus_namespace: Annotated[str, Field(alias="HEARTHLINE_BUS__fullyQualifiedNamespace")] = ""
    """Host name of that namespace when identity is used in place of a connection string."""
    identity: Annotated[str, Field(alias="AZURE_CLIENT_ID")] = ""
    """Client id of our managed identity where it is a user-assigned one."""
    telemetry: Annotated[Optional[SecretStr], Field(alias="APPLICATIONINSIGHTS_CONNECTION_STRING")] = None
    """Where traces, metrics and logs go: a connection string of Application Insights."""
    otlp: Annotated[Optional[Url], Field(alias="OTEL_EXPORTER_OTLP_ENDPOINT")] = None
    """Where they go besides: an OpenTelemetry collector, by OTLP over HTTP."""
    sampling: Annotated[float, Field(alias="HEARTHLINE_TRACE_SAMPLING", ge=0, le=1)] = 1.0
    """Share of traces that are kept; metrics and logs are whole."""
    fhir_url: Annotated[Url, Field(alias="HEARTHLINE_FHIR_URL")]
    """Base URL of the FHIR server."""
    fhir_auth: Annotated[Literal["none", "identity", "token"], Field(alias="HEARTHLINE_FHIR_AUTH")] = "none"
    """How we sign in to it: not, with our managed identity, or with a fixed bearer token."""
    fhir_token: Annotated[Optional[SecretStr], Field(alias="HEARTHLINE_FHIR_TOKEN")] = None
    """The bearer token for `token`."""
    fhir_concurrency: Annotated[int, Field(alias="HEARTHLINE_FHIR_CONCURRENCY", ge=1, le=256)] = 32
    """Requests at once to the FHIR server, of one instance."""
    acs_endpoint: Annotated[Optional[Url], Field(alias="HEARTHLINE_ACS_ENDPOINT")] = None
    """Endpoint of Azure Communication Services; without it every message waits as deferred."""
    acs_access_key: Annotated[Optional[SecretStr], Field(alias="HEARTHLINE_ACS_ACCESS_KEY")] = None
    """Access key of it; without one our managed identity is used."""
    sms_from: Annotated[str, Field(alias="HEARTHLINE_SMS_FROM")] = ""
    """The number or short code that SMS come from."""
    email_from: Annotated[str, Field(alias="HEARTHLINE_EMAIL_FROM")] = ""
    """The address that email comes from."""
    region: Annotated[str, Field(alias="HEARTHLINE_REGION", pattern=r"^[A-Z]{2}$")] = "US"
    """Country of phone numbers that are written without one (ISO 3166)."""
    time_zone: Annotated[Zone, Field(alias="HEARTHLINE_TIME_ZONE")] = "UTC"
    """The organisation's time zone."""
    organization: Annotated[str, Field(alias="HEARTHLINE_ORGANIZATION")] = "Hearthline Health"
    """The organisation's name as messages say it."""
    sources: Annotated[Json[tuple[Source, ...]], Field(alias="HEARTHLINE_SOURCES")] = _EVERYONE
    """Who may notify us and how each proves itself: a JSON list, see docs/operations.md."""
    webhooks: Annotated[Json[dict[ReceiverName, Receiver]], Field(alias="HEARTHLINE_WEBHOOKS")] = {}
    """Whom journeys may call, by name: a JSON object, see docs/journeys-outside.md."""
    console_url: Annotated[Optional[Url], Field(alias="HEARTHLINE_CONSOLE_URL")] = None
    """Where staff find the console: links in notices lead there."""
    entra_issuer: Annotated[Optional[Issuer], Field(alias="HEARTHLINE_ENTRA_ISSUER")] = None
    """Issuer of bearer tokens, of notifications and for the admin API, with its tenant, to the letter."""
    api_audience: Annotated[str, Field(alias="HEARTHLINE_API_AUDIENCE")] = ""
    """Audience of tokens for the admin API: our application's id; without it the API refuses everybody."""
    platform_auth: Annotated[bool, Field(alias="HEARTHLINE_PLATFORM_AUTH")] = False
    """Whether the admin API believes App Service authentication, where the platform says that it is on."""
    clock_file: Annotated[Optional[Path], Field(alias="HEARTHLINE_CLOCK_FILE")] = None
    """The sandbox's virtual clock; unset on Azure."""
    catalogue_seconds: Annotated[float, Field(alias="HEARTHLINE_CATALOGUE_SECONDS", ge=0)] = 5.0
    """How old a cached catalogue may be before we ask whether another was published."""
    whatsapp_channel: Annotated[str, Field(alias="HEARTHLINE_WHATSAPP_CHANNEL")] = ""
    """Id of the WhatsApp channel's registration with Communication Services (a GUID)."""
    email_tracking: Annotated[bool, Field(alias="HEARTHLINE_EMAIL_TRACKING")] = False
    """Whether Communication Services tell us of opened emails and followed links."""
    mirror_opt_outs: Annotated[bool, Field(alias="HEARTHLINE_MIRROR_OPT_OUTS")] = True
    """Whether opt-outs are written into the opt-out list of Communication Services."""
    letters: Annotated[bool, Field(alias="HEARTHLINE_LETTERS")] = False
    """Whether letters are set and stored for a print house."""
    letter_font: Annotated[Optional[Path], Field(alias="HEARTHLINE_LETTER_FONT")] = None
    """A TrueType font for letters, where the one that comes along lacks characters."""
    push_webhook: Annotated[str, Field(alias="HEARTHLINE_PUSH_WEBHOOK")] = ""
    """The webhook that push notifications are handed to, by its name in HEARTHLINE_WEBHOOKS."""
    providers: Annotated[Json[dict[ChannelName, Provider]], Field(alias="HEARTHLINE_PROVIDERS")] = {}
    """Who carries a channel in place of Communication Services: a JSON object, see docs/channels.md."""
    quiet_hours: Annotated[Json[QuietSetting | None], Field(alias="HEARTHLINE_QUIET_HOURS")] = QuietSetting()
    """When messages may go out, by the clock of who gets them: a JSON object, see docs/timing.md."""
    caps: Annotated[Json[tuple[CapSetting, ...]], Field(alias="HEARTHLINE_CAPS")] = CAPS
    """How many messages a person gets within some time: a JSON list, see docs/timing.md."""
    opt_in_for: Annotated[Json[frozenset[Purpose]], Field(alias="HEARTHLINE_OPT_IN_FOR")] = OPT_IN
    """Purposes for which only those are written to who have said yes: a JSON list, see docs/consent.md."""
    questions_to_staff: Annotated[bool, Field(alias="HEARTHLINE_QUESTIONS_TO_STAFF")] = True
    """A reply that nothing here understands becomes a FHIR Task, and is never ignored."""
    age_of_majority: Annotated[int, Field(alias="HEARTHLINE_AGE_OF_MAJORITY", ge=12, le=25)] = 18
    """Years from which a patient is written to in person, and not by those who have care of them."""
    bundling_minutes: Annotated[int, Field(alias="HEARTHLINE_BUNDLING_MINUTES", ge=0, le=1440)] = 10
    """How long what goes to a contact point that a family shares waits for more to go with it."""
    write_back: Annotated[Json[frozenset[WrittenBack]], Field(alias="HEARTHLINE_WRITE_BACK")] = WRITTEN_BACK
    """What we write to the FHIR server of our own accord: a JSON list, see docs/evidence.md."""
    retention: Annotated[Json[Retention], Field(alias="HEARTHLINE_RETENTION")] = Retention()
    """How long what we hold is kept, by kind: a JSON object, see docs/privacy.md."""
    analytics: Annotated[bool, Field(alias="HEARTHLINE_ANALYTICS")] = False
    """Whether what happens is kept for analytics: blobs, by day, opaque ids only."""
    body_limit: Annotated[int, Field(alias="HEARTHLINE_BODY_LIMIT", ge=1024)] = 8 * 1024 * 1024
    """Largest notification in bytes."""

    audit_secrets: Annotated[Json[tuple[LinkSecret, ...]], Field(alias="HEARTHLINE_AUDIT_SECRETS")] = ()
    """Secrets that the audit trail is chained with: a JSON list; the first makes digests, all check them."""
    public_url: Annotated[Optional[Url], Field(alias="HEARTHLINE_PUBLIC_URL")] = None
    """Where links in messages lead, "https://host/api"; without it messages have no links."""
    link_secrets: Annotated[Json[tuple[LinkSecret, ...]], Field(alias="HEARTHLINE_LINK_SECRETS")] = ()
    """Secrets that links are made with: a JSON list; the first one makes them, all are accepted."""
    seal_secrets: Annotated[Json[tuple[LinkSecret, ...]], Field(alias="HEARTHLINE_SEAL_SECRETS")] = ()
    """Secrets that others are sealed with in storage: a JSON list; the first one seals, all open."""
    link_hosts: Annotated[Json[frozenset[Host]], Field(alias="HEARTHLINE_LINK_HOSTS")] = frozenset()
    """Hosts that templates may link to beside our own website: a JSON list."""
    postal_address: Annotated[str, Field(alias="HEARTHLINE_POSTAL_ADDRESS")] = ""
    """The organisation's postal address in one line."""
    phone: Annotated[str, Field(alias="HEARTHLINE_PHONE")] = ""
    """The number to call the organisation at, as people read it."""
    website: Annotated[Optional[Url], Field(alias="HEARTHLINE_WEBSITE")] = None
    """The organisation's website."""

    def lacking(self) -> Iterator[str]:
        """Yield what is missing, or does not fit together, though each setting by itself is right."""
        if self.storage is None and not self.storage_account:
            yield "AzureWebJobsStorage or AzureWebJobsStorage__accountName must be set"
        if self.transport == "servicebus" and self.bus is None and not self.bus_namespace:
            either = "HEARTHLINE_BUS or HEARTHLINE_BUS__fullyQualifiedNamespace"
            yield f"{either} must be set when HEARTHLINE_TRANSPORT is servicebus"
        if self.fhir_auth == "token" and self.fhir_token is None:
            yield "HEARTHLINE_FHIR_TOKEN must be set when HEARTHLINE_FHIR_AUTH is token"
        if self.acs_endpoint and not (self.sms_from or self.email_from or self.whatsapp_channel):
            senders = "HEARTHLINE_SMS_FROM, HEARTHLINE_EMAIL_FROM or HEARTHLINE_WHATSAPP_CHANNEL"
            yield f"{senders} must be set to send"
        if self.letters and not self.postal_address:
            yield "HEARTHLINE_POSTAL_ADDRESS must be set to send letters: they say where from"
        for provider in (f"webhook:{self.push_webhook}", *self.providers.values()):
            kind, _, name = provider.partition(":")
            if kind == "webhook" and name and not isinstance(self.webhooks.get(name), SignedReceiver):
                yield f"HEARTHLINE_WEBHOOKS has no signed webhook {name}, which is to carry messages"
        if self.api_audience and self.entra_issuer is None:
            yield "HEARTHLINE_ENTRA_ISSUER must be set with HEARTHLINE_API_AUDIENCE"
        if self.platform_auth and not self.api_audience:
            yield "HEARTHLINE_API_AUDIENCE must be set with HEARTHLINE_PLATFORM_AUTH"
        if self.public_url and not self.link_secrets:
            yield "HEARTHLINE_LINK_SECRETS must be set with HEARTHLINE_PUBLIC_URL: links are signed"
        teams = any(isinstance(receiver, TeamsReceiver) for receiver in self.webhooks.values())
        if teams and self.console_url is None:
            yield "HEARTHLINE_CONSOLE_URL must be set to notify by Teams: a notice is a link"


def settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. Raises Invalid naming every variable that is wrong; values are never quoted."""
    values = dict(os.environ if environment is None else environment)
    problems: list[Problem] = []
    try:
        found = Settings.model_validate(values)
    except ValidationError as error:
        problems = [_problem(dict(each)) for each in error.errors()]
        found = Settings.model_validate(_without(values, {problem.where for problem in problems}))
    wrong = _named(" ".join(problem.where for problem in problems))
    problems += [Problem("settings", each) for each in found.lacking() if not _named(each) & wrong]
    if problems:
        raise Invalid(tuple(problems))
    return found


class Remote(BaseModel):
    """Where the command line finds the admin API of a running system; nothing else is needed to call it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    url: Annotated[Optional[Url], Field(alias="HEARTHLINE_API_URL")] = None
    """Address of the function app; without it commands work on storage themselves."""
    token: Annotated[Optional[SecretStr], Field(alias="HEARTHLINE_API_TOKEN")] = None
    """A bearer token; without one whoever is signed in to Azure gets one for the audience."""
    audience: Annotated[str, Field(alias="HEARTHLINE_API_AUDIENCE")] = ""


def remote(environment: Mapping[str, str] | None = None) -> Remote:
    """Read where the admin API is. Raises Invalid."""
    try:
        return Remote.model_validate(dict(os.environ if environment is None else environment))
    except ValidationError as error:
        raise Invalid(tuple(_problem(dict(each)) for each in error.errors())) from None


def _named(text: str) -> set[str]:
    """Return the variables that a text names."""
    return {field.alias or "" for field in Settings.model_fields.values()} & set(re.findall(r"\w+", text))


def _without(values: Mapping[str, str], wrong: Collection[str]) -> dict[str, str]:
    """Leave out what is wrong, so that all else that is wrong can be told too."""
    names = {where.partition(".")[0] for where in wrong}
    right = {name: value for name, value in values.items() if name not in names}
    return {"HEARTHLINE_FHIR_URL": "http://left-out.example", **right}


def platform_authenticates(environment: Mapping[str, str] | None = None) -> bool:
    """Say whether App Service authentication stands before us: the platform sets this, and nobody else can.

    https://learn.microsoft.com/azure/app-service/reference-app-settings#authentication--authorization
    """
    told = (os.environ if environment is None else environment).get("WEBSITE_AUTH_ENABLED", "")
    return told.lower() == "true"


def wrong_settings(environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Name the variables that are wrong or missing, for those who may not see more."""
    try:
        settings(environment)
    except Invalid as invalid:
        said = " ".join(f"{problem.where} {problem.what}" for problem in invalid.problems)
        return tuple(sorted(_named(said))) or ("settings",)
    return ()


def transport(environment: Mapping[str, str] | None = None) -> Transport:
    """Return the transport alone: functions are indexed whether or not all settings are right."""
    chosen = (os.environ if environment is None else environment).get("HEARTHLINE_TRANSPORT", "")
    return "servicebus" if chosen == "servicebus" else "storage"


def _problem(found: Mapping[str, object]) -> Problem:
    place = found["loc"]
    assert isinstance(place, tuple)
    where = ".".join(map(str, place)) or "settings"
    if found["type"] == "missing":
        return Problem(where, "must be set")
    return Problem(where, str(found["msg"]).removeprefix("Value error, "))
