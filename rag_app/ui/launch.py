"""Starts the pages: ``serve`` is what ``rag serve`` calls.

Streamlit takes its options from files that depend on the folder it is started in. They are given
as flags here, so that the pages look and behave the same wherever ``rag serve`` is called.
"""

from __future__ import annotations

import json
import math
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from rag_app.errors import UsageError
from rag_app.settings import Assigned, Settings

FLAGS_ARGUMENT = "--rag-flags="
"""Argument of the script that carries the values given to ``rag serve`` as flags, in JSON.

Streamlit runs in this very process, so that they stand in no process list.
"""

_ASSIGNED = "--set"
"""Key of the names among them that were given with ``--set``."""

UPLOAD_MARGIN = 4
"""How many times the size limit a file may have to be taken, and refused with a sentence."""

LOCAL_NAMES = ["localhost", "127.0.0.1"]
"""What a browser may call a server that listens on this machine only; others are refused, so that
no page of somewhere else reaches it by a name that leads here (DNS rebinding)."""

ENTRY = Path(__file__).with_name("app.py")

OPTIONS: Mapping[str, object] = {
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.toolbarMode": "minimal",
    "server.address": "127.0.0.1",
    "server.allowedHosts": LOCAL_NAMES,
    "server.fileWatcherType": "none",
    "server.showEmailPrompt": False,
    "theme.font": "sans-serif",
    "theme.headingFont": "serif",
    "theme.baseRadius": "0.6rem",
    "theme.paddingTop": "1.2rem",
    "theme.light.primaryColor": "#0f6b5c",
    "theme.light.backgroundColor": "#fdfcf9",
    "theme.light.secondaryBackgroundColor": "#f4f1ea",
    "theme.light.textColor": "#22262a",
    "theme.light.borderColor": "#e3ded3",
    "theme.light.linkColor": "#0f6b5c",
    "theme.light.greenColor": "#0f6b5c",
    "theme.light.greenTextColor": "#0b5a4d",
    "theme.light.sidebar.backgroundColor": "#f4f1ea",
    "theme.light.sidebar.secondaryBackgroundColor": "#e9e4d9",
    "theme.dark.primaryColor": "#4fb8a0",
    "theme.dark.backgroundColor": "#15191b",
    "theme.dark.secondaryBackgroundColor": "#1f2527",
    "theme.dark.textColor": "#e9e6df",
    "theme.dark.borderColor": "#343c3f",
    "theme.dark.linkColor": "#6fcdb6",
    "theme.dark.greenColor": "#4fb8a0",
    "theme.dark.greenTextColor": "#7fd6c1",
    "theme.dark.sidebar.backgroundColor": "#101314",
    "theme.dark.sidebar.secondaryBackgroundColor": "#242b2d",
}
"""Streamlit's options; ``.streamlit/config.toml`` holds the same for ``streamlit run``."""


def serve(
    settings: Settings, host: str = "127.0.0.1", port: int = 8501, name: str | None = None
) -> None:
    """Serves the pages until the process is interrupted.

    Args:
        settings: What is in force; values given as flags reach the pages as flags.
        host: Address to listen on. Beyond loopback, anyone who reaches it can read the documents.
        port: TCP port.
        name: The name in the address that browsers are given, where a reverse proxy hands the
            pages on: ``docs.example.org``.

    Raises:
        UsageError: The port is taken, or the address is not one of this machine.
    """
    from streamlit.web import cli

    check_free(host, port)
    ask_nobody_for_this_address()
    given = arguments(settings, host, port, name)
    cli.main(given, prog_name="streamlit", standalone_mode=False)


def ask_nobody_for_this_address() -> None:
    """Keeps Streamlit from asking outside which address this machine has.

    It would do so whenever a page of somewhere else tries to connect, to compare the two.
    """
    from streamlit import net_util

    for question in ("get_internal_ip", "get_external_ip"):
        setattr(net_util, question, lambda: None)


def arguments(settings: Settings, host: str, port: int, name: str | None = None) -> list[str]:
    """What ``streamlit`` is called with."""
    chosen: dict[str, object] = {
        **OPTIONS,
        "server.address": host,
        "server.port": port,
        "server.headless": True,
        "server.maxUploadSize": upload_limit_mb(settings),
    }
    if not _is_loopback(host):
        # Whoever opens the server to a network names it in ways that are not known here. Said in
        # so many words, for a file in the folder may say otherwise.
        chosen["server.allowedHosts"] = ["*"]
    elif name:
        chosen["server.allowedHosts"] = [*LOCAL_NAMES, name]
    if name:
        chosen["browser.serverAddress"] = name
    options = [f"--{key}={text}" for key, value in chosen.items() for text in _as_text(value)]
    return ["run", str(ENTRY), *options, "--", FLAGS_ARGUMENT + json.dumps(given_flags(settings))]


def upload_limit_mb(settings: Settings) -> int:
    """The largest file that the browser may send, in whole megabytes.

    It is above the limit that is in force: a file between the two is refused with a sentence in
    the report of its upload, a larger one by the upload field.
    """
    return math.ceil(UPLOAD_MARGIN * settings.max_file_mb)


def given_flags(settings: Settings) -> dict[str, object]:
    """The settings that came as flags, as plain values, and which of them ``--set`` gave."""
    origins = {name: settings.origin(name) for name in type(settings).model_fields}
    flags = [name for name, origin in origins.items() if origin.source == "flag"]
    assigned = [name for name in flags if origins[name].name.startswith("--set ")]
    return {name: _plain(getattr(settings, name)) for name in flags} | {_ASSIGNED: assigned}


def flags_of_this_process() -> dict[str, object]:
    """The flags that ``serve`` handed to the script; empty when it was started otherwise."""
    for argument in sys.argv[1:]:
        if argument.startswith(FLAGS_ARGUMENT):
            flags: dict[str, Any] = json.loads(argument.removeprefix(FLAGS_ARGUMENT))
            for name in flags.pop(_ASSIGNED):
                if flags[name] is not None:
                    flags[name] = Assigned(flags[name])
            return flags
    return {}


def check_free(host: str, port: int) -> None:
    """Raises a ``UsageError`` when ``port`` cannot be listened on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise UsageError(
                f"The pages cannot be served at {host}:{port} ({error.strerror}). "
                f"Choose another port, for example: rag serve --port {port + 1}"
            ) from error


def _plain(value: object) -> object:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return str(value) if isinstance(value, Path) else value


def _is_loopback(host: str) -> bool:
    return host in {"localhost", "::1"} or host.startswith("127.")


def _as_text(value: object) -> list[str]:
    if isinstance(value, list):
        return [str(item) for item in value]
    return [str(value).lower() if isinstance(value, bool) else str(value)]
