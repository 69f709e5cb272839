"""The vendor's own SDK, used as its documentation does."""

from __future__ import annotations

import asyncio
import io
import sys
import time
import zipfile
from typing import Any

from elevenlabs.client import AsyncElevenLabs, ElevenLabs

if sys.argv[1] == "start":
    ElevenLabs(api_key="key")
    sys.exit()

from benchmarks.programs.told import Job, Listing, tell

job = Job()
arguments: dict[str, Any] = {"api_key": job.key, "base_url": job.base_url}
history = ElevenLabs(**arguments).history


async def ten_at_once() -> None:
    """Download every item by itself, ten at a time."""
    client = AsyncElevenLabs(**arguments)
    ten = asyncio.Semaphore(job.facts["at_once"])

    async def fetch(history_item_id: str) -> None:
        async with ten:
            with (job.folder / history_item_id).open("wb") as file:
                async for chunk in client.history.get_audio(history_item_id):
                    file.write(chunk)

    await asyncio.gather(*map(fetch, job.ids))


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
    tell(time.perf_counter() - start, **listing.told())
    sys.exit()

history.list(page_size=1)
start = time.perf_counter()
if job.name == "save":
    with (job.folder / "saved").open("wb") as file:
        for chunk in history.download(history_item_ids=job.ids):
            file.write(chunk)
elif job.name == "extract":
    body = b"".join(history.download(history_item_ids=job.ids))
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        archive.extractall(job.folder)
elif job.name == "one by one":
    for each in job.ids:
        with (job.folder / each).open("wb") as file:
            for chunk in history.get_audio(each):
                file.write(chunk)
elif job.name == "ten at once":
    asyncio.run(ten_at_once())
alone = job.name in {"one by one", "ten at once"}
tell(time.perf_counter() - start, files={each: each for each in job.ids} if alone else {})
