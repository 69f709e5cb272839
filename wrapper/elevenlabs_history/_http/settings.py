"""From a client's arguments and the environment to a generated client that obeys our rules."""

from __future__ import annotations

import ipaddress
import os
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import httpx
from elevenlabs_history_api import Client

from ._transport import Transport
from .errors import InvalidArgumentError

if TYPE_CHECKING:
    from ._key import ApiKey
    from .retries import RetryPolicy

Region: TypeAlias = Literal["us", "eu", "in", "sg"]

DEFAULT_BASE_URL: Final = "https://api.elevenlabs.io"
BASE_URL_VARIABLE: Final = "ELEVENLABS_BASE_URL"
REGIONS: Final[dict[str, str]] = {
    "us": "https://api.us.elevenlabs.io",
    "eu": "https://api.eu.residency.elevenlabs.io",
    "in": "https://api.in.residency.elevenlabs.io",
    "sg": "https://api.sg.residency.elevenlabs.io",
}
DEFAULT_TIMEOUT: Final = httpx.Timeout(120, connect=10, pool=None)
"""Connecting may take 10 s; then the server may be silent for two minutes, because it builds a zip before it sends."""


def connect(
    key: ApiKey,
    *,
    base_url: str | None,
    region: Region | None,
    timeout: httpx.Timeout | float | None,
    retry_policy: RetryPolicy,
    http_client: httpx.Client | None = None,
    async_http_client: httpx.AsyncClient | None = None,
) -> tuple[Client, Transport]:
    """Make the generated client and the transport under it.

    Raises:
        AuthenticationError: There is no usable key.
        InvalidArgumentError: The base URL or the region can't be used.
    """
    url = resolve_base_url(base_url, region)
    key.check()
    transport = Transport(
        key=key, base_url=url, retry_policy=retries, http_client=http_client, async_http_client=async_http_client
    )
    # The plain client, because the authenticated one shows the key; and the transport as an argument, because a copy
    # that the client makes of itself (`with_timeout` and the like) keeps its arguments, not an httpx client set later.
    api = Client(
        base_url=str(url).rstrip("/"),
        timeout=timeout if isinstance(timeout, httpx.Timeout) else httpx.Timeout(timeout),
        httpx_args={"transport": transport},
    )
    return api, transport


def resolve_base_url(base_url: str | None, region: Region | None) -> httpx.URL:
    """Choose the server: the argument, else the region, else ELEVENLABS_BASE_URL, else the vendor's own.

    Raises:
        InvalidArgumentError: Both were given, the region is unknown, or the address is none that a key may be sent to.
    """
    if base_url is not None and region is not None:
        raise InvalidArgumentError(f"base_url and region both name a server: drop one of {base_url!r} and {region!r}.")
    if region is not None and region not in REGIONS:
        raise InvalidArgumentError(f"There is no region {region!r}: choose one of {', '.join(REGIONS)}.")
    address = base_url or REGIONS.get(region or "") or os.environ.get(BASE_URL_VARIABLE) or DEFAULT_BASE_URL
    try:
        url = httpx.URL(address.strip())
    except httpx.InvalidURL as error:
        raise InvalidArgumentError(f"The base URL {address!r} is no address: {error}.") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise InvalidArgumentError(f"The base URL {address!r} is no address: it begins with https:// and a host.")
    if url.scheme == "http" and not _is_loopback(url.host):
        raise InvalidArgumentError(f"The base URL {address!r} would send the key unprotected: use https://.")
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
