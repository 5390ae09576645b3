"""Data in JSON, or with one JSON value on each line (JSONL): a line for each value, with its path.

``{"team": {"lead": "Ann"}}`` becomes ``team.lead: Ann``. The records of a list, and the lines of
JSONL, are paragraphs of their own, numbered from 1. A log ends in half a line when its program was
killed: broken lines of JSONL are left out and named, as long as others are sound.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from ingest.load.options import LoadOptions, RawFile
from ingest.load.text import decode
from ingest.load.writer import DocumentWriter, one_line
from rag_app.errors import DocumentSkippedError, DocumentUnreadableError
from rag_app.types import LoadedDocument
from rag_app.types.media import JSON

_BY_LINE = (".jsonl", ".ndjson")
_SHORT = 60
_NAMED = 5
"""Broken lines that are named; of more, their number is told."""


def load(file: RawFile, options: LoadOptions) -> LoadedDocument:  # noqa: ARG001 - a loader's form
    """Reads JSON or JSONL as one page.

    Raises:
        DocumentSkippedError: It holds no value.
        DocumentUnreadableError: It is not JSON.
    """
    text = decode(file)
    writer = DocumentWriter()
    broken: list[int] = []
    try:
        if file.path.suffix.lower() in _BY_LINE:
            broken = _write_lines(writer, text)
        else:
            _write_value(writer, _parsed(text))
    except ValueError as error:
        raise DocumentUnreadableError(
            f"{file.name} is not sound JSON ({error}). Correct it."
        ) from error
    except RecursionError as error:
        raise DocumentUnreadableError(
            f"{file.name} is nested too deeply to be read. Flatten it, or split it."
        ) from error
    if writer.is_blank:
        raise DocumentSkippedError(f"{file.name} holds no value: nothing to ingest.")
    return replace(writer.document(JSON), warning=_left_out(broken))


def _parsed(text: str) -> object:
    # As text: a number of a million digits takes minutes to convert.
    return json.loads(text.lstrip("\ufeff"), parse_int=str, parse_float=str)


def _write_lines(writer: DocumentWriter, text: str) -> list[int]:
    """Writes the sound lines, and returns the numbers of the others.

    Raises:
        ValueError: No line is sound; it tells what is wrong with the first.
    """
    broken: dict[int, ValueError] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                value = _parsed(line)
            except ValueError as error:
                broken[number] = error
            else:
                writer.paragraph(f"Line {number}\n" + "\n".join(_leaves(value, "")))
    if broken and writer.is_blank:
        number, first = next(iter(broken.items()))
        raise ValueError(f"line {number}: {first}") from first
    return list(broken)


def _left_out(broken: list[int]) -> str:
    """Which lines are missing, and what to do; empty if none is."""
    if not broken:
        return ""
    if len(broken) == 1:
        return f"Line {broken[0]} is not sound JSON and was left out: correct it."
    named = ", ".join(map(str, broken[:_NAMED]))
    more = " and others" if len(broken) > _NAMED else ""
    return f"{len(broken)} lines are not sound JSON and were left out: correct lines {named}{more}."


def _write_value(writer: DocumentWriter, value: object) -> None:
    if isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
        for number, one in enumerate(value, 1):
            writer.paragraph("\n".join(_leaves(one, f"[{number}]")))
    elif isinstance(value, dict):
        for key, one in value.items():
            if isinstance(one, dict | list):
                writer.paragraph("\n".join(_leaves(one, key)))
            else:
                writer.line("".join(_leaves(one, key)))
    else:
        writer.paragraph("\n".join(_leaves(value, "")))


def _leaves(value: object, path: str) -> Iterator[str]:
    """A line for each value; short values of a list on one line."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _leaves(one, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        plain = [_plain(one) for one in value if not isinstance(one, dict | list)]
        if len(plain) == len(value) and all(len(one) <= _SHORT for one in plain):
            if plain:
                yield _line(path, ", ".join(plain))
            return
        for number, one in enumerate(value, 1):
            yield from _leaves(one, f"{path}[{number}]")
    elif value is not None and (text := _plain(value)):
        yield _line(path, text)


def _line(path: str, text: str) -> str:
    return f"{path}: {text}" if path else text


def _plain(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return str(value).lower() if value is not None else "null"
    return one_line(str(value))
