"""Download an ElevenLabs generation history: every clip complete, and matched to its history item.

The generated client `elevenlabs_history_api` knows the paths and models of the API. This package adds what a generator
cannot know: a download may be one audio file or a zip archive, an archive may be damaged or hostile and its names hold
no ids, a body may be cut short, audio belongs on the disk and not in memory, and some failures are worth a retry::

    from elevenlabs_history import HistoryClient

    with HistoryClient() as client:  # reads the key from ELEVENLABS_API_KEY
        items = list(client.list(search="dragon", limit=10))
        for file in client.download(items).extract("clips"):
            print(file.path, file.history_item_id)
"""

# `X as X` marks a name as exported for type checkers (PEP 484).
from ._audio import FileKind as FileKind
from ._download.local_archive import extract_archive as extract_archive
from ._duration import audio_seconds as audio_seconds
from ._files.atomic import AtomicFile as AtomicFile
from ._files.lock import FolderLock as FolderLock
from ._files.template import Template as Template
from ._http.retry import RetryPolicy as RetryPolicy
from ._http.settings import Region as Region
from ._listing import InvalidEntry as InvalidEntry, TimestampLike as TimestampLike, unix_seconds as unix_seconds
from ._matching import MatchMethod as MatchMethod
from ._version import __version__ as __version__
from .async_client import AsyncHistoryClient as AsyncHistoryClient, AsyncHistoryItems as AsyncHistoryItems
from .client import HistoryClient as HistoryClient, HistoryItems as HistoryItems
from .download import AsyncDownload as AsyncDownload, Download as Download
from .errors import (
    APIConnectionError as APIConnectionError,
    APITimeoutError as APITimeoutError,
    AuthenticationError as AuthenticationError,
    BulkDownloadError as BulkDownloadError,
    HistoryError as HistoryError,
    InvalidArgumentError as InvalidArgumentError,
    InvalidRequestError as InvalidRequestError,
    LockedError as LockedError,
    NotFoundError as NotFoundError,
    PermissionDeniedError as PermissionDeniedError,
    QuotaExceededError as QuotaExceededError,
    RateLimitError as RateLimitError,
    ServerError as ServerError,
    TargetExistsError as TargetExistsError,
    UnexpectedResponseError as UnexpectedResponseError,
    UnsafeArchiveError as UnsafeArchiveError,
    WriteError as WriteError,
    WrongRegionError as WrongRegionError,
)
from .events import (
    ArchiveReport as ArchiveReport,
    BytesReceived as BytesReceived,
    DownloadedFile as DownloadedFile,
    Event as Event,
    FileSaved as FileSaved,
    ItemFailed as ItemFailed,
    ItemMissing as ItemMissing,
    Report as Report,
    RunFinished as RunFinished,
    RunStarted as RunStarted,
    SkippedFile as SkippedFile,
)
from .item import DialogueLine as DialogueLine, HistoryItem as HistoryItem
