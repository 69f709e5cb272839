"""The least there is to do: from a socket into a file."""

from __future__ import annotations

import json
import socket
import sys
import time
from urllib.parse import urlsplit

from benchmarks.programs.told import Job, tell

job = Job()
address = urlsplit(job.base_url)
body = json.dumps({"history_item_ids": job.ids}).encode()
connection = socket.create_connection((str(address.hostname), int(address.port or 80)))
buffer = bytearray(1024 * 1024)
view = memoryview(buffer)
start = time.perf_counter()
connection.sendall(b"POST /v1/history/download HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
head = b""
while b"\r\n\r\n" not in head:
    head += connection.recv(4096)
head, _, first = head.partition(b"\r\n\r\n")
lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
if not head.startswith(b"HTTP/1.1 200") or not lengths:
    sys.exit(f"The answer is {head!r}")
left = int(lengths[0]) - len(first)
with (job.folder / "saved").open("wb", buffering=0) as file:
    file.write(first)
    while left:
        count = connection.recv_into(buffer)
        if not count:
            sys.exit("The answer was cut short")
        file.write(view[:count])
        left -= count
tell(time.perf_counter() - start)
