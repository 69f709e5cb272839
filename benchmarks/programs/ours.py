"""This package, used as its guide says."""

from __future__ import annotations

import sys
import time

from elevenlabs_history import HistoryClient

if sys.argv[1] == "start":
    HistoryClient("key")
    sys.exit()

from benchmarks.programs.job import Job, Listing, report

job = Job()
if job.name in {"sync", "verify", "page", "find"}:
    from elevenlabs_history_backup import Backup

with HistoryClient(job.key, base_url=job.base_url) as client:
    if job.name in {"list", "save", "sync"}:
        # Opens the connection.
        next(client.list(limit=1))
    if job.name == "list":
        listing = Listing()
        start = time.perf_counter()
        for item in client.list():
            listing.add(item.history_item_id, item.text or None)
        report(time.perf_counter() - start, **listing.facts())
    elif job.name == "save":
        start = time.perf_counter()
        client.download(job.ids).save("saved")
        report(time.perf_counter() - start)
    elif job.name == "extract":
        items = list(client.list())
        start = time.perf_counter()
        files = client.download(items).extract(job.folder)
        seconds = time.perf_counter() - start
        report(seconds, files={file.history_item_id: str(file.path) for file in files if file.history_item_id})
    elif job.name == "many":
        items = list(client.list())
        start = time.perf_counter()
        saved = client.download_all(items, job.folder).saved
        seconds = time.perf_counter() - start
        report(seconds, files={file.history_item_id: str(file.path) for file in saved})
    elif job.name == "sync":
        start = time.perf_counter()
        with Backup(job.folder) as backup:
            synced = backup.sync(client)
        report(time.perf_counter() - start, saved=synced.saved, failed=len(synced.failed), complete=synced.complete)
    elif job.name == "verify":
        start = time.perf_counter()
        with Backup(job.folder) as backup:
            verified = backup.verify()
        report(time.perf_counter() - start, ok=verified.ok_count, issues=len(verified.issues))
    elif job.name == "find":
        from benchmarks.catalogs import text_of

        with Backup(job.folder) as backup:
            count = len(backup)
            texts = [text_of(number) for number in range(0, count, count // 100)][:100]
            backup.find(texts[0])  # opens the catalog
            start = time.perf_counter()
            found = sum(len(backup.find(text)) for text in texts)
            others = len(backup.find("Nobody is called."))
            report((time.perf_counter() - start) / (len(texts) + 1), found=found, others=others)
    elif job.name == "page":
        start = time.perf_counter()
        with Backup(job.folder) as backup:
            backup.write_page()
        report(time.perf_counter() - start)
