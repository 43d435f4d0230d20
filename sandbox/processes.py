"""Child processes of the local stack: started in a group of their own, watched until healthy, never orphaned.

A child dies with its parent even when the parent is killed with SIGKILL: on Linux by PR_SET_PDEATHSIG
(prctl(2)). The signal follows the *thread* that started the child, so start from one that lives as long
as the stack does: the main thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from sandbox.ports import demand_free

HEALTH_LIMIT = 30.0
STOP_LIMIT = 5.0
_POLL = 0.02
_PR_SET_PDEATHSIG = 1
_LOG_TAIL = 15

Ready = Callable[[int, bytes], bool]
"""Does this answer (HTTP status, body) of the health path say that the service can work?"""


class ServiceFailedError(Exception):
    """A service ended or did not become healthy; the message ends with its last log lines."""


def answers(status: int, _body: bytes) -> bool:
    """Any answer but a server's fault: what a service without a health path can be held to."""
    return status < 500


@dataclass(frozen=True, slots=True)
class Service:
    """What to run, where it listens and how it shows its health."""

    name: str
    argv: tuple[str, ...]
    port: int
    flag: str
    """The command line option that changes the port."""
    health: str = "/"
    ready: Ready = answers
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    ending: signal.Signals = signal.SIGTERM
    """The signal that it ends by in peace."""

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"


class Child:
    """One running service."""

    def __init__(self, service: Service, logs: Path) -> None:
        self.service = service
        logs.mkdir(parents=True, exist_ok=True)
        self.log = logs / f"{service.name}.log"
        self._process = _spawn(service, self.log)

    @property
    def pid(self) -> int:
        """The process id, which is the process group's too."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def wait_healthy(self, limit: float = HEALTH_LIMIT) -> None:
        """Block until the health path answers as it should; ServiceFailedError after `limit` seconds."""
        end = time.monotonic() + limit
        while not self._healthy():
            if not self.running:
                raise ServiceFailedError(self.ended())
            if time.monotonic() > end:
                raise ServiceFailedError(self._failure(f"was not healthy within {limit:g} s"))
            time.sleep(_POLL)

    def ended(self) -> str:
        """Say how it ended, with its last log lines."""
        return self._failure(f"ended with status {self._process.poll()}")

    def kill(self) -> None:
        """SIGKILL, and wait for the end."""
        self._signal(signal.SIGKILL)
        self._process.wait()

    def stop(self, limit: float = STOP_LIMIT) -> None:
        """Ask it to end, then SIGKILL after `limit` seconds; what is left of the group goes too."""
        self.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(limit)
        self.kill()

    def terminate(self) -> None:
        """Ask it to end, without waiting."""
        self._signal(self.service.ending)

    def _healthy(self) -> bool:
        answer = probe(self.service.url + self.service.health)
        return answer is not None and self.service.ready(*answer)

    def _signal(self, number: signal.Signals) -> None:
        # all gone is well; macOS says EPERM for a zombie's group
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def _failure(self, what: str) -> str:
        tail = self.log.read_text(errors="replace").splitlines()[-_LOG_TAIL:]
        return "\n".join([f"{self.service.name} {what}; its log ({self.log}) ends with:", *tail])


class Children:
    """The services of one stack, stopped in the reverse of their order."""

    def __init__(self) -> None:
        self._children: dict[str, Child] = {}

    def start(self, service: Service, logs: Path) -> Child:
        """Start it without waiting. PortTakenError, and OSError when there is no such program."""
        demand_free(service.port, service.name, service.flag)
        child = Child(service, logs)
        self._children[service.name] = child
        return child

    async def restart(self, name: str, logs: Path, kill: bool) -> Child:
        """End one, by SIGKILL or in peace, and start it again without waiting for its health."""
        old = self._children[name]
        await asyncio.to_thread(old.kill if kill else old.stop)
        return self.start(old.service, logs)

    def all(self) -> list[Child]:
        """Every child in the order of starting."""
        return list(self._children.values())

    def stop(self) -> None:
        """Stop all, the last started first."""
        for child in reversed(self.all()):
            child.stop()
        self._children.clear()


def probe(url: str, timeout: float = 2.0) -> tuple[int, bytes] | None:
    """GET `url` once: (status, body), or None when nobody answers."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        connection.request("GET", f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}")
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _spawn(service: Service, log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as out:
        return subprocess.Popen(
            service.argv,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **service.env},
            cwd=service.cwd,
            process_group=0,
            preexec_fn=_die_with(os.getpid()),
        )


def _prctl() -> Callable[[int, int], int] | None:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)  # looked up before the fork: between fork and exec only simple calls are safe
    return lambda option, value: int(libc.prctl(option, value))


_PRCTL = _prctl()


def _die_with(parent: int) -> Callable[[], None]:
    def tie() -> None:
        if _PRCTL is not None:
            _PRCTL(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:  # it died before the line above
                os._exit(1)

    return tie
