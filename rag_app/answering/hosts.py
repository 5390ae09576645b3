"""Addresses: which host a base URL names, and whether text sent there leaves this machine."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from rag_app.errors import UsageError


def host_of(url: str) -> str:
    """The host that ``url`` names.

    Raises:
        UsageError: It is not an http or https address.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in {"http", "https"}:
        raise UsageError(
            f"'{url}' is not an address. Write it like http://127.0.0.1:8080/v1 or https://host/v1."
        )
    return host


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def is_private(host: str) -> bool:
    """Whether ``host`` is in a private network, where servers seldom ask for a key."""
    named = host.endswith((".local", ".internal", ".lan")) or not set(host) & set(".:")
    if is_loopback(host) or named:
        return True
    try:
        return ip_address(host).is_private
    except ValueError:
        return False
