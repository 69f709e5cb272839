"""A static server of the history API, in a process of its own, that is never the slowest part of what is measured.

    python -m benchmarks.server '{"items": 1000, "size": 200000}'

It prints its address and serves until its standard input ends. The simulator builds every archive anew, as the real
server does; this one sends prepared pieces, and paces them where a question is about a slow line.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from .dataset import Dataset, Shape, archive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .dataset import Piece

_AT_ONCE = 512  # pieces a call, below what systems allow
_PACED = 64 * 1024
_TOO_MANY = b'{"detail": {"status": "too_many_concurrent_requests", "message": "Too many concurrent requests"}}'


class Line:
    """The line between server and clients, which all of them share."""

    def __init__(self, bandwidth: int) -> None:
        self._bandwidth = bandwidth
        self._lock = threading.Lock()
        self._free_at = 0.0

    def wait(self, size: int) -> None:
        """Wait until the line has carried what came before."""
        with self._lock:
            start = max(self._free_at, time.monotonic())
            self._free_at = start + size / self._bandwidth
        ahead = self._free_at - time.monotonic()
        # Shorter sleeps last longer than they should.
        if ahead > 0.002:
            time.sleep(ahead)


def make_server(shape: Shape) -> ThreadingHTTPServer:
    """Make a server of a shape; it listens already."""
    dataset = Dataset(shape)
    line = Line(shape.bandwidth)
    running = threading.Semaphore(shape.limit or 1_000_000)

    @cache
    def page(behind: str | None, most: int) -> bytes:
        return json.dumps(dataset.page(behind, most), separators=(",", ":")).encode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = 0

        def do_GET(self) -> None:
            self._answer(self._get)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(lambda: self._download(json.loads(body)["history_item_ids"]))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            del format, args

        def _answer(self, answer: object) -> None:
            if not running.acquire(blocking=False):
                self._send("application/json", [_TOO_MANY], len(_TOO_MANY), status=429)
                return
            try:
                time.sleep(shape.latency)
                assert callable(answer)
                answer()
            finally:
                running.release()

        def _get(self) -> None:
            address = urlsplit(self.path)
            if address.path == "/v1/history":
                query = {name: values[0] for name, values in parse_qs(address.query).items()}
                body = page(query.get("start_after_history_item_id"), int(query.get("page_size", 100)))
                self._send("application/json", [body], len(body))
                return
            served = dataset.served[address.path.split("/")[3]]
            if not address.path.endswith("/audio"):
                body = json.dumps(served.item.as_told()).encode()
                self._send("application/json", [body], len(body))
                return
            self._send("audio/mpeg", served.pieces, served.size)

        def _download(self, ids: list[str]) -> None:
            items = [dataset.served[each] for each in ids]
            if len(items) == 1:
                self._send("audio/mpeg", items[0].pieces, items[0].size)
                return
            time.sleep(shape.per_item * len(items))
            pieces, size = archive(items)
            self._send("application/zip", pieces, size)

        def _send(self, media_type: str, pieces: Sequence[Piece], size: int, status: int = 200) -> None:
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(size))
            self.end_headers()
            if not shape.bandwidth:
                self._send_all([memoryview(piece) for piece in pieces if len(piece)])
                return
            for piece in pieces:
                view = memoryview(piece)
                for start in range(0, len(view), _PACED):
                    part = view[start : start + _PACED]
                    line.wait(len(part))
                    self.connection.sendall(part)

        def _send_all(self, views: list[memoryview]) -> None:
            first = 0
            while first < len(views):
                sent = self.connection.sendmsg(views[first : first + _AT_ONCE])
                while first < len(views) and sent >= len(views[first]):
                    sent -= len(views[first])
                    first += 1
                if sent:
                    views[first] = views[first][sent:]

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing of a client that went away."""

    # What is asked for first should not pay for what is made once.
    for served in dataset.served.values() if shape.items <= 20_000 and shape.size > 4096 else ():
        _ = served.member(), served.crc32
    return Server(("127.0.0.1", 0), Handler)


def main() -> None:
    """Serve as the module docstring says."""
    server = make_server(Shape(**json.loads(sys.argv[1])))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
