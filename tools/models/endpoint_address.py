"""Addresses of model servers, and the keys to them."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import quote, urlsplit

from ..errors import RequestError
from ..plain import plain

KEY_VARIABLE = "VIDAGENT_API_KEY"


def base(url: str) -> str:
    """The address that all paths begin with, ``/v1`` where it names no path of its own.

    Raises ``RequestError`` for what is no address of a server, and for one with a key in it.
    """
    try:
        parts = urlsplit(url)
        is_address = parts.port != 0 and bool(parts.hostname) and parts.scheme in ("http", "https")
    except ValueError:
        is_address = False
    if not is_address or re.search(r"[^!-~]", parts.netloc):
        raise RequestError(f"{shown(url)}: no address of a server; write http://HOST:PORT/v1")
    if "@" in parts.netloc:
        raise RequestError(f"{shown(url)}: a key does not belong into the address; set {KEY_VARIABLE}")
    if parts.query or parts.fragment:
        raise RequestError(f"{shown(url)}: an address of a server ends with its path; nothing may follow it")
    return f"{parts.scheme}://{parts.netloc}{quote(parts.path.rstrip('/'), safe='/%:@') or '/v1'}"


def shown(url: str) -> str:
    """An address without whatever may be secret in it."""
    scheme, slashes, rest = plain(url).rpartition("://")
    return scheme + slashes + re.split(r"[?#]", rest)[0].rpartition("@")[2]


def checked_key(key: str) -> str:
    """A key without the spaces around it. Raises ``RequestError`` for one that no header can carry."""
    key = key.strip()
    if re.search(r"[^!-~]", key):
        raise RequestError(f"{KEY_VARIABLE}: no key; it may hold no spaces, and letters of ASCII only")
    return key


def is_of_this_machine(url: str) -> bool:
    """Whether an address is one of this machine's own. Raises ``RequestError`` for what is no address of a server."""
    host = urlsplit(base(url)).hostname or ""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost"
    return address.is_loopback or address.is_unspecified
