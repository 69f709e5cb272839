"""A program that uses every public name as a user would. The type checkers read it, and a test runs it."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

import elevenlabs_history as history
from elevenlabs_history import AsyncHistoryClient, HistoryClient, HistoryItem, Retries


def told(event: history.Event) -> str:
    """Say an event in words."""
    match event:
        case history.Started(items=items):
            return f"{items} items"
        case history.Received(size=size):
            return f"{size} bytes"
        case history.Saved(clip=clip):
            return clip_in_words(clip)
        case history.Gone(history_item_id=item_id):
            return f"{item_id} is gone"
        case history.Failed(history_item_id=item_id, error=error):
            return f"{item_id}: {cure(error)}"
        case history.Finished(report=report):
            return report_in_words(report)


def told_of_backup(event: history.BackupEvent) -> str:
    """Say an event of a backup in words."""
    if isinstance(event, history.Listed):
        return f"{event.wanted} of {event.items} listed items are wanted"
    return told(event)


def clip_in_words(clip: history.Clip) -> str:
    """Say where a clip is and how it is known."""
    proof = {
        history.Proof.TIME: "by its time",
        history.Proof.ID_IN_NAME: "by its name",
        history.Proof.ONLY_ITEM: "alone",
    }
    known = proof[clip.proof] if clip.proof is not None else "not at all"
    audio = "audio" if clip.kind is not history.Kind.ZIP else "archive"
    return f"{clip.path}: {audio}, {clip.size} bytes, known {known}"


def report_in_words(report: history.Report) -> str:
    """Say what became of the items."""
    skipped: list[history.Skipped] = report.skipped
    return f"{len(report.saved)} saved, {len(skipped)} skipped, {len(report.gone)} gone, {len(report.failed)} failed"


def cure(error: history.HistoryError) -> str:  # noqa: PLR0911 - one for each kind of failure
    """Say what to do about an error."""
    match error:
        case history.AuthenticationError() | history.PermissionDenied() | history.WrongRegion():
            return "look at the key"
        case history.QuotaExceeded() | history.RateLimited():
            return "wait"
        case history.ServerError() | history.ConnectionFailed() | history.Timeout():
            return f"try again, attempt failed with {error.status_code}"
        case history.NotFound() | history.InvalidRequest() | history.UnexpectedResponse():
            return f"tell the vendor {error.request_id}, {error.code}: {error.message}"
        case history.ArchiveRefused() | history.CannotWrite() | history.TargetExists() | history.FolderBusy():
            return "look at the folder"
        case history.CatalogueUnusable() | history.CannotRead():
            return "look at the disk"
        case history.InvalidTemplate() | history.InvalidArgument() | history.DownloadsFailed():
            return str(error)
        case _:
            return error.cure or "nothing"


def newest(client: HistoryClient, since: history.Moment) -> list[HistoryItem]:
    """List the newest items and complain about what is none."""
    items: history.HistoryItems = client.list(after=since, limit=6)
    found = list(items)
    unreadable: list[history.Unreadable] = items.unreadable
    for entry in unreadable:
        print(entry)
    return found


def back_up(client: HistoryClient, folder: Path) -> None:
    """Back up everything, look at what is there, and mend what is broken."""
    plan: history.BackupPlan = client.plan_backup(folder)
    report: history.BackupReport = client.backup(folder, on_event=lambda event: print(told_of_backup(event)))
    print(f"{plan.items} planned, {report.saved} backed up")
    with history.Backup(folder) as backup:
        record: history.Record = next(iter(backup))
        file: history.SavedFile = record.files[0]
        (backup.folder / file.path).unlink()
        verification: history.Verification = backup.verify()
        finding: history.Finding = verification.findings[0]
        print(f"{finding.path} is {finding.verdict}")
    print(f"{client.repair_backup(folder).ok} are whole")


def run(key: str, base_url: str, folder: Path) -> None:
    """Do everything once with the sync client."""
    region: history.Region | None = None
    checks: list[history.Check] = list(history.diagnose(key, base_url=base_url, folder=folder))
    print(*(check.finding for check in checks), sep="\n")
    retries = Retries(attempts=3)
    template = history.Template(history.DEFAULT_TEMPLATE)
    timeout = history.DEFAULT_TIMEOUT
    with HistoryClient(key, region=region, base_url=base_url, retries=retries, timeout=timeout) as client:
        items = newest(client, datetime(2020, 1, 1, tzinfo=UTC))
        download: history.Download = client.download(items, output_format="wav")
        print(download.save(folder / "some.zip"), len(download.read()), sum(map(len, download.iter_bytes())))
        for clip in client.audio(items[0]).extract(folder / "one", template=template, overwrite=True):
            print(clip_in_words(clip))
        report = client.download_all(items, folder / "all", on_event=lambda event: print(told(event)))
        report.raise_for_failures()
        back_up(client, folder / "backup")
        print(client.get(items[-1].history_item_id).text)
        client.delete(items[-1].history_item_id)


async def run_async(key: str, base_url: str, folder: Path) -> None:
    """Do the same with the async client."""
    async with AsyncHistoryClient(key, base_url=base_url) as client:
        items: history.AsyncHistoryItems = client.list(limit=3)
        found = [item async for item in items]
        download: history.AsyncDownload = client.download(found)
        print(await download.save(folder / "async.zip"), len(await download.read()))
        print(sum([len(chunk) async for chunk in download.iter_bytes()]))
        print(len(await download.extract(folder / "async")))
        print(report_in_words(await client.download_all(found, folder / "async-all")))
        await client.delete((await client.get(found[0].history_item_id)).history_item_id)


if __name__ == "__main__":
    print(history.__version__)
    run(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
    asyncio.run(run_async(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
