"""A backup in one call, for tests that need nothing else of it."""

from elevenlabs_history_backup import Backup


def sync(client, folder, **options):
    with Backup(folder) as backup:
        return backup.sync(client, **options)


def plan(client, folder, **options):
    with Backup(folder) as backup:
        return backup.plan(client, **options)


def repair(client, folder, **options):
    with Backup(folder) as backup:
        return backup.repair(client, **options)


def import_files(client, folder, *archives, **options):
    with Backup(folder) as backup:
        return backup.import_files(client, archives, **options)
