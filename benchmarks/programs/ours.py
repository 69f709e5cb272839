"""This package, used as its guide says."""

from __future__ import annotations

import sys
import time

from elevenlabs_history import HistoryClient

if sys.argv[1] == "start":
    HistoryClient("key")
    sys.exit()

from benchmarks.programs.told import Job, Listing, tell

job = Job()
if job.name == "verify":
    from elevenlabs_history_backup import Backup

    start = time.perf_counter()
    with Backup(job.facts["backup"]) as backup:
        verification = backup.verify()
    tell(time.perf_counter() - start, ok=verification.ok_count, issues=len(verification.issues))
    sys.exit()

with HistoryClient(job.key, base_url=job.base_url) as client:
    if job.name == "list":
        listing = Listing()
        start = time.perf_counter()
        for item in client.list():
            listing.add(item.history_item_id, item.text or "")
        tell(time.perf_counter() - start, **listing.told())
    elif job.name == "save":
        download = client.download(job.ids)
        client.get(job.ids[0])
        start = time.perf_counter()
        download.save(job.folder / "saved")
        tell(time.perf_counter() - start)
    elif job.name == "extract":
        items = list(client.list())
        download = client.download(items)
        start = time.perf_counter()
        files = download.extract(job.folder)
        seconds = time.perf_counter() - start
        tell(
            seconds,
            files={file.history_item_id: str(file.path.relative_to(job.folder)) for file in files if file.match_method},
        )
    elif job.name == "many":
        items = list(client.list())
        start = time.perf_counter()
        report = client.download_all(items, job.folder, **job.facts.get("options", {}))
        seconds = time.perf_counter() - start
        tell(
            seconds, files={str(file.history_item_id): str(file.path.relative_to(job.folder)) for file in report.saved}
        )
    elif job.name == "backup":
        from elevenlabs_history_backup import Backup

        start = time.perf_counter()
        with Backup(job.facts.get("backup", job.folder)) as backup:
            synced = backup.sync(client, full=job.facts.get("full", False))
        tell(time.perf_counter() - start, listed=synced.listed, saved=synced.saved, failed=len(synced.failed))
