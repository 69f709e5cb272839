"""Contains all the data models used in inputs/outputs"""

from .alignment import Alignment
from .alignments import Alignments
from .deleted_history_item import DeletedHistoryItem
from .dialogue_line import DialogueLine
from .download_refusal import DownloadRefusal
from .download_request import DownloadRequest
from .error_body import ErrorBody
from .error_detail import ErrorDetail
from .history_item import HistoryItem
from .history_page import HistoryPage
from .item_settings import ItemSettings
from .list_history_items_sort_direction import ListHistoryItemsSortDirection
from .validation_error import ValidationError
from .validation_errors import ValidationErrors

__all__ = (
    "Alignment",
    "Alignments",
    "DeletedHistoryItem",
    "DialogueLine",
    "DownloadRefusal",
    "DownloadRequest",
    "ErrorBody",
    "ErrorDetail",
    "HistoryItem",
    "HistoryPage",
    "ItemSettings",
    "ListHistoryItemsSortDirection",
    "ValidationError",
    "ValidationErrors",
)
