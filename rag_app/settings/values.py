"""Single values of settings: where one came from, and what it must look like."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

Source = Literal["default", "file", "variable", "flag"]


class Origin(NamedTuple):
    """Where a value came from: the kind of source, and its name (a path, a variable, a flag)."""

    source: Source
    name: str


class Assigned(str):
    """A value that ``--set`` gives, which is no flag of its own."""

    __slots__ = ()


def origin_of_flag(key: str, value: object) -> Origin:
    """The origin of a value from the command line: an option of its own, or ``--set``."""
    own = "--" + key.replace("_", "-")
    return Origin("flag", f"--set {key}" if isinstance(value, Assigned) else own)


def check_web_address(address: str) -> str:
    """Returns ``address`` if it is that of a web server.

    Raises:
        ValueError: It has another scheme than http or https, or no host.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("an address looks like http://localhost:8000")
    return address


def without_credentials(text: str) -> str:
    """``text`` with the user and password of a web address in it replaced by three dots."""
    return re.sub(r"(\w+://)[^/@\s]+@", r"\1…@", text)


def check_collection_name(name: str) -> str:
    """Returns ``name`` if it can name a collection.

    Raises:
        ValueError: It is empty, longer than 60 characters, or has characters beyond letters,
            digits, dot, dash and underscore.
    """
    plain = name.replace("-", "").replace("_", "").replace(".", "")
    if not (0 < len(name) <= 60) or not plain.isalnum() or not plain.isascii():
        raise ValueError(
            "a collection name has 1 to 60 letters (a to z), digits, dots, dashes and underscores"
        )
    return name
