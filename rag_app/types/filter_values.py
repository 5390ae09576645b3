"""The values of a filter's fields: from text, and checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path

from rag_app.errors import UsageError
from rag_app.types.kinds import KINDS, LANGUAGES
from rag_app.types.metadata import checked_key, in_order

FIELDS = ("document", "folder", "type", "language", "since", "until", "pages", "meta.KEY")
"""What can stand before the sign of equality."""

_PAGES = re.compile(r"(\d{1,9})\s*(?:([-–])\s*(\d{1,9})?)?", re.ASCII)
_ENDING = re.compile(r"\.?[^\W_][\w+-]{0,15}")
_MOST = 10_000
_FIRST_YEAR, _LAST_YEAR = 1970, 2999


def parse(text: str) -> tuple[str, object]:
    """Reads ``FIELD=VALUE``: the attribute of a filter, and one value of it.

    Raises:
        UsageError: There is no such field, or the value is not one of it.
    """
    name, sign, value = (part.strip() for part in text.partition("="))
    if not sign or not value:
        raise UsageError(
            f"'{text}' is no filter. Write FIELD=VALUE, such as type=pdf; "
            f"the fields are {', '.join(FIELDS)}."
        )
    if name.startswith("meta."):
        return "metadata", (checked_key(name.removeprefix("meta.")), value)
    if name not in _PARSED:
        near = get_close_matches(name.casefold(), _PARSED, n=1)
        hint = f"Did you mean {near[0]}? The" if near else "The"
        raise UsageError(f"There is no filter '{name}'. {hint} fields are {', '.join(FIELDS)}.")
    attribute, parsed = _PARSED[name]
    return attribute, parsed(value)


def written(pages: tuple[int, int | None]) -> str:
    """A range of pages as ``parse`` reads it."""
    first, last = pages
    return str(first) if first == last else f"{first}-{'' if last is None else last}"


def _pages(value: str) -> tuple[int, int | None]:
    found = _PAGES.fullmatch(value)
    if not found:
        raise UsageError(f"pages={value} is no range of pages. Write 7, 3-10 or 3-.")
    first, sign, last = found.groups()
    if not sign:
        return int(first), int(first)
    return int(first), int(last) if last else None


def _date(name: str) -> Callable[[str], date]:
    def parsed(value: str) -> date:
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise UsageError(
                f"{name}={value} is no date. Write year, month and day, such as 2026-01-31."
            ) from None

    return parsed


def _folder(value: str) -> str:
    """Absolute where a place in the file system is meant rather than a name."""
    return str(Path(value).expanduser().resolve()) if value.startswith(("~", ".")) else value


_PARSED: dict[str, tuple[str, Callable[[str], object]]] = {
    "document": ("documents", str),
    "folder": ("folders", _folder),
    "type": ("types", str),
    "language": ("languages", str),
    "since": ("since", _date("since")),
    "until": ("until", _date("until")),
    "pages": ("pages", _pages),
}
"""Field → the attribute of a filter, and how one value of it is read."""


def _several(name: str, checked: Callable[[str], str]) -> Callable[[object], tuple[str, ...]]:
    def unified(given: object) -> tuple[str, ...]:
        wanted = _sequence(name, given, "names")
        if not all(isinstance(one, str) and one and "\0" not in one for one in wanted):
            raise UsageError(f"A filter's {name} are names; {given!r:.80} is something else.")
        return tuple(dict.fromkeys(checked(str(one)) for one in wanted))

    return unified


def _sequence(name: str, given: object, of: str) -> list[object]:
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
        raise UsageError(f"A filter's {name} are a list of {of}; {given!r:.80} is none.")
    wanted = list(given)
    if len(wanted) > _MOST:
        raise UsageError(f"A filter's {name} are {_MOST:,} at most; {len(wanted):,} were given.")
    return wanted


def _checked_type(value: str) -> str:
    if not _ENDING.fullmatch(value):
        raise UsageError(
            f"type={value} is no type. Write a kind ({', '.join(KINDS)}) "
            "or the ending of a file name, such as docx."
        )
    return value.casefold()


def _checked_language(value: str) -> str:
    code = value.casefold()
    code = next((known for known, name in LANGUAGES.items() if name == code), code)
    if code not in LANGUAGES:
        near = get_close_matches(code, LANGUAGES.values(), n=1)
        hint = f"Did you mean {near[0]}?" if near else "Write a code such as de, or german."
        raise UsageError(f"language={value} cannot be asked for. {hint}")
    return code


def _checked_folder(value: str) -> str:
    return value.rstrip("/") or "/"


def _checked_date(name: str) -> Callable[[object], date | None]:
    def unified(given: object) -> date | None:
        if given is not None and (isinstance(given, datetime) or not isinstance(given, date)):
            raise UsageError(f"A filter's {name} is a date; {given!r:.80} is none.")
        if given is not None and not _FIRST_YEAR <= given.year <= _LAST_YEAR:
            raise UsageError(f"{name}={given} is no date of a document. Correct the year.")
        return given

    return unified


def _checked_pages(given: object) -> tuple[tuple[int, int | None], ...]:
    checked = {_checked_range(one): None for one in _sequence("pages", given, "ranges")}
    return tuple(checked)


def _checked_range(given: object) -> tuple[int, int | None]:
    first, last = given if isinstance(given, tuple) and len(given) == 2 else (None, None)
    if type(first) is not int or not (last is None or type(last) is int):
        raise UsageError(f"A range of pages is two numbers, such as (3, 10); {given!r:.80} is not.")
    if first < 1:
        raise UsageError(f"pages={written((first, last))}: the first page is 1.")
    if last is not None and last < first:
        raise UsageError(f"pages={written((first, last))} is upside down. Write {last}-{first}.")
    return first, last


def _checked_metadata(given: object) -> tuple[tuple[str, str], ...]:
    pairs = []
    for one in _sequence("metadata", given, "pairs"):
        pair = tuple(one) if isinstance(one, tuple | list) else ()
        if len(pair) != 2 or not all(isinstance(part, str) for part in pair):
            raise UsageError(
                f"A filter's metadata are pairs, such as ('team', 'sales'); {one!r:.80} is none."
            )
        pairs.append((checked_key(pair[0]), pair[1]))
    return in_order(pairs)


BY_FIELD: dict[str, Callable[[object], object]] = {
    "documents": _several("documents", str),
    "folders": _several("folders", _checked_folder),
    "types": _several("types", _checked_type),
    "languages": _several("languages", _checked_language),
    "since": _checked_date("since"),
    "until": _checked_date("until"),
    "pages": _checked_pages,
    "metadata": _checked_metadata,
}
"""Attribute of a filter → what checks its value and gives it one form.

Each raises ``UsageError``."""
