"""Every exception that this package raises on purpose, each with what happened, to what, and what to do next."""

from __future__ import annotations


class HistoryError(Exception):
    """Base of every error that this package raises on purpose."""


class ArchiveRefused(HistoryError):
    """A zip archive was not taken apart because it can't be trusted; nothing of it was kept."""
