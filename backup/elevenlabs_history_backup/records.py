"""What a backup tells of its items and files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from attrs import frozen

if TYPE_CHECKING:
    from datetime import datetime

    from .metadata import Metadata


@frozen(kw_only=True)
class BackupFile:
    """A file of a backup.

    Attributes:
        history_item_id: The item that it is proven to be.
        format: `original`, or the format it was converted to.
        path: Where it is, relative to the folder of the backup, with forward slashes.
        kind: What its bytes are, such as `mp3`.
        size: Size in bytes.
        sha256: SHA-256 of the bytes, in hexadecimal.
        match_method: How the item is known.
        saved_at: When it was saved, by the clock of this machine: ISO 8601, UTC.
    """

    history_item_id: str
    format: str
    path: str
    kind: str
    size: int
    sha256: str
    match_method: str
    saved_at: str


@frozen(kw_only=True)
class Record:
    """An item of a backup.

    Attributes:
        history_item_id: The item.
        date: When it was generated, in UTC.
        voice: Who speaks; of a dialogue, everyone.
        text: What is said; of a dialogue, one line per part.
        state: `saved`, `failed`, or `missing`: the server had lost it before it was saved.
        reason: Why a file of it is not saved; None if all are.
        on_server: Whether the last complete listing still had it.
        files: Its files.
        metadata: The JSON of the API, complete.
    """

    history_item_id: str
    date: datetime
    voice: str
    text: str
    state: Literal["saved", "missing", "failed"]
    reason: str | None
    on_server: bool
    files: tuple[BackupFile, ...]
    metadata: Metadata
