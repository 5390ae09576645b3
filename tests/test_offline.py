"""The default path in a process that cannot reach any network.

Twice, in two ways: in a network namespace of its own that has a loopback device and nothing else
(where the kernel permits that), and with Python's sockets replaced, which also tells who tried.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import pytest
from cli_samples import SAMPLES, Cli, environment

QUESTION = "How long does the warranty of a Heron last?"
NAMESPACE = [
    "unshare",
    "--net",
    "--map-root-user",
    "sh",
    "-c",
    'ip link set lo up && exec "$@"',
    "-",
]

GUARD = '''
"""Refuses, and writes down, every attempt to leave this machine. Loaded by every Python process."""
import os
import socket
import sys

LOG = os.environ["OFFLINE_LOG"]
HERE = {"localhost", "127.0.0.1", "::1", "0.0.0.0", "::", "", None, socket.gethostname()}


def refuse(what):
    with open(LOG, "a") as log:
        log.write(f"{what!r} by {sys.argv}\\n")
    raise OSError(f"no network in this test: {what!r}")


def is_here(host):
    host = host.decode() if isinstance(host, bytes) else host
    return host in HERE or host.startswith("127.")


def guarded(method):
    def connect(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and not is_here(address[0]):
            refuse(address)
        return method(self, address)
    return connect


def guarded_lookup(function):
    def look_up(host, *arguments, **options):
        if not is_here(host):
            refuse(host)
        return function(host, *arguments, **options)
    return look_up


class Guarded(socket.socket):
    connect = guarded(socket.socket.connect)
    connect_ex = guarded(socket.socket.connect_ex)


socket.socket = Guarded
for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
    setattr(socket, name, guarded_lookup(getattr(socket, name)))
open(os.environ["OFFLINE_LOG"] + ".loaded", "a").write("x")
'''


@cache
def namespaces_are_permitted() -> bool:
    if not shutil.which("unshare") or not shutil.which("ip"):
        return False
    return subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode == 0


@dataclass(frozen=True)
class Offline:
    """Runs Python with no way out.

    Attributes:
        folder: Everything is kept here.
        prefix: Put before the command.
    """

    folder: Path
    prefix: Sequence[str]

    def variables(self) -> dict[str, str]:
        guard = self.folder / "guard"
        guard.mkdir(exist_ok=True)
        (guard / "sitecustomize.py").write_text(GUARD)
        log = str(self.folder / "attempts")
        return environment(self.folder, PYTHONPATH=str(guard), OFFLINE_LOG=log)

    def command(self, *arguments: object) -> list[str]:
        return [*self.prefix, sys.executable, *map(str, arguments)]

    def run(self, *arguments: object) -> str:
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.variables(),
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def attempts(self) -> str:
        """Who tried to leave; the guard must have been at work."""
        assert (self.folder / "attempts.loaded").exists()
        log = self.folder / "attempts"
        return log.read_text() if log.exists() else ""


@pytest.fixture(params=["namespace", "sockets"], scope="module")
def offline(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Offline:
    if request.param == "namespace" and not namespaces_are_permitted():
        pytest.skip("network namespaces are not permitted here (unshare --net)")
    folder = tmp_path_factory.mktemp("offline")
    docs = folder / "docs"
    docs.mkdir()
    for name in ("warranty-and-returns.pdf", "customer-faq.md", "dipper-quick-start.txt"):
        shutil.copy(SAMPLES / name, docs)
    return Offline(folder, NAMESPACE if request.param == "namespace" else [])


def test_the_guard_holds(offline: Offline) -> None:
    """Without this, the other tests would prove nothing."""
    code = (
        "import socket\n"
        "def fails(act):\n"
        "    try: act()\n"
        "    except OSError: return True\n"
        "assert fails(lambda: socket.create_connection(('192.0.2.1', 80), 2))\n"
        "assert fails(lambda: socket.getaddrinfo('example.org', 80))\n"
        "with socket.create_server(('127.0.0.1', 0)) as server:\n"
        "    socket.create_connection(server.getsockname(), 2).close()\n"
    )
    offline.run("-c", code)
    attempts = offline.attempts()
    assert "192.0.2.1" in attempts
    assert "example.org" in attempts
    (offline.folder / "attempts").unlink()


def test_ingest_ask_and_doctor(offline: Offline) -> None:
    report = json.loads(offline.run("-m", "ingest", "docs", "--json"))
    assert report["totals"]["states"] == {"added": 3}
    answer = json.loads(offline.run("-m", "rag_app", "ask", "--json", QUESTION))
    assert not answer["abstained"]
    assert answer["citations"]
    assert json.loads(offline.run("-m", "rag_app", "doctor", "--json"))["problems"] == 0
    assert offline.attempts() == ""


# What asks for a page inside the namespace, where the server is: argv is the server's port.
FETCH = r"""
import socket, subprocess, sys, time
from urllib.request import ProxyHandler, build_opener

