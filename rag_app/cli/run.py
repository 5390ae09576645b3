"""Runs a command; the one place where errors become text and exit statuses."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections.abc import Sequence
from io import TextIOWrapper
from typing import NoReturn

import typer

from rag_app.cli.output import say
from rag_app.errors import EXIT_ERROR, RagError

DEBUG = "--debug"
_COMMON = ("--set", "--home", "--config")
"""Options of all commands that take a value."""

INTERRUPTED = 130
"""128 + SIGINT, as shells have it."""

_STREAMS = (
    ("stdin", "r", "replace"),
    ("stdout", "w", "backslashreplace"),
    ("stderr", "w", "backslashreplace"),
)


def run(app: typer.Typer, name: str, arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs ``app`` and ends the process with its exit status.

    Typer itself ends with 0 after success, 2 after wrong usage, 130 after Ctrl-C, and quietly when
    the reader of our output has gone.

    Args:
        app: The command.
        name: What it is called by.
        arguments: Its arguments; those of the process unless given.
    """
    given, debug = _without_debug(sys.argv[1:] if arguments is None else arguments)
    given = _common_first(given)
    _prepare_streams()
    try:
        try:
            app(given, prog_name=name)
        finally:
            _hasten_the_end()
    except RagError as error:
        if debug:
            raise
        say(f"{name}: {error}")
        sys.exit(error.exit_status)
    except OSError as error:
        if debug:
            raise
        where = f" ({error.filename})" if error.filename else ""
        say(
            f"{name}: {error.strerror or error}{where}. Check that the disk has room and that you "
            f"may read and write there; {DEBUG} shows where it happened."
        )
        sys.exit(EXIT_ERROR)
    except Exception as error:  # the edge: the user gets a sentence
        if debug:
            raise
        say(
            f"{name}: this is a bug ({type(error).__name__}: {_first_line(error)}). Run the same "
            f"command again with {DEBUG} to see where it is, and report that."
        )
        sys.exit(EXIT_ERROR)
    sys.exit(0)


def _hasten_the_end() -> None:
    """Leaves nothing to do but to end, and lets Ctrl-C end the process at once and in silence."""
    gc.freeze()  # Python would look through all objects once more at its end: 0.2 seconds
    if threading.current_thread() is threading.main_thread():
        # Threads of libraries may be waited for; an interrupt there would show a traceback.
        signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))


def _without_debug(arguments: Sequence[str]) -> tuple[list[str], bool]:
    """Takes ``--debug`` out, so that it may stand anywhere before a bare ``--``.

    A user who is told to run the same command again with it puts it at the end.
    """
    end = arguments.index("--") if "--" in arguments else len(arguments)
    options = [argument for argument in arguments[:end] if argument != DEBUG]
    return [*options, *arguments[end:]], len(options) < end


def _common_first(arguments: Sequence[str]) -> list[str]:
    """Puts the options of all commands before the command, so that they may stand anywhere."""
    common: list[str] = []
    others: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            others += [argument, *rest]
        elif argument in _COMMON:
            if (value := next(rest, None)) is None:
                return [argument]  # for the complaint that it lacks one
            common += [argument, value]
        elif argument.startswith(tuple(f"{name}=" for name in _COMMON)):
            common.append(argument)
        else:
            others.append(argument)
    return [*common, *others]


def _prepare_streams() -> None:
    """Makes sure that a stream that is closed, or bytes that are no text, stop no command."""
    for name, mode, errors in _STREAMS:
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started us
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115, PTH123 - until the end
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=errors)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else "no message"
