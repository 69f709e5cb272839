"""The vendor's SDK, used as its documentation says."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from elevenlabs.client import ElevenLabs

if sys.argv[1] == "start":
    ElevenLabs(api_key="key")
    sys.exit()

from benchmarks.programs.job import Job, Listing, report

job = Job()
history = ElevenLabs(api_key=job.key, base_url=job.base_url).history


def fetch(history_item_id: str) -> None:
    """Save the audio of one item."""
    with Path(history_item_id).open("wb") as file:
        for chunk in history.get_audio(history_item_id):
            file.write(chunk)


# Opens the connection.
history.list(page_size=1)
if job.name == "list":
    listing = Listing()
    start = time.perf_counter()
    cursor: dict[str, Any] = {}
    while True:
        page = history.list(page_size=1000, **cursor)
        for item in page.history:
            listing.add(item.history_item_id, item.text)
        if not page.has_more:
            break
        cursor = {"start_after_history_item_id": page.last_history_item_id}
    report(time.perf_counter() - start, **listing.facts())
elif job.name == "save":
    start = time.perf_counter()
    with Path("saved").open("wb") as file:
        for chunk in history.download(history_item_ids=job.ids):
            file.write(chunk)
    report(time.perf_counter() - start)
elif job.name == "many":
    start = time.perf_counter()
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(fetch, job.ids))
    report(time.perf_counter() - start, files={each: each for each in job.ids})
