"""Keep a whole ElevenLabs history in one folder: its files, and a SQLite catalog of them.

Run it again to fetch only what is new::

    from elevenlabs_history import HistoryClient
    from elevenlabs_history_backup import Backup

    with HistoryClient() as client, Backup("everything") as backup:
        backup.sync(client)
        for record in backup.search("dragon"):
            print(record.date, record.text, [file.path for file in record.files])
"""

# `X as X` marks a name as exported for type checkers (PEP 484).
from .backup import Backup as Backup
from .cues import Cue as Cue
from .errors import (
    BucketError as BucketError,
    CatalogError as CatalogError,
    NoAlignmentError as NoAlignmentError,
    PruneError as PruneError,
    SubtitleError as SubtitleError,
)
from .many import WorkspaceReport as WorkspaceReport, sync_many as sync_many, sync_workspace as sync_workspace
from .prune import PrunePlan as PrunePlan, PruneReport as PruneReport, PruneResult as PruneResult
from .reader import BackupReader as BackupReader
from .report import (
    BackupEvent as BackupEvent,
    BackupFile as BackupFile,
    ImportReport as ImportReport,
    PageListed as PageListed,
    Record as Record,
    SyncPlan as SyncPlan,
    SyncReport as SyncReport,
    UnmatchedFile as UnmatchedFile,
    VerifyIssue as VerifyIssue,
    VerifyReport as VerifyReport,
)
from .schema import CATALOG_NAME as CATALOG_NAME, HIDDEN_FOLDER as HIDDEN_FOLDER
from .settings import SyncSettings as SyncSettings
from .stats import BackupStats as BackupStats, Grouping as Grouping
from .subtitles import SubtitleFormat as SubtitleFormat, format_cues as format_cues, subtitle_path as subtitle_path
from .workspaces import Workspace as Workspace, read_workspaces as read_workspaces
