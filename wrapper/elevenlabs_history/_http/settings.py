"""Client arguments and environment variables → a generated client on our transport."""

import os
from typing import Final, Literal, TypeAlias

from elevenlabs_history_api import Client

from ..errors import InvalidArgumentError
from .api_key import ApiKey
from .library import httpx
from .retry import RetryPolicy
from .transport import Transport, is_loopback

Region: TypeAlias = Literal["us", "eu", "in", "sg"]
"""Where a workspace with data residency is."""

DEFAULT_BASE_URL: Final = "https://api.elevenlabs.io"
BASE_URL_VARIABLE: Final = "ELEVENLABS_BASE_URL"
REGIONS: Final[dict[str, str]] = {
    "us": "https://api.us.elevenlabs.io",
    "eu": "https://api.eu.residency.elevenlabs.io",
    "in": "https://api.in.residency.elevenlabs.io",
    "sg": "https://api.sg.residency.elevenlabs.io",
}
DEFAULT_TIMEOUT: Final = httpx.Timeout(120, connect=10, pool=None)
"""10 s to connect; two minutes of silence after that, because the server builds an archive before it sends it."""


def connect(
    key: ApiKey,
    base_url: str | None,
    region: Region | None,
    timeout: httpx.Timeout | float | None,
    retry_policy: RetryPolicy,
    *,
    http_client: httpx.Client | None = None,
    async_http_client: httpx.AsyncClient | None = None,
) -> tuple[Client, Transport]:
    """Make the generated client and the transport under it; raise if there is no usable key or base URL."""
    url = resolve_base_url(base_url, region)
    key.check()
    transport = Transport(
        key=key, base_url=url, retry_policy=retry_policy, http_client=http_client, async_http_client=async_http_client
    )
    # Not AuthenticatedClient, whose repr shows the key. The transport is an argument, because copies of the client
    # (`with_timeout` and the like) keep its arguments, but not an httpx client set later.
    api = Client(
        base_url=str(url).rstrip("/"),
        timeout=timeout if isinstance(timeout, httpx.Timeout) else httpx.Timeout(timeout),
        httpx_args={"transport": transport},
    )
    return api, transport


def resolve_base_url(base_url: str | None, region: Region | None) -> httpx.URL:
    """Choose the server: the argument, else the region, else ELEVENLABS_BASE_URL, else the vendor's own."""
    if base_url is not None and region is not None:
        raise InvalidArgumentError(
            f"base_url and region both name a server: pass only one of {base_url!r} and {region!r}."
        )
    if region is not None and region not in REGIONS:
        raise InvalidArgumentError(f"Unknown region {region!r}: use one of {', '.join(REGIONS)}.")
    address = base_url or REGIONS.get(region or "") or os.environ.get(BASE_URL_VARIABLE) or DEFAULT_BASE_URL
    try:
        url = httpx.URL(address.strip())
    except httpx.InvalidURL as error:
        raise InvalidArgumentError(f"Invalid base URL {address!r}: {error}.") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise InvalidArgumentError(
            f"Invalid base URL {address!r}: it must be https:// and a host, or http:// and a port of this machine."
        )
    if url.scheme == "http" and not is_loopback(url.host):
        raise InvalidArgumentError(f"The base URL {address!r} would send the key unencrypted: use https://.")
    return url