port = sys.argv[1]
command = [sys.executable, "-m", "rag_app", "serve", "--port", port]
server = subprocess.Popen(command, stdin=subprocess.DEVNULL)
fetch = build_opener(ProxyHandler({})).open
try:
    for attempt in range(600):
        assert server.poll() is None, "the server has ended"
        try:
            assert fetch(f"http://127.0.0.1:{port}/_stcore/health", timeout=5).read() == b"ok"
            break
        except OSError:
            time.sleep(0.1)
    page = fetch(f"http://127.0.0.1:{port}/", timeout=5).read().decode()
    assert "<title>" in page, page
    # Nor does a page of somewhere else connect, or make the server ask who it is.
    with socket.create_connection(("127.0.0.1", int(port)), 60) as stranger:
        stranger.sendall(
            b"GET /_stcore/stream HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            b"Sec-WebSocket-Version: 13\r\nOrigin: http://elsewhere.example\r\n\r\n"
        )
        assert b" 403 " in stranger.recv(1000)
finally:
    server.terminate()
    server.wait(20)
print("served")
"""


def test_the_pages_are_served(offline: Offline) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    assert offline.run("-c", FETCH, port).strip().endswith("served")
    assert offline.attempts() == ""


# Runs the chat page itself and asks on it; the server above only hands out its frame.
CHAT = """
import sys
from streamlit.testing.v1 import AppTest
from rag_app.ui.launch import ENTRY

page = AppTest.from_file(str(ENTRY), default_timeout=90).run()
assert not page.exception, page.exception
page.chat_input[0].set_value(sys.argv[1]).run()
assert not page.exception, page.exception
print(" ".join(element.value for element in page.markdown))
"""


def test_the_chat_page_answers(offline: Offline) -> None:
    shown = offline.run("-c", CHAT, QUESTION)
    assert "five if you register" in shown, shown
    assert offline.attempts() == ""


def test_a_busy_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = Cli(tmp_path).rag("serve", "--port", port)
    assert done.returncode == 2
    assert f"127.0.0.1:{port}" in done.stderr
    assert "Serving" not in done.stderr


def test_serve_says_where_and_ends_on_ctrl_c(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = Cli(tmp_path).start("-m", "rag_app", "serve", "--port", port)
    assert process.stderr is not None
    assert f"http://localhost:{port}" in process.stderr.readline()
    fetch = build_opener(ProxyHandler({})).open
    until = time.monotonic() + 60
    while True:
        try:
            assert fetch(f"http://127.0.0.1:{port}/_stcore/health", timeout=5).read() == b"ok"
            break
        except OSError:
            assert time.monotonic() < until
            time.sleep(0.1)
    os.kill(process.pid, 2)
    _, said = process.communicate(timeout=30)
    assert process.returncode in (0, 130), said
    assert "Traceback" not in said
