"""httpx alone: a loop that streams one download into a file and waits until the file is on the disk."""

from __future__ import annotations

import os
import sys
import time

import httpx

if sys.argv[1] == "start":
    httpx.Client()
    sys.exit()

from pathlib import Path

from benchmarks.programs.job import Job, report

job = Job()
with httpx.Client(base_url=job.base_url, headers={"xi-api-key": job.key}, timeout=60) as client:
    # Opens the connection.
    client.get("/v1/history", params={"page_size": 1}).raise_for_status()
    start = time.perf_counter()
    with (
        client.stream("POST", "/v1/history/download", json={"history_item_ids": job.ids}) as response,
        Path("saved").open("wb", buffering=0) as file,
    ):
        response.raise_for_status()
        for chunk in response.iter_raw():
            file.write(chunk)
        os.fsync(file.fileno())
    report(time.perf_counter() - start)
