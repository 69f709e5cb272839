"""What somebody would write with requests."""

from __future__ import annotations

import time

import requests

from benchmarks.programs.told import Job, tell

job = Job()
session = requests.Session()
session.headers["xi-api-key"] = job.key
session.get(f"{job.base_url}/v1/history", params={"page_size": 1}, timeout=60).raise_for_status()
start = time.perf_counter()
with (
    session.post(
        f"{job.base_url}/v1/history/download", json={"history_item_ids": job.ids}, stream=True, timeout=60
    ) as response,
    (job.folder / "saved").open("wb", buffering=0) as file,
):
    response.raise_for_status()
    for chunk in response.iter_content(1024 * 1024):
        file.write(chunk)
tell(time.perf_counter() - start)
