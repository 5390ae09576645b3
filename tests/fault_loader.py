"""A loader with real faults, for worker processes: a file's first word says which."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

from ingest.load import LoadOptions, RawFile
from rag_app.types import TEXT, Heading, LoadedDocument, Page


def abort(_file):
    os.abort()


def leave(_file):
    os._exit(0)


def sleep(file):
    file.path.with_suffix(".pid").write_text(str(os.getpid()))
    while True:
        time.sleep(60)


def spin(_file):
    while True:
        pass


def allocate(_file):
    held = []
    while True:
        held.append(b"x" * 10_000_000)


def recurse(file):
    return recurse(file)


def fetch(_file):
    socket.create_connection(("127.0.0.1", 9), timeout=1)


def start(_file):
    subprocess.run([sys.executable, "-c", "0"], check=True)


def chatter(_file):
    print("not an answer")  # noqa: T201
    os.write(1, b"nor this")


FAULTS = {
    one.__name__: one
    for one in (abort, leave, sleep, spin, allocate, recurse, fetch, start, chatter)
}


class OwnString(str):
    """As libraries give them; no answer of a worker may hold one."""

    __slots__ = ()


def in_own_strings(text: str) -> LoadedDocument:
    own = OwnString(text)
    headings = (Heading(1, 1, own),)
    return LoadedDocument(TEXT, (Page(1, own, own),), own, headings, {own: own}, own)


def load(file: RawFile, options: LoadOptions) -> LoadedDocument:
    text = file.data.decode()
    if fault := FAULTS.get(text.split()[0]):
        fault(file)
    if text.startswith("slow"):  # and honest: it tells of each page
        for _ in range(20):
            options.on_page()
            time.sleep(0.2)
    if text.startswith("strings"):
        return in_own_strings(text)
    pages = int(text.split()[1]) if text.startswith("pages") else 1
    return LoadedDocument(TEXT, tuple(Page(number + 1, text) for number in range(pages)))
