"""What somebody would write with httpx alone, as well as it can be written."""

from __future__ import annotations

import os
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor

import httpx

if sys.argv[1] == "start":
    httpx.Client()
    sys.exit()


from pathlib import Path

from benchmarks.programs.told import Job, Listing, chunks, tell

job = Job()
client = httpx.Client(base_url=job.base_url, headers={"xi-api-key": job.key}, timeout=60)


def save(ids: list[str], path: Path, *, durable: bool = False) -> None:
    """Stream one answer into a file."""
    with (
        client.stream("POST", "/v1/history/download", json={"history_item_ids": ids}) as response,
        path.open("wb", buffering=0) as file,
    ):
        response.raise_for_status()
        for chunk in response.iter_raw():
            file.write(chunk)
        if durable:
            os.fsync(file.fileno())


def extract(ids: list[str], name: str, *, durable: bool = False) -> None:
    """Save an archive and take it apart."""
    path = job.folder / f".{name}.zip"
    save(ids, path)
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            member.filename = f"{name}-{member.filename}"
            clip = archive.extract(member, job.folder)
            if durable:
                with Path(clip).open("rb") as file:
                    os.fsync(file.fileno())
    path.unlink()


client.get("/v1/history", params={"page_size": 1}).raise_for_status()
if job.name == "list":
    listing = Listing()
    start = time.perf_counter()
    parameters: dict[str, str | int] = {"page_size": 1000}
    while True:
        page = client.get("/v1/history", params=parameters).json()
        for item in page["history"]:
            listing.add(item["history_item_id"], item["text"])
        if not page["has_more"]:
            break
        parameters["start_after_history_item_id"] = page["last_history_item_id"]
    tell(time.perf_counter() - start, **listing.told())
else:
    start = time.perf_counter()
    if job.name.startswith("save"):
        save(job.ids, job.folder / "saved", durable=job.name == "save durable")
    elif job.name == "extract":
        extract(job.ids, "all")
    elif job.name.startswith("many"):
        batches = enumerate(chunks(job.ids, job.facts["batch_size"]))
        durable = job.name == "many durable"
        with ThreadPoolExecutor(job.facts["workers"]) as pool:
            list(pool.map(lambda numbered: extract(numbered[1], str(numbered[0]), durable=durable), batches))
    tell(time.perf_counter() - start)
