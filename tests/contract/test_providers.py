"""Who carries a channel: Communication Services, letters, a signed webhook, or the page's own module."""

from __future__ import annotations

import base64
import json
import re
import sys
import types
from pathlib import Path

import aiohttp
import orjson
import pytest
from acs_kit import KEY, a_message, served
from aiohttp import web
from pydantic import SecretStr
from standardwebhooks import Webhook

from shared.adapters.acs_email import AcsEmail
from shared.adapters.acs_http import Patience
from shared.adapters.acs_opt_outs import AcsOptOuts
from shared.adapters.acs_sms import AcsSms
from shared.adapters.acs_whatsapp import AcsWhatsApp
from shared.adapters.blobs_memory import MemoryBlobs
from shared.adapters.letters_store import LetterChannel
from shared.adapters.providers import ask_senders, build_channels, open_acs, opt_out_list
from shared.adapters.push_webhook import WebhookChannel
from shared.bootstrap import build, open_blobs
from shared.config import Settings, settings
from shared.effects import Attachment
from shared.errors import Invalid
from shared.fhir.instants import to_datetime
from shared.message.failures import FAILURES
from shared.message.outbound import Accepted, Deferred, Refused, Unknown
from shared.receivers import SignedReceiver
from shared.usecases.letters import make_batch

PAGE = Path(__file__).parents[2] / "docs" / "channels.md"
SECRET = "whsec_" + base64.b64encode(b"a secret of the gateway, long enough").decode()
HOOK = {"gateway": {"kind": "signed", "url": "https://gateway.example/take", "secret": SECRET}}
BASE = {"AzureWebJobsStorage": "UseDevelopmentStorage=true", "HEARTHLINE_FHIR_URL": "http://127.0.0.1:1/fhir"}
ACS = {
    "HEARTHLINE_ACS_ENDPOINT": "http://127.0.0.1:1",
    "HEARTHLINE_ACS_ACCESS_KEY": KEY,
    "HEARTHLINE_SMS_FROM": "+15550100",
    "HEARTHLINE_EMAIL_FROM": "care@hospital.example",
    "HEARTHLINE_WHATSAPP_CHANNEL": "7",
}
HOOKS = {"HEARTHLINE_WEBHOOKS": json.dumps(HOOK)}
QUICK = Patience(total=5.0, one_try=2.0, connect=1.0, tries=3, first_pause=0.0)


def chosen(**more: str) -> Settings:
    return settings({**BASE, **more})


def no_tokens(scope: str):
    raise AssertionError("a key is used")


def channels(session: aiohttp.ClientSession, blobs: MemoryBlobs | None = None, **more: str):
    made = chosen(**more)
    return build_channels(made, session, open_acs(made, session, no_tokens), blobs)


