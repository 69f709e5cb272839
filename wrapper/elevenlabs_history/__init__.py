"""Download an ElevenLabs generation history: every clip complete, and matched to its history item.

The generated client `elevenlabs_history_api` knows the paths and models of the API. This package adds what a generator
cannot know: a download may be one audio file or a zip archive, an archive may be damaged or hostile and its names hold
no ids, a body may be cut short, audio belongs on the disk and not in memory, and some failures are worth a retry.

    from elevenlabs_history import HistoryClient

    with HistoryClient() as client:  # reads the key from ELEVENLABS_API_KEY
        items = list(client.list(search="dragon", limit=10))
        for file in client.download(items).extract("clips"):
            print(file.path, file.history_item_id)
"""

# `X as X` marks a name as exported for type checkers (PEP 484).
from elevenlabs_history_api.models import HistoryItem as HistoryItem

from ._audio import FileKind as FileKind
from ._files.atomic import AtomicFile as AtomicFile
from ._files.lock import FolderLock as FolderLock
from ._files.template import Template as Template
from ._http.retry import RetryPolicy as RetryPolicy
from ._http.settings import Region as Region
from ._listing import InvalidEntry as InvalidEntry
from ._listing import TimestampLike as TimestampLike
from ._matching import MatchMethod as MatchMethod
from ._version import __version__ as __version__
from .async_client import AsyncHistoryClient as AsyncHistoryClient
from .async_client import AsyncHistoryItems as AsyncHistoryItems
from .client import HistoryClient as HistoryClient
from .client import HistoryItems as HistoryItems
from .download import AsyncDownload as AsyncDownload
from .download import Download as Download
from .errors import (
    APIConnectionError as APIConnectionError,
)
from .errors import (
    APITimeoutError as APITimeoutError,
)
from .errors import (
    AuthenticationError as AuthenticationError,
)
from .errors import (
    BulkDownloadError as BulkDownloadError,
)
from .errors import (
    HistoryError as HistoryError,
)
from .errors import (
    InvalidArgumentError as InvalidArgumentError,
)
from .errors import (
    InvalidRequestError as InvalidRequestError,
)
from .errors import (
    LockedError as LockedError,
)
from .errors import (
    NotFoundError as NotFoundError,
)
from .errors import (
    PermissionDeniedError as PermissionDeniedError,
)
from .errors import (
    QuotaExceededError as QuotaExceededError,
)
from .errors import (
    RateLimitError as RateLimitError,
)
from .errors import (
    ServerError as ServerError,
)
from .errors import (
    TargetExistsError as TargetExistsError,
)
from .errors import (
    UnexpectedResponseError as UnexpectedResponseError,
)
from .errors import (
    UnsafeArchiveError as UnsafeArchiveError,
)
from .errors import (
    WriteError as WriteError,
)
from .errors import (
    WrongRegionError as WrongRegionError,
)
from .events import (
    BytesReceived as BytesReceived,
)
from .events import (
    DownloadedFile as DownloadedFile,
)
from .events import (
    Event as Event,
)
from .events import (
    FileSaved as FileSaved,
)
from .events import (
    ItemFailed as ItemFailed,
)
from .events import (
    ItemMissing as ItemMissing,
)
from .events import (
    Report as Report,
)
from .events import (
    RunFinished as RunFinished,
)
from .events import (
    RunStarted as RunStarted,
)
from .events import (
    SkippedFile as SkippedFile,
)
