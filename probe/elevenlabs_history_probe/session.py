"""The requests of a probe: raw, read-only, each sent once, and all of them within limits that nothing can exceed."""

from __future__ import annotations

import json
import math
import secrets
import threading
import time
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import httpx
from attrs import frozen
from elevenlabs_history import HistoryItem, InvalidArgumentError, __version__

from .findings import NotSettledError
from .pages import Page, read_item, read_page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MALFORMED_ID = "not an id!"
_SHOWN = {"1", "2", "100", "1001", "asc"}  # values of parameters that a report may hold
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_MAX_FAILURES = 3  # in a row; a server that does not answer at all is not asked sixty times
_WITHOUT_AUDIO = ("deleted", "processing")  # no set: a state may be anything


@frozen(kw_only=True)
class Limits:
    """What a probe may take of a server.

    Attributes:
        requests: The number of requests.
        clips: The number of clips, those in archives included.
        response_bytes: The bytes of one response that are read.
        request_seconds: The time of one request, from its first byte to the last one of its response.
        seconds: The time of all requests.
        ids: The largest number of ids that one download is asked for. They are made up, so no clip is fetched.
        burst: The number of concurrent requests that are sent to see a 429; 0 for none.
    """

    requests: int = 60
    clips: int = 12
    response_bytes: int = 16 * 1024 * 1024
    request_seconds: float = 20
    seconds: float = 180
    ids: int = 1024
    burst: int = 0


