"""The exception of a catalog; everything else is an exception of the library."""

from elevenlabs_history import HistoryError


class CatalogError(HistoryError):
    """The catalog of a backup is missing, damaged, in use, closed, or of another version of this package."""
