"""One document from the web into a file, within limits; asked for by the user alone.

A redirect may lead to another public address, never to one of this network: a page on the web must
not choose what is fetched from behind the user's firewall. The address that was connected to is
looked at, not only the one that the name had before.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit

from ingest.load import FORMATS, named_format
from ingest.load.sniff import IN_OLE, OLE, nameless
from rag_app.errors import DocumentError, DocumentSkippedError, DocumentUnreadableError
from rag_app.types import media

if TYPE_CHECKING:
    from httpx import Client, Response

SECONDS = 60.0
"""For one document, from the first connection to its last byte."""
_REDIRECTS = 5
_BY_HEADER = {
    "application/json": media.JSON,
    "application/xhtml+xml": media.HTML,
    "application/xml": media.XML,
    "text/csv": media.CSV,
    "text/html": media.HTML,
    "text/markdown": media.MARKDOWN,
    "text/xml": media.XML,
}
_TEXTS = (".csv", ".tsv", ".json", ".ipynb")
_SCHEMES = ("http", "https")


@dataclass(frozen=True, slots=True)
class Limits:
    """What fetching one document may cost.

    Attributes:
        max_bytes: Larger ones are refused.
        seconds: Slower ones are.
    """

    max_bytes: int
    seconds: float = SECONDS


def fetch(url: str, folder: Path, limits: Limits, stop: Callable[[], bool]) -> Path:
    """Downloads a document into a folder, under a name that tells what it is.

    Raises:
        DocumentUnreadableError: There is no such document, or not within the limits.
    """
    import httpx

    until = time.monotonic() + limits.seconds
    try:
        with (
            httpx.Client(timeout=limits.seconds, trust_env=False) as client,
            _opened(client, url) as response,
        ):
            data = b"".join(_pieces(response, url, limits, until, stop))
            header = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            last = str(response.url)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        reason = str(error).rstrip(".") or type(error).__name__
        raise DocumentUnreadableError(
            f"{url} cannot be fetched ({reason}). Check the address, or try again later."
        ) from error
    if not data:
        raise DocumentSkippedError(f"{url} is empty. There is nothing to ingest.")
    path = folder / _name(last, _suffix(data, last, header))
    path.write_bytes(data)
    return path


@contextmanager
def _opened(client: Client, url: str) -> Iterator[Response]:
    """The answer at the end of the redirects."""
    current = url
    for _ in range(_REDIRECTS + 1):
        if urlsplit(current).scheme not in _SCHEMES or not urlsplit(current).hostname:
            what = "is no web address" if current == url else f"leads to {current}, which is none"
            raise DocumentUnreadableError(f"{url} {what}. Write http:// or https:// and a host.")
        trusted = urlsplit(current).hostname == urlsplit(url).hostname
        if not trusted:
            _check_name(url, current)
        with client.stream("GET", current) as response:
            if not trusted:
                _check_peer(response, url)
            target = response.headers.get("location")
            if not response.is_redirect or not target:
                _check_status(response, url)
                yield response
                return
        current = urljoin(current, target)
    raise DocumentUnreadableError(
        f"{url} redirects more than {_REDIRECTS} times. Check the address."
    )


def _check_name(url: str, current: str) -> None:
    """Refuses a redirect to a name of this network before anything is sent there."""
    parts = urlsplit(current)
    with suppress(OSError):  # the connection says what is wrong
        for *_, address in socket.getaddrinfo(parts.hostname, parts.port or 80):
            _check_address(str(address[0]), url)


def _check_peer(response: Response, url: str) -> None:
    stream = response.extensions.get("network_stream")
    address = stream.get_extra_info("server_addr") if stream is not None else None
    if address:
        _check_address(str(address[0]), url)


def _check_address(address: str, url: str) -> None:
    if not ipaddress.ip_address(address.partition("%")[0]).is_global:
        raise DocumentUnreadableError(
            f"{url} redirects to {address}, an address of this network, which is not followed. "
            "Put that address itself into the list if you want it."
        )


def _check_status(response: Response, url: str) -> None:
    if response.is_success:
        return
    raise DocumentUnreadableError(
        f"{url} answers {response.status_code} {response.reason_phrase}. Check the address; pages "
        "that need a login are to be saved by hand."
    )


def _pieces(
    response: Response, url: str, limits: Limits, until: float, stop: Callable[[], bool]
) -> Iterator[bytes]:
    size = 0
    # As they come: a server that sends a byte now and then would fill no piece for days.
    for piece in response.iter_bytes():
        size += len(piece)
        if size > limits.max_bytes:
            raise DocumentUnreadableError(
                f"{url} has more than the limit of {limits.max_bytes / 1e6:g} MB. Raise the "
                "setting max_file_mb (--set max_file_mb=N)."
            )
        if time.monotonic() > until or stop():
            raise DocumentUnreadableError(
                f"{url} was not there after {limits.seconds:g} seconds. Try again later."
            )
        yield piece


def _name(url: str, suffix: str) -> str:
    """A file name from the last part of an address."""
    last = PurePosixPath(unquote(urlsplit(url).path)).name or urlsplit(url).hostname or "page"
    plain = "".join(c if c.isalnum() or c in "-_. " else "_" for c in last).strip(". ")[:100]
    return plain if plain.lower().endswith(suffix) else f"{plain or 'page'}{suffix}"


def _suffix(data: bytes, url: str, header: str) -> str:
    """The ending that the content tells; where it does not, the address; else what was said."""
    named = PurePosixPath(urlsplit(url).path).suffix.lower()
    is_ole = data.startswith(OLE)
    told = nameless(data)
    if told is None:
        with suppress(DocumentError):
            row = named_format(Path(f"x{named}"))
            if row.media_type in IN_OLE if is_ole else (row.plain or named in _TEXTS):
                return named
        told = media.DOC if is_ole else _BY_HEADER.get(header, media.TEXT)
    return next(row.suffixes[0] for row in FORMATS if row.media_type == told)