@frozen
class Response:
    """What a request was answered.

    Attributes:
        request: The request in words that hold no id, for the report.
        status: The status.
        headers: The headers.
        body: The body as it came, compressed or not.
        is_whole: The body was read; one that is too long or too slow is not kept.
    """

    request: str
    status: int
    headers: httpx.Headers
    body: bytes
    is_whole: bool

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON is anything
        """The body as JSON; None if it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class Session:
    """A connection that remembers every response, so that questions share requests. A context manager.

    Attributes:
        limits: What the probe may take.
        salt: What makes hashes of this session differ from those of others.
        unknown_ids: Ids that could be items', but are none's.
        used: The responses that were looked at since this list was cleared.
        requests: The number of requests so far.
        clips: The number of clips so far.
    """

    def __init__(self, base_url: str, key: str, limits: Limits) -> None:
        """Prepare the connection; nothing is sent.

        Args:
            base_url: The server. Redirects are not followed, so the key is sent nowhere else.
            key: The API key.
            limits: What the probe may take.

        Raises:
            InvalidArgumentError: A proxy or certificate that the environment names can't be used.
        """
        self.limits: Limits = limits
        self.salt: bytes = secrets.token_bytes(16)
        self.unknown_ids: list[str] = [secrets.token_hex(10) for _ in range(limits.ids)]
        self.used: list[Response] = []
        self.requests: int = 0
        self.clips: int = 0
        self._failures = 0
        self._burst: list[Response] | None = None
        self._known: dict[str, Response | NotSettledError] = {}
        self._deadline = time.monotonic() + limits.seconds
        headers = {
            "xi-api-key": key,
            "user-agent": f"elevenlabs-history-probe/{__version__}",
            "accept-encoding": "identity",
        }
        try:
            self._client = httpx.Client(
                base_url=base_url,
                headers=headers,
                timeout=limits.request_seconds,
                # A proxy for a server on this machine would be sent the key unencrypted.
                trust_env=httpx.URL(base_url).host not in _LOOPBACK,
            )
        except (ImportError, OSError, ValueError, httpx.InvalidURL) as error:
            raise InvalidArgumentError(
                f"Can't prepare a connection ({type(error).__name__}). Nothing was sent.",
                hint="Check HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY and SSL_CERT_FILE in the environment.",
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._client.close()

    @property
    def unknown_id(self) -> str:
        """An id that could be an item's, but is none's."""
        return self.unknown_ids[0]

    def items(self, at_least: int = 1) -> list[dict[str, Any]]:
        """Return the newest items, at most 100."""
        items = self.page(page_size=100).items
        if len(items) < at_least:
            raise NotSettledError(f"needs {at_least} items in the history")
        return items

    def clip_ids(self, number: int) -> list[str]:
        """Return the ids of the items that are likely the smallest mp3 files among the newest ones."""
        items = [item for item in self.items(number) if item.get("state") not in _WITHOUT_AUDIO]
        if len(items) < number:
            raise NotSettledError(f"needs {number} items with audio")
        items.sort(key=lambda item: (not str(item.get("output_format") or "mp3").startswith("mp3"), _characters(item)))
        return [item["history_item_id"] for item in items[:number]]

    def page(self, **query: str | int) -> Page:
        """Request a page of the history.

        Raises:
            NotSettledError: The response is none.
        """
        return read_page(self.listing(query))

    def listing(self, query: Mapping[str, str | int], *, encoding: str = "identity") -> Response:
        """Request a page of the history, and return whatever comes."""
        shown = ", ".join(f"{name}={value if str(value) in _SHOWN else '…'}" for name, value in query.items())
        headers = {"accept-encoding": encoding}
        return self._send(f"GET /v1/history ({shown})", "GET", "/v1/history", params=query, headers=headers)

    def item(self, history_item_id: str) -> dict[str, Any]:
        """Request one item.

        Raises:
            NotSettledError: The response is none.
        """
        return read_item(self.get(history_item_id))

    def get(self, history_item_id: str) -> Response:
        """Request one item, and return whatever comes."""
        return self._send("GET /v1/history/{id}", "GET", f"/v1/history/{quote(history_item_id, safe='')}")

    def audio(self, history_item_id: str, *, byte_range: str) -> Response:
        """Request a part of the audio of one item."""
        path = f"/v1/history/{quote(history_item_id, safe='')}/audio"
        name = f"GET /v1/history/{{id}}/audio (Range: {byte_range})"
        return self._send(name, "GET", path, headers={"range": byte_range}, clips=1)

    def download(self, ids: Sequence[str], **fields: str | None) -> Response:
        """Request a download."""
        shown = "".join(f", {name}={json.dumps(value)}" for name, value in fields.items())
        name = f"POST /v1/history/download ({len(ids)} ids{shown})"
        unknown = {MALFORMED_ID, *self.unknown_ids}
        clips = sum(each not in unknown for each in ids)
        body = {"history_item_ids": list(ids), **fields}
        return self._send(name, "POST", "/v1/history/download", json=body, clips=clips)

    def burst(self) -> list[Response]:
        """Request one item as many times at once as the limits say; return those responses that came."""
        if self._burst is None:
            self._burst = self._send_at_once()
        self.used += self._burst
        return self._burst

    def _send_at_once(self) -> list[Response]:
        self._check(0)
        number = min(self.limits.burst, self.limits.requests - self.requests)
        self.requests += number
        request = ("GET /v1/history (page_size=1)", "GET", "/v1/history")
        started = [self._start(*request, params={"page_size": 1}) for _ in range(number)]
        received = [self._receive(each) for each in started]
        return [response for response in received if isinstance(response, Response)]

    def _send(self, name: str, method: str, path: str, *, clips: int = 0, **parts: Any) -> Response:  # noqa: ANN401 - of httpx
        key = repr((method, path, parts))
        if key not in self._known:
            self._check(clips)
            self.requests += 1
            self.clips += clips
            received = self._known[key] = self._receive(self._start(name, method, path, **parts))
            if isinstance(received, Response) and received.status != 200:
                self.clips -= clips  # refused, or only a part of one
            self._failures = 0 if isinstance(received, Response) else self._failures + 1
        known = self._known[key]
        if isinstance(known, NotSettledError):
            raise known
        self.used.append(known)
        return known

    def _check(self, clips: int) -> None:
        if self._failures >= _MAX_FAILURES:
            raise NotSettledError(f"not asked, because {_MAX_FAILURES} requests in a row failed")
        if self.requests >= self.limits.requests:
            raise NotSettledError(f"not asked, because a probe sends at most {self.limits.requests} requests")
        if self.clips + clips > self.limits.clips:
            raise NotSettledError(f"not asked, because a probe fetches at most {self.limits.clips} clips")
        if time.monotonic() >= self._deadline:
            raise NotSettledError(f"not asked, because a probe takes at most {self.limits.seconds:g} s")

    def _start(self, *request: str, **parts: Any) -> SimpleQueue[Response | NotSettledError]:  # noqa: ANN401 - of httpx
        """Send a request in a thread that can be left behind: a server that drips its headers has no timeout."""
        received: SimpleQueue[Response | NotSettledError] = SimpleQueue()
        threading.Thread(target=lambda: received.put(self._exchange(*request, **parts)), daemon=True).start()
        return received

    def _receive(self, received: SimpleQueue[Response | NotSettledError]) -> Response | NotSettledError:
        seconds = max(0.0, min(self.limits.request_seconds, self._deadline - time.monotonic()))
        try:
            return received.get(timeout=seconds)
        except Empty:
            return NotSettledError(f"no complete response within {seconds:.2g} s")

    def _exchange(self, name: str, method: str, path: str, **parts: Any) -> Response | NotSettledError:  # noqa: ANN401 - of httpx
        deadline = min(time.monotonic() + self.limits.request_seconds, self._deadline)
        try:
            with self._client.stream(method, path, **parts) as response:
                body = bytearray()
                is_whole = True
                for chunk in response.iter_raw():
                    body += chunk
                    if len(body) > self.limits.response_bytes or time.monotonic() > deadline:
                        is_whole = False
                        break
                return Response(
                    name, response.status_code, response.headers, bytes(body) if is_whole else b"", is_whole
                )
        except httpx.TimeoutException:
            return NotSettledError(f"no complete response within {self.limits.request_seconds:.2g} s")
        except (httpx.HTTPError, httpx.InvalidURL, OSError, RuntimeError, ValueError) as error:
            # The text of an error may quote the server.
            return NotSettledError(f"the request failed ({type(error).__name__})")


def _characters(item: Mapping[str, Any]) -> float:
    """Return what tells how long a clip is; one that does not tell may be of any length."""
    return HistoryItem.from_dict(item).characters or math.inf
