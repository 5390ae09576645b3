"""Where a base URL leads."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


def host_of(address: str) -> str:
    """The host of a base URL, as the user should read it."""
    return urlsplit(address).hostname or address


def is_loopback(address: str) -> bool:
    """Whether what is sent to ``address`` stays on this machine."""
    host = host_of(address)
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