class TestChosen:
    """The settings say who carries what."""

    async def test_by_default_nobody_carries_anything(self) -> None:
        async with aiohttp.ClientSession() as session:
            assert channels(session) == {}

    async def test_communication_services_letters_and_push(self) -> None:
        more = {
            **ACS,
            **HOOKS,
            "HEARTHLINE_PUSH_WEBHOOK": "gateway",
            "HEARTHLINE_POSTAL_ADDRESS": "1 Care Way",
        }
        async with aiohttp.ClientSession() as session:
            made = channels(session, MemoryBlobs(), **more)
        kinds = {
            "sms": AcsSms,
            "email": AcsEmail,
            "whatsapp": AcsWhatsApp,
            "letter": LetterChannel,
            "push": WebhookChannel,
        }
        assert {name: type(channel) for name, channel in made.items()} == kinds

    async def test_a_webhook_in_place_of_communication_services(self) -> None:
        """Neither is the sender asked about then, nor the opt-out list of Communication Services used."""
        more = {**ACS, **HOOKS, "HEARTHLINE_PROVIDERS": '{"sms": "webhook:gateway"}'}
        async with aiohttp.ClientSession() as session:
            made = channels(session, **more)
            acs = open_acs(chosen(**more), session, no_tokens)
            assert isinstance(made["sms"], WebhookChannel)
            assert isinstance(made["email"], AcsEmail)
            assert opt_out_list(chosen(**more), acs) is None
            assert opt_out_list(chosen(**ACS), acs) is not None
            assert not (await ask_senders(chosen(**more), acs)).notes

    @pytest.mark.parametrize(
        "wrong",
        [
            {"HEARTHLINE_PUSH_WEBHOOK": "nobody"},
            {"HEARTHLINE_PROVIDERS": '{"sms": "webhook:nobody"}'},
            {"HEARTHLINE_PROVIDERS": '{"sms": "gateway"}'},
            {"HEARTHLINE_PROVIDERS": '{"sms": "module:no factory"}'},
            {"HEARTHLINE_PROVIDERS": '{"fax": "webhook:gateway"}'},
            {"HEARTHLINE_LETTERS": "true"},
        ],
    )
    def test_wrong_settings_are_told(self, wrong: dict[str, str]) -> None:
        with pytest.raises(Invalid):
            chosen(**HOOKS, **wrong)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"HEARTHLINE_POSTAL_ADDRESS": "x" * 200},
            {"HEARTHLINE_ORGANIZATION": "你好"},
            {"HEARTHLINE_LETTER_FONT": __file__},
            {"HEARTHLINE_LETTER_FONT": "/no/such/font.ttf"},
        ],
    )
    async def test_what_would_spoil_every_letter_is_told_at_start(self, wrong: dict[str, str]) -> None:
        async with aiohttp.ClientSession() as session:
            with pytest.raises(Invalid, match="letters cannot be set"):
                channels(session, MemoryBlobs(), **{"HEARTHLINE_POSTAL_ADDRESS": "1 Care Way", **wrong})

    async def test_all_of_it_is_built_from_the_settings(self, azurite: str) -> None:
        """A letter that the services store is one that the command finds."""
        more = {"HEARTHLINE_LETTERS": "true", "HEARTHLINE_POSTAL_ADDRESS": "1 Care Way", **ACS}
        made = chosen(**more, AzureWebJobsStorage=azurite)
        async with aiohttp.ClientSession() as session:
            services = await build(made, session)
            assert isinstance(services.opt_out_list, AcsOptOuts)
            assert set(services.channels) == {"sms", "email", "whatsapp", "letter"}
            letter = a_message("letter", language="en")
            assert isinstance(await services.channels["letter"].send(letter), Accepted)
            day = str(to_datetime(letter.first_sent).date())
            batch = await make_batch(await open_blobs(made, session), day)
        assert letter.message_id in {one.id for one in batch.letters}

    @pytest.mark.parametrize("place", ["no_such_module:make", "json:no_such_factory", "json:dumps_not"])
    async def test_a_module_that_is_not_there(self, place: str) -> None:
        async with aiohttp.ClientSession() as session:
            with pytest.raises(Invalid, match="HEARTHLINE_PROVIDERS"):
                channels(session, HEARTHLINE_PROVIDERS=json.dumps({"sms": f"module:{place}"}))


class Receiver:
    """A receiver of messages as the page asks for: checks signatures, takes each id once."""

    def __init__(self) -> None:
        self.taken: dict[str, dict[str, object]] = {}
        self.ids: list[str] = []
        self.answers: list[web.Response | str] = []

    async def take(self, request: web.Request) -> web.Response:
        raw = await request.read()
        body = Webhook(SECRET).verify(raw, dict(request.headers))
        key = request.headers["webhook-id"]
        self.ids.append(key)
        answer = self.answers.pop(0) if self.answers else web.json_response({"id": f"g-{key}"})
        if answer == "drop after":
            self.taken.setdefault(key, body)
        if isinstance(answer, str):
            request.transport.abort()
            return web.Response()
        if answer.status < 300:
            self.taken.setdefault(key, body)
        return answer


def hook(session: aiohttp.ClientSession, url: str) -> WebhookChannel:
    receiver = SignedReceiver(kind="signed", url=SecretStr(url), secret=SecretStr(SECRET))
    return WebhookChannel(session, "gateway", receiver, QUICK)


