"""The exceptions of a backup; everything else is an exception of the library."""

from elevenlabs_history import HistoryError


class CatalogError(HistoryError):
    """The catalog of a backup is missing, damaged, in use, closed, or of another version of this package."""


class PruneError(HistoryError):
    """Something speaks against deleting an item, or all of them; the server still has what was not deleted before."""


class SubtitleError(HistoryError):
    """What the server tells of the times of an item's words can't be true; nothing was written for it."""


class NoAlignmentError(SubtitleError):
    """Nothing is known of when the words of an item are spoken."""


class BucketError(HistoryError):
    """The bucket of a backup can't be used: it is not there or not reachable, or the store refuses the key."""
