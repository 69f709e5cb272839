"""A program that uses every public name as a user would. The type checkers read it, and a test runs it."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import elevenlabs_history as history
import elevenlabs_history_backup as backups
from elevenlabs_history import AsyncHistoryClient, HistoryClient, HistoryItem, RetryPolicy
from elevenlabs_history.notebook import progress, table


def describe_event(event: history.Event) -> str:
    """Describe an event."""
    match event:
        case history.RunStarted(items=items):
            return f"{items} items"
        case history.BytesReceived(size=size):
            return f"{size} bytes"
        case history.FileSaved(file=file):
            return describe_file(file)
        case history.ItemMissing(history_item_id=item_id):
            return f"{item_id} is missing"
        case history.ItemFailed(history_item_id=item_id, error=error):
            return f"{item_id}: {advise(error)}"
        case history.RunFinished(report=report):
            return describe_report(report)


def describe_backup_event(event: backups.BackupEvent) -> str:
    """Describe an event of a backup."""
    if isinstance(event, backups.PageListed):
        return f"{event.pending} of {event.items} listed items are pending"
    return describe_event(event)


def describe_file(file: history.DownloadedFile) -> str:
    """Tell where a file is and how its item is known."""
    methods = {
        history.MatchMethod.TIME: "by its time",
        history.MatchMethod.ID_IN_NAME: "by its name",
        history.MatchMethod.ONLY_ITEM: "alone",
    }
    known = methods[file.match_method] if file.match_method is not None else "not at all"
    audio = "audio" if file.kind is not history.FileKind.ZIP else "archive"
    seconds: float | None = history.audio_seconds(file.path)
    return f"{file.path}: {audio}, {seconds} s, {file.size} bytes, {file.sha256}, known {known}"


def describe_report(report: history.Report) -> str:
    """Tell what became of the items."""
    skipped: list[history.SkippedFile] = report.skipped
    return (
        f"{len(report.saved)} saved, {len(skipped)} skipped, {len(report.missing)} missing, {len(report.failed)} failed"
    )


def advise(error: history.HistoryError) -> str:  # noqa: PLR0911 - one for each kind of failure
    """Tell what to do about an error."""
    match error:
        case history.AuthenticationError() | history.PermissionDeniedError() | history.WrongRegionError():
            return "look at the key"
        case history.QuotaExceededError() | history.RateLimitError():
            return "wait"
        case history.ServerError() | history.APIConnectionError() | history.APITimeoutError():
            return f"try again, attempt failed with {error.status_code}"
        case history.NotFoundError() | history.InvalidRequestError() | history.UnexpectedResponseError():
            return f"tell the vendor {error.request_id}, {error.code}: {error.message}"
        case history.UnsafeArchiveError() | history.WriteError() | history.TargetExistsError() | history.LockedError():
            return "look at the folder"
        case backups.CatalogError():
            return "look at the catalog"
        case history.InvalidArgumentError() | history.BulkDownloadError():
            return str(error)
        case _:
            return error.hint or "nothing"


def describe_item(item: HistoryItem) -> str:
    """Tell who says what, and when."""
    lines: tuple[history.DialogueLine, ...] = item.dialogue
    speakers = [line.voice_name or "somebody" for line in lines] or [item.voice_name or "somebody"]
    cost = f"{item.characters} characters with {item.model_id}"
    return f"{item.date:%Y-%m-%d}, {', '.join(speakers)}: {item.text}, {cost}, {item.settings}"


def newest(client: HistoryClient, since: history.TimestampLike) -> list[HistoryItem]:
    """List the newest items and print the entries that are none."""
    items: history.HistoryItems = client.list(after=since, limit=6)
    found = list(items)
    invalid: list[history.InvalidEntry] = items.invalid_entries
    for entry in invalid:
        print(entry)
    return found


def characters(backup: backups.BackupReader, by: backups.Grouping) -> dict[str | None, int]:
    everything: backups.BackupStats = backup.stats()
    return {"all": everything.characters} | {name: each.characters for name, each in backup.stats_by(by).items()}


def subtitles(record: backups.Record, form: backups.SubtitleFormat) -> str:
    """Make the file of an item's subtitles, or tell why there is none."""
    try:
        cues: list[backups.Cue] = record.subtitles()
    except backups.NoAlignmentError:
        return "nothing is known of its times"
    except backups.SubtitleError as error:
        return error.message
    return f"{backups.subtitle_path(record, form)}:\n{backups.format_cues(cues, form)}"


