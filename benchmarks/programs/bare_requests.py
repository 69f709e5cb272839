"""Read answers with a bare socket, which costs next to nothing, so that the server alone is measured."""

from __future__ import annotations

import socket
import time
from urllib.parse import urlsplit

from benchmarks.programs.told import Job, tell

job = Job()
address = urlsplit(job.base_url)
connection = socket.create_connection((str(address.hostname), int(address.port or 80)))
connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
buffer = bytearray(1024 * 1024)


def read(path: str) -> int:
    """Perform one GET and return the size of its body."""
    request = f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\nxi-api-key: {job.key}\r\n\r\n"
    connection.sendall(request.encode())
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(4096)
    head, _, body = head.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"The answer is {head!r}")
    lines = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    size = int(lines[b"content-length"])
    left = size - len(body)
    while left:
        count = connection.recv_into(buffer, min(left, len(buffer)))
        if not count:
            raise SystemExit("The answer was cut short")
        left -= count
    return size


(item,) = job.ids
start = time.perf_counter()
if job.name == "body":
    size = read(f"/v1/history/{item}/audio")
    tell(time.perf_counter() - start, size=size)
else:
    count = sum(read(f"/v1/history/{item}") > 0 for _ in range(job.facts["requests"]))
    tell(time.perf_counter() - start, count=count)
