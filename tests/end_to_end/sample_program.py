"""A program that uses every public name as a user would. The type checkers read it, and a test runs it."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

import elevenlabs_history as history
from elevenlabs_history import AsyncHistoryClient, HistoryClient, HistoryItem, RetryPolicy


def told(event: history.Event) -> str:
    """Say an event in words."""
    match event:
        case history.RunStarted(items=items):
            return f"{items} items"
        case history.BytesReceived(size=size):
            return f"{size} bytes"
        case history.FileSaved(clip=clip):
            return clip_in_words(clip)
        case history.ItemMissing(history_item_id=item_id):
            return f"{item_id} is gone"
        case history.ItemFailed(history_item_id=item_id, error=error):
            return f"{item_id}: {hint(error)}"
        case history.RunFinished(report=report):
            return report_in_words(report)


def told_of_backup(event: history.BackupEvent) -> str:
    """Say an event of a backup in words."""
    if isinstance(event, history.PageListed):
        return f"{event.wanted} of {event.items} listed items are wanted"
    return told(event)


def clip_in_words(clip: history.DownloadedFile) -> str:
    """Say where a clip is and how it is known."""
    match_method = {
        history.MatchMethod.TIME: "by its time",
        history.MatchMethod.ID_IN_NAME: "by its name",
        history.MatchMethod.ONLY_ITEM: "alone",
    }
    known = match_method[clip.match_method] if clip.match_method is not None else "not at all"
    audio = "audio" if clip.kind is not history.FileKind.ZIP else "archive"
    return f"{clip.path}: {audio}, {clip.size} bytes, known {known}"


def report_in_words(report: history.Report) -> str:
    """Say what became of the items."""
    skipped: list[history.SkippedFile] = report.skipped
    return f"{len(report.saved)} saved, {len(skipped)} skipped, {len(report.gone)} gone, {len(report.failed)} failed"


def hint(error: history.HistoryError) -> str:  # noqa: PLR0911 - one for each kind of failure
    """Say what to do about an error."""
    match error:
        case history.AuthenticationError() | history.PermissionDeniedError() | history.WrongRegionError():
            return "look at the key"
        case history.QuotaExceededError() | history.RateLimitError():
            return "wait"
        case history.ServerError() | history.APIConnectionError() | history.Timeout():
            return f"try again, attempt failed with {error.status_code}"
        case history.NotFoundError() | history.InvalidRequestError() | history.UnexpectedResponseError():
            return f"tell the vendor {error.request_id}, {error.code}: {error.message}"
        case history.UnsafeArchiveError() | history.WriteError() | history.TargetExistsError() | history.LockedError():
            return "look at the folder"
        case history.CatalogError() | history.ReadError():
            return "look at the disk"
        case history.InvalidArgumentError() | history.InvalidArgumentError() | history.BulkDownloadError():
            return str(error)
        case _:
            return error.hint or "nothing"


def newest(client: HistoryClient, since: history.TimestampLike) -> list[HistoryItem]:
    """List the newest items and complain about what is none."""
    items: history.HistoryItems = client.list(after=since, limit=6)
    found = list(items)
    unreadable: list[history.InvalidEntry] = items.unreadable
    for entry in unreadable:
        print(entry)
    return found


def back_up(client: HistoryClient, folder: Path) -> None:
    """Back up everything, look at what is there, and mend what is broken."""
    plan: history.SyncPlan = client.plan_backup(folder)
    report: history.SyncReport = client.backup(folder, on_event=lambda event: print(told_of_backup(event)))
    print(f"{plan.items} planned, {report.saved} backed up")
    with history.Backup(folder) as backup:
        record: history.Record = next(iter(backup))
        file: history.BackupFile = record.files[0]
        (backup.folder / file.path).unlink()
        verification: history.VerifyReport = backup.verify()
        issue: history.VerifyIssue = verification.issues[0]
        print(f"{issue.path} is {issue.status}")
    print(f"{client.repair_backup(folder).ok} are whole")


def run(key: str, base_url: str, folder: Path) -> None:
    """Do everything once with the sync client."""
    region: history.Region | None = None
    checks: list[history.Check] = list(history.diagnose(key, base_url=base_url, folder=folder))
    print(*(check.issue for check in checks), sep="\n")
    retries = RetryPolicy(attempts=3)
    template = history.Template(history.DEFAULT_TEMPLATE)
    timeout = history.DEFAULT_TIMEOUT
    with HistoryClient(key, region=region, base_url=base_url, retry_policy=retries, timeout=timeout) as client:
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