def back_up(client: HistoryClient, folder: Path) -> None:
    """Back up everything, verify it, and repair what is broken."""
    with backups.Backup(folder) as backup:
        plan: backups.SyncPlan = backup.plan(client)
        report: backups.SyncReport = backup.sync(client, on_event=lambda event: print(describe_backup_event(event)))
        print(f"{plan.items} planned, {report.saved} backed up")
        record: backups.Record = next(iter(backup))
        print(subtitles(record, "vtt"))
        file: backups.BackupFile = record.files[0]
        (backup.folder / file.path).unlink()
        verified: backups.VerifyReport = backup.verify()
        issue: backups.VerifyIssue = verified.issues[0]
        print(f"{issue.path} is {issue.status}")
        print(f"{backup.repair(client).ok_count} files are complete")
        print(prune(client, backup))
        settings: backups.SyncSettings | None = backup.settings
        print(f"made with {settings}")
    (folder / backups.CATALOG_NAME).unlink()
    print(restore(client, folder))
    with backups.BackupReader(folder) as reader:
        print(f"{len(reader)} items, {len(list(reader.search('a', limit=3)))} found")
        print(characters(reader, "voice"), len(reader.find("Is it there?")))


def size_of(address: str | Path) -> str:
    """Tell how many items a backup has, in a folder or in a bucket."""
    try:
        with backups.BackupReader(address) as backup:
            return f"{backup.name}: {len(backup)}"
    except (backups.BucketError, backups.CatalogError) as error:
        return error.message


def back_up_many(folder: Path, base_url: str, key: str) -> None:
    """Back up the workspaces that a file names, together and alone."""
    file = folder.with_name("workspaces.toml")
    key_file = folder.with_name("key")
    key_file.touch(0o600)
    key_file.write_text(key)
    values = {"name": "mine", "target": folder, "key_file": key_file, "base_url": base_url}
    file.write_text("[[workspace]]\n" + "".join(f"{name} = '{value}'\n" for name, value in values.items()))
    workspaces: list[backups.Workspace] = backups.read_workspaces(file)
    reports: list[backups.WorkspaceReport] = backups.sync_many(workspaces)
    print([report.saved for report in reports], backups.sync_workspace(workspaces[0]).ok)


def restore(client: HistoryClient, folder: Path) -> str:
    """Make a lost catalog anew."""
    with backups.Backup(folder) as backup:
        report: backups.ImportReport = backup.import_files(client)
        left: list[backups.UnmatchedFile] = report.unmatched
    hidden = (folder / backups.HIDDEN_FOLDER).is_dir()
    return f"{report.recorded} files recorded, {[file.reason for file in left]}, {hidden}"


def import_archive(client: HistoryClient, archive: Path, folder: Path) -> str:
    """Extract what an archive from the website is proven to hold."""
    newest_day = history.unix_seconds("2100-01-01", "before")
    report: history.ArchiveReport = history.extract_archive(archive, client.list(before=newest_day), folder)
    return f"{len(report.saved)} extracted, {len(report.unmatched)} left"


def prune(client: HistoryClient, backup: backups.Backup) -> str:
    """Delete on the server what is ten years old and in the backup."""
    try:
        plan: backups.PrunePlan = backup.plan_prune(client, older_than=timedelta(days=3650))
        report: backups.PruneReport = backup.prune(client, plan, max_items=10)
    except backups.PruneError as error:
        return error.message
    results: list[backups.PruneResult] = report.results
    return f"{report.count('deleted')} of {len(results)} items deleted"


def write_note(folder: Path) -> None:
    """Write a file of one's own as the library does, while no run writes into the folder."""
    with history.FolderLock(folder / ".elevenlabs-history" / "lock"), history.AtomicFile(folder) as note:
        note.write(b"made by the sample program")
        note.commit(folder / "note.txt")


def run(key: str, base_url: str, folder: Path) -> None:
    """Do everything once with the sync client."""
    region: history.Region | None = None
    policy = RetryPolicy(max_attempts=3)
    template = history.Template("{voice}_{id}{ext}")
    with HistoryClient(key, region=region, base_url=base_url, retry_policy=policy, timeout=20) as client:
        items = newest(client, datetime(2020, 1, 1, tzinfo=UTC))
        download: history.Download = client.download(items, output_format="wav")
        print(download.save(folder / "some.zip"), len(download.read()), sum(map(len, download.iter_bytes())))
        for file in client.audio(items[0]).extract(folder / "one", template=template, overwrite=True):
            print(describe_file(file))
        with progress() as show:
            client.download_all(items, folder / "shown", on_event=show)
        report = client.download_all(items, folder / "all", on_event=lambda event: print(describe_event(event)))
        report.raise_for_failures()
        print(import_archive(client, folder / "some.zip", folder / "by-hand"))
        write_note(folder / "all")
        back_up(client, folder / "backup")
        back_up_many(folder / "of a workspace", base_url, key)
        print(size_of(folder / "of a workspace"), size_of(folder))
        print(describe_item(client.get(items[-1].history_item_id)))
        print([HistoryItem(item.raw) for item in client.list(voice=items[0].voice_name, limit=1)])
        print(table(items), table(report))
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
        print(describe_report(await client.download_all(found, folder / "async-all")))
        await client.delete((await client.get(found[0].history_item_id)).history_item_id)


if __name__ == "__main__":
    print(history.__version__)
    run(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
    asyncio.run(run_async(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
