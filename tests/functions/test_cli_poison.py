"""`hearthline poison` on a deployment, and what it is for: a bug, its poison, the mending, the replay."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from bus_ward import on_the_bus, opened
from product_kit import Product
from typer.testing import CliRunner
from ward import Ward

from cli.main import app
from sandbox.plan import app_settings
from sandbox.play import resources as make
from shared.adapters.queue_rest import StorageQueues
from shared.adapters.storage_rest import StorageRest, connection_account
from shared.adapters.table_store import TABLE
from shared.adapters.tables import Write
from shared.bootstrap import build
from shared.config import settings
from shared.fhir.instants import Instant
from shared.patient.record import patient_key
from shared.queues import CHANGES, INBOUND, OUTBOX, QUEUES, REPORTS
from shared.usecases.jobs import Inbound, Job, Refresh, Report, encode_job
from shared.usecases.poison import purges

AT = Instant(1_772_550_000_000_000)
BY = ("--by", "u17", "--reason", "a test's")


class Command:
    """The command line on one deployment."""

    def __init__(self, settings_file: Path) -> None:
        self.settings_file = settings_file

    def __call__(self, *words: str, code: int = 0, answer: str = "") -> str:
        all_words = ["poison", *words, "--settings", str(self.settings_file)]
        result = CliRunner().invoke(app, all_words, input=answer, env={"COLUMNS": "250"})
        assert result.exit_code == code, result.output
        return result.output

    def shown(self, queue: str) -> list[dict[str, object]]:
        found = json.loads(self("show", queue, "--json"))
        assert isinstance(found, list)
        return found

    def counts(self) -> dict[str, int]:
        """Count what each queue gave up, where it did."""
        told = CliRunner().invoke(app, ["poison", "list", "--json", "--settings", str(self.settings_file)])
        found = {each["queue"]: each["count"] for each in json.loads(told.output)}
        assert set(found) == set(QUEUES)
        some = {queue: count for queue, count in found.items() if count}
        assert told.exit_code == (1 if some else 0)
        return some


@pytest.fixture
def run(deployment: Path) -> Iterator[Command]:
    """Give the command line on storage that other tests use too: nothing is given up there afterwards.

    What others left on queues that nobody listens to is taken off before.
    """
    command = Command(deployment)
    for queue in QUEUES:
        asyncio.run(bodies(deployment, queue))
    yield command
    for queue in command.counts():
        command("purge", queue, "--all", "--yes", *BY)


def values(deployment: Path) -> dict[str, str]:
    """Read the settings of a deployment."""
    found = json.loads(deployment.read_text())["Values"]
    assert isinstance(found, dict)
    return found


async def give_up(deployment: Path, queue: str, *jobs: Job) -> None:
    """Put jobs where the host puts what failed too often."""
    connection = values(deployment)["AzureWebJobsStorage"]
    async with aiohttp.ClientSession() as session:
        queues = StorageQueues(StorageRest(connection_account(connection, "queue"), session))
        await queues.create(f"{queue}-poison")
        for job in jobs:
            await queues.send(f"{queue}-poison", encode_job(job))


async def bodies(deployment: Path, queue: str) -> list[bytes]:
    """Take what stands in a queue."""
    connection = values(deployment)["AzureWebJobsStorage"]
    async with aiohttp.ClientSession() as session:
        rest = StorageRest(connection_account(connection, "queue"), session)
        answer = await rest.queue("GET", f"{queue}/messages", {"numofmessages": "32"})
        await rest.queue("DELETE", f"{queue}/messages", {})
    return [base64.b64decode(text) for text in re.findall(rb"<MessageText>([^<]*)<", answer.body)]


def test_nothing_given_up_is_said(run: Command) -> None:
    assert "No queue gave anything up" in run("list")
    assert "changes gave nothing up" in run("show", CHANGES)
    assert run.shown(CHANGES) == []
    assert "0 put back onto changes" in run("replay", CHANGES, "--all")


def test_what_a_patient_wrote_is_not_shown_only_which_reply_it_was(run: Command, deployment: Path) -> None:
    said = Inbound("in-77", "sms", "+15555550177", "I feel sick", AT)
    asyncio.run(give_up(deployment, INBOUND, said))
    assert re.search(r"inbound +│ +1 ", run("list", code=1))
    told = run("show", INBOUND) + json.dumps(run.shown(INBOUND))
    assert "inbound_id in-77" in told
    assert "5550177" not in told
    assert "sick" not in told
    (shown,) = run.shown(INBOUND)
    assert (shown["kind"], shown["ids"]) == ("inbound", [["inbound_id", "in-77"], ["channel", "sms"]])
    assert (shown["deliveries"], shown["reason"], shown["queue"]) == (None, "", INBOUND)


def test_the_chosen_and_then_all_go_back_onto_their_queue(run: Command, deployment: Path) -> None:
    jobs = [Report(f"m-{number}", "k", "delivered", AT) for number in range(3)]
    asyncio.run(give_up(deployment, REPORTS, *jobs))
    first = str(run.shown(REPORTS)[0]["id"])
    told = run("replay", REPORTS, first, "nowhere", code=1)
    assert "1 put back onto reports" in told
    assert "not there, or in somebody else's hands: nowhere" in told
    assert run.counts() == {REPORTS: 2}
    assert asyncio.run(bodies(deployment, REPORTS)) == [encode_job(jobs[0])]
    assert "2 put back onto reports" in run("replay", REPORTS, "--all")
    assert run.counts() == {}
    assert asyncio.run(bodies(deployment, REPORTS)) == [encode_job(job) for job in jobs[1:]]


def test_throwing_away_asks_first_and_is_written_down(run: Command, deployment: Path) -> None:
    asyncio.run(give_up(deployment, OUTBOX, Refresh("key-1"), Refresh("key-2")))
    assert "Nothing was done" in run("purge", OUTBOX, "--all", *BY, code=1, answer="n\n")
    assert run.counts() == {OUTBOX: 2}
    one = str(run.shown(OUTBOX)[0]["id"])
    told = run("purge", OUTBOX, one, *BY, answer="y\n")
    assert "1 messages will be gone" in told
    assert "1 thrown away" in told
    assert "1 thrown away" in run("purge", OUTBOX, "--all", "--yes", *BY)
    assert run.counts() == {}
    assert asyncio.run(bodies(deployment, OUTBOX)) == []

    async def noted() -> list[tuple[str, str, tuple[tuple[str, str], ...]]]:
        async with aiohttp.ClientSession() as session:
            services = await build(settings(values(deployment)), session)
            return [(p.by, p.reason, p.ids) for p in await purges(services) if p.queue == OUTBOX]

    assert asyncio.run(noted()) == [("u17", "a test's", (("key", f"key-{n}"),)) for n in (1, 2)]


def test_wrong_words_are_told(run: Command) -> None:
    assert "did you mean outbox?" in run("show", "outbx", code=1)
    assert "did you mean outbox?" in run("replay", "outbox-poison", "--all", code=1)
    assert "say --all" in run("replay", OUTBOX, code=2)
    assert "say --all" in run("replay", OUTBOX, "x", "--all", code=2)
    assert "needs somebody" in run("purge", OUTBOX, "--all", "--yes", "--by", " ", "--reason", "x", code=1)


def command_on(product: Product, folder: Path) -> Command:
    """Give the command line on a running product."""
    path = folder / "local.settings.json"
    chosen = app_settings(product.stack.plan, product.stack.access_key)
    path.write_text(json.dumps({"Values": chosen}))
    return Command(path)


@asynccontextmanager
async def unreadable(product: Product, patient_id: str) -> AsyncIterator[None]:
    """Make a patient's record unreadable for a while: no other system's absence explains that."""
    key = patient_key(patient_id)
    async with product.opened() as services:
        tables = services.patients._tables
        found = await tables.get(TABLE, key, f"{key}-0")
        assert found is not None
        head = next(name for name, value in found[0].items() if isinstance(value, bytes) and "head" in name)
        await tables.write(TABLE, Write("merge", key, f"{key}-0", {head: b"\0\0\0\x04spam"}))
        yield
        await tables.write(TABLE, Write("merge", key, f"{key}-0", {head: found[0][head]}))


async def poisoned(ward: Ward, command: Command, patient_id: str, tries: int | None) -> str:
    """Tell of a result that cannot be taken in: the id of the message that is given up in the end."""
    event = ward.put(make.hba1c(patient_id, 1, 9.8, ward.now))
    assert ward.product.call("POST", "/api/fhir/notifications/events", [event]).status == 200
    await ward.product.idle()
    (shown,) = await asyncio.to_thread(command.shown, CHANGES)
    assert shown["kind"] == "change"
    assert ["resource_id", f"{patient_id}-hba1c-1"] in shown["ids"]
    assert shown["deliveries"] == tries
    return str(shown["id"])


async def healed(ward: Ward, command: Command, number: str, letter_id: str) -> None:
    """Replay it, once it can be taken in: the message that it leads to goes out."""
    assert ward.sent(number) == []
    assert "1 put back" in await asyncio.to_thread(command, "replay", CHANGES, letter_id)
    assert (await ward.product.idle()).poisoned == {}
    assert len(ward.sent(number)) == 1


async def test_what_a_bug_poisoned_arrives_once_it_is_mended(ward: Ward, tmp_path: Path) -> None:
    command = command_on(ward.product, tmp_path)
    await ward.admit("p-healed", "+15555556301")
    async with unreadable(ward.product, "p-healed"):
        given_up = await poisoned(ward, command, "p-healed", tries=None)
        await ward.run_timer("watch")
    log = (ward.product.stack.plan.folder / "logs" / "host.log").read_text()
    assert "watch: changes: 1 messages were given up" in log
    await healed(ward, command, "+15555556301", given_up)


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Product]:
    """Give a product on Service Bus."""
    with on_the_bus(tmp_path) as product:
        yield product


async def test_dead_letters_do_so_too_and_come_back_until_then(bus: Product, tmp_path: Path) -> None:
    ward, command = await opened(bus), command_on(bus, tmp_path)
    await ward.admit("p-healed", "+15555556302")
    async with unreadable(bus, "p-healed"):
        first = await poisoned(ward, command, "p-healed", tries=8)
        await asyncio.to_thread(command, "replay", CHANGES, first)
        await bus.idle()
        (again,) = await asyncio.to_thread(command.shown, CHANGES)
        assert again["id"] != first
        assert str(again["reason"]).startswith("MaxDeliveryCountExceeded")
        await ward.run_timer("watch")
    assert "watch: changes: 1 messages" in (bus.stack.plan.folder / "logs" / "host.log").read_text()
    await healed(ward, command, "+15555556302", str(again["id"]))
