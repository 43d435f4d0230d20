"""Child processes: health, failure, order of stopping, and no orphan whatever happens to the parent."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from sandbox.ports import PortTakenError, free_ports
from sandbox.processes import Children, Service, ServiceFailedError

ECHO = """
import http.server, sys
address = ("127.0.0.1", int(sys.argv[1]))
http.server.HTTPServer(address, http.server.SimpleHTTPRequestHandler).serve_forever()
"""
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + ECHO


def service(code: str = ECHO, name: str = "echo") -> Service:
    port = free_ports(1)[0]
    return Service(name, (sys.executable, "-c", code, str(port)), port, "--echo-port")


def alive(pid: int) -> bool:
    """Tell whether a process runs (a zombie, ended but not yet waited for, does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_service_is_healthy_then_stopped(tmp_path: Path) -> None:
    children = Children()
    child = children.start(service(), tmp_path)
    child.wait_healthy()
    assert child.running
    children.stop()
    assert not alive(child.pid)
    assert children.all() == []


def test_a_service_that_ends_shows_its_last_words(tmp_path: Path) -> None:
    children = Children()
    child = children.start(service("raise SystemExit('the moon is wrong')"), tmp_path)
    with pytest.raises(ServiceFailedError, match=r"echo ended with status 1.*\n.*the moon is wrong"):
        child.wait_healthy()
    children.stop()


def test_a_service_that_never_answers_runs_out_of_time(tmp_path: Path) -> None:
    children = Children()
    child = children.start(service("import signal; signal.pause()"), tmp_path)
    with pytest.raises(ServiceFailedError, match=r"not healthy within 0\.1 s"):
        child.wait_healthy(0.1)
    children.stop()


def test_one_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    child = Children().start(service(STUBBORN), tmp_path)
    child.wait_healthy()
    child.stop(limit=0.1)
    assert not alive(child.pid)


def test_a_taken_port_names_port_service_and_flag(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(
            PortTakenError, match=rf"^port {port} for echo is taken: .*--port-base .*--echo-port too\)$"
        ):
            Children().start(Service("echo", ("true",), port, "--echo-port"), tmp_path)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="PR_SET_PDEATHSIG is Linux's")
def test_no_orphan_when_the_parent_is_killed(tmp_path: Path) -> None:
    script = f"""
        import signal, sys
        from pathlib import Path
        from sandbox.processes import Children, Service
        idle = (sys.executable, "-c", "import signal; signal.pause()")
        service = Service("idle", idle, {free_ports(1)[0]}, "--f")
        child = Children().start(service, Path({str(tmp_path)!r}))
        print(child.pid, flush=True)
        signal.pause()
    """
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert alive(pid)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    end = time.monotonic() + 5
    while alive(pid) and time.monotonic() < end:
        os.sched_yield()
    assert not alive(pid)


def test_azurite_answers_with_the_connection_string(azurite: str) -> None:
    from azure.storage.queue import QueueClient

    with QueueClient.from_connection_string(azurite, "greetings") as queue:
        queue.create_queue()
        queue.send_message("hello")
        assert [message.content for message in queue.receive_messages()] == ["hello"]
