"""What stands before a Markdown text between ``---`` lines: its title, date, tags and the like.

Reads what authors write of YAML: ``key: value``, quoted or not, lists in brackets or on lines of
their own, and texts of several lines. What does not look like that is text and stays so: a document
may begin with a rule. Nested values are taken line by line; nothing is built from tags or anchors.
"""

from __future__ import annotations

import re

_FRONT = re.compile(r"\A\ufeff?---[ \t]*\n(.*?\n)?(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_KEY = re.compile(r"([\w][\w .-]{0,60}?)[ \t]*:(?:[ \t]+(.*))?$")
_BLOCK = re.compile(r"[|>][+-]?\d?$")
_COMMENT = re.compile(r"(?:^|[ \t])#.*$")
_MOST = 100


def split_front(text: str) -> tuple[dict[str, str], str]:
    """What is said before a text, by its key in lower case, and the text itself.

    Lists are joined by commas. A document that is nothing but front matter is text.
    """
    front = _FRONT.match(text)
    if front is None or not text[front.end() :].strip():
        return {}, text
    said = _read((front.group(1) or "").splitlines())
    return ({}, text) if said is None else (said, text[front.end() :])


def _read(lines: list[str]) -> dict[str, str] | None:
    """Keys and values; None if a line is neither one nor the continuation of one."""
    said: dict[str, list[str]] = {}
    key = ""
    for line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if key and (line[0] in " \t" or line.lstrip().startswith("- ")):
            said[key].append(line.strip().removeprefix("- "))
        elif found := _KEY.match(line):
            key = found.group(1).lower()
            said[key] = [found.group(2) or ""]
        else:
            return None
    return {name: _joined(parts) for name, parts in list(said.items())[:_MOST]}


def _joined(parts: list[str]) -> str:
    first, *rest = parts
    if _BLOCK.match(first.strip()):  # a text of several lines
        return " ".join(rest)
    values = _listed(first.strip()) + [_bare(part) for part in rest]
    return ", ".join(value for value in values if value)


def _listed(value: str) -> list[str]:
    if value.startswith("[") and value.endswith("]"):
        return [_bare(one) for one in value[1:-1].split(",")]
    return [_bare(value)]


def _bare(value: str) -> str:
    value = value.strip()
    if value[:1] in {'"', "'"} and value.endswith(value[0]) and len(value) > 1:
        return value[1:-1]
    return _COMMENT.sub("", value).strip()
