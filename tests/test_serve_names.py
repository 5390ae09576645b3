"""By which names a real server of the pages may be reached, seen at its web sockets."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from cli_samples import Cli

NAME = "docs.example.org"
PORT = "PORT"
"""Stands for the server's own in what a browser says."""


@contextmanager
def serving(folder: Path, *flags: str) -> Iterator[int]:
    """``rag serve`` with the flags, on a free port of loopback, which it gives."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = Cli(folder).start("-m", "rag_app", "serve", "--port", str(port), *flags)
    try:
        until = time.monotonic() + 60
        while not listens(port):
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < until
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.communicate(timeout=30)


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def status(port: int, host: str, origin: str) -> int:
    """What the server answers to a browser that wants to speak with a page."""
    lines = [
        "GET /_stcore/stream HTTP/1.1",
        f"Host: {host}",
        f"Origin: {origin}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    request = "\r\n".join([*lines, "", ""]).replace(PORT, str(port))
    with closing(socket.create_connection(("127.0.0.1", port), 60)) as browser:
        browser.sendall(request.encode())
        return int(browser.recv(1000).split()[1])


OURS = (f"localhost:{PORT}", f"http://localhost:{PORT}")
PROXY_KEEPS = (NAME, f"https://{NAME}")
"""What a reverse proxy hands on that keeps the name, and one that does not."""
PROXY_CHANGES = (f"127.0.0.1:{PORT}", f"https://{NAME}")
STRANGER = (f"127.0.0.1:{PORT}", "https://elsewhere.example")
REBOUND = (f"elsewhere.example:{PORT}", f"http://elsewhere.example:{PORT}")
"""A page whose name leads to this machine."""

COME_IN, NO = 101, 403


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ((), {OURS: COME_IN, PROXY_KEEPS: NO, PROXY_CHANGES: NO, STRANGER: NO, REBOUND: NO}),
        (
            ("--name", NAME),
            {OURS: COME_IN, PROXY_KEEPS: COME_IN, PROXY_CHANGES: COME_IN}
            | {STRANGER: NO, REBOUND: NO},
        ),
        # Open to a network, whose names are not known here.
        (("--host", "0.0.0.0"), {OURS: COME_IN, REBOUND: COME_IN, STRANGER: NO}),
    ],
    ids=["this machine", "behind a proxy", "open"],
)
def test_who_may_come_in(
    tmp_path: Path, flags: tuple[str, ...], expected: dict[tuple[str, str], int]
) -> None:
    with serving(tmp_path, *flags) as port:
        assert {said: status(port, *said) for said in expected} == expected
