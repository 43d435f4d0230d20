"""The stand-in as a process: it says where it serves, stops when told, and names a taken port."""

from __future__ import annotations

import asyncio
import signal
import sys

import aiohttp
from acs_kit import KEY, a_message

from shared.adapters.acs_auth import AcsKey
from shared.adapters.acs_http import AcsHttp
from shared.adapters.acs_sms import AcsSms
from shared.adapters.clock import FileClock
from shared.fhir.instants import parse_instant
from shared.message.outbound import Accepted


async def start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox.acs", "--access-key", KEY, *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def test_serves_in_virtual_time_until_told_to_stop(tmp_path):
    clock = FileClock.create(tmp_path / "clock", parse_instant("2021-04-01T08:00:00Z"), speed=0.0)
    process = await start("--port", "0", "--clock", str(tmp_path / "clock"))
    url = (await process.stdout.readline()).decode().split()[-1]
    async with aiohttp.ClientSession() as session:
        message = a_message("sms", first_sent=clock.now())
        result = await AcsSms(AcsHttp(session, url, AcsKey(KEY)), "+15550100").send(message)
        assert isinstance(result, Accepted)
        assert result.provider_id.startswith("Outgoing_20210401080000")
        taken = await start("--port", url.rpartition(":")[2])
        _, said = await taken.communicate()
        assert taken.returncode == 2
        assert said.decode().splitlines() == [
            f"sandbox.acs: port {url.rpartition(':')[2]} is taken; choose another with --port"
        ]
        stream = await session.get(f"{url}/sandbox/stream")  # an open page must not hold it up
        process.send_signal(signal.SIGTERM)
        _, errors = await asyncio.wait_for(process.communicate(), 20)
        stream.close()
    assert (process.returncode, errors) == (0, b"")