class TestWebhook:
    """Each answer of a receiver says what is known about the message."""

    async def test_signed_and_whole(self) -> None:
        receiver = Receiver()
        message = a_message(
            "email", html="<p>Hi</p>", language="en-US", purpose="care", tag="pat_1 x lang=en-US",
            headers={"List-Unsubscribe": "<https://x.example>"},
            attachments=(Attachment("visit.ics", "text/calendar", b"BEGIN"),),
        )  # fmt: skip
        async with served(receiver.take) as url, aiohttp.ClientSession() as session:
            result = await hook(session, f"{url}/hook/?a=b c").send(message)
        assert result == Accepted(f"g-{message.message_id}")
        data = receiver.taken[message.message_id]["data"]
        assert data == {
            "id": message.message_id,
            "channel": "email",
            "to": "maria@example.org",
            "title": "Appointment",
            "text": message.text,
            "language": "en-US",
            "purpose": "care",
            "reference": "pat_1 x lang=en-US",
            "html": "<p>Hi</p>",
            "headers": {"List-Unsubscribe": "<https://x.example>"},
            "attachments": [{"name": "visit.ics", "type": "text/calendar", "content": "QkVHSU4="}],
        }

    @pytest.mark.parametrize("lost", ["drop", "drop after", "500", "408", "409"])
    async def test_what_was_lost_comes_again_under_the_same_id(self, lost: str) -> None:
        receiver, message = Receiver(), a_message("push", to="Patient/1")
        receiver.answers = [web.Response(status=int(lost)) if lost.isdigit() else lost]
        async with served(receiver.take) as url, aiohttp.ClientSession() as session:
            assert isinstance(await hook(session, url).send(message), Accepted)
        assert receiver.ids == [message.message_id] * 2
        assert len(receiver.taken) == 1

    async def test_lost_for_good_is_unknown(self) -> None:
        receiver = Receiver()
        receiver.answers = ["drop after"] * 5
        async with served(receiver.take) as url, aiohttp.ClientSession() as session:
            assert isinstance(await hook(session, url).send(a_message("push")), Unknown)
        assert len(receiver.ids) == QUICK.tries

    @pytest.mark.parametrize(
        ("status", "body", "code"),
        [
            *((400, {"code": code}, code) for code in FAILURES),
            (422, {"code": "something else"}, "content"),
            (413, {}, "content"),
        ],
    )
    async def test_refused_by_a_code_that_is_known(self, status: int, body: object, code: str) -> None:
        receiver = Receiver()
        receiver.answers = [web.json_response(body, status=status)]
        async with served(receiver.take) as url, aiohttp.ClientSession() as session:
            result = await hook(session, url).send(a_message("push"))
        assert isinstance(result, Refused)
        assert result.code == code

    @pytest.mark.parametrize("status", [301, 401, 403, 404, 410, 429, 503])
    async def test_not_now_is_deferred_and_the_receiver_left_alone(self, status: int) -> None:
        receiver = Receiver()
        receiver.answers = [web.Response(status=status, headers={"Retry-After": "30"})]
        async with served(receiver.take) as url, aiohttp.ClientSession() as session:
            channel = hook(session, url)
            for _ in range(3):
                result = await channel.send(a_message("push"))
                assert isinstance(result, Deferred)
                assert url not in result.reason
        assert len(receiver.ids) == 1

    async def test_nobody_there_is_deferred(self) -> None:
        async with aiohttp.ClientSession() as session:
            assert isinstance(await hook(session, "http://127.0.0.1:1/").send(a_message("push")), Deferred)


class TestThePage:
    """The module that docs/channels.md shows is a provider."""

    @pytest.fixture
    def module(self, monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
        (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
        made = types.ModuleType("our_gateway")
        exec(compile(code, "docs/channels.md", "exec"), made.__dict__)
        monkeypatch.setitem(sys.modules, "our_gateway", made)
        return made

    @pytest.mark.parametrize(
        ("status", "told", "expected"),
        [
            (200, {"id": "g1"}, Accepted("g1")),
            (429, {}, Deferred("the gateway asks for fewer messages", 7.0)),
            (404, {"error": "no such number"}, Refused("invalid-address", FAILURES["invalid-address"])),
            (500, {}, Unknown("the gateway answered 500")),
            (403, {}, Deferred("the gateway answered 403")),
        ],
    )
    async def test_it_works(
        self, module: types.ModuleType, status: int, told: object, expected: object
    ) -> None:
        seen: list[dict[str, str]] = []

        async def take(request: web.Request) -> web.Response:
            seen.append(orjson.loads(await request.read()))
            return web.json_response(told, status=status, headers={"Retry-After": "7"})

        async with served(take) as url, aiohttp.ClientSession() as session:
            made = channels(session, HEARTHLINE_PROVIDERS='{"sms": "module:our_gateway:make"}')["sms"]
            assert isinstance(made, module.Gateway)
            message = a_message("sms")
            assert await module.Gateway(session, url).send(message) == expected
            assert seen[0]["reference"] == message.message_id

    def test_it_names_every_kind_of_failure(self) -> None:
        for code, words in FAILURES.items():
            assert f"| `{code}` | {words} |" in PAGE.read_text()

    def test_its_settings_are_ones(self) -> None:
        examples = [
            json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
        ]
        providers = [each for each in examples if isinstance(each, dict) and "sms" in each]
        assert len(providers) == 2
        hooks = json.dumps({"our-gateway": HOOK["gateway"]})
        for each in providers:
            chosen(HEARTHLINE_WEBHOOKS=hooks, HEARTHLINE_PROVIDERS=json.dumps(each))
