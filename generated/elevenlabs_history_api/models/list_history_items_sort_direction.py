from typing import Literal

ListHistoryItemsSortDirection = Literal["asc", "desc"]

LIST_HISTORY_ITEMS_SORT_DIRECTION_VALUES: set[ListHistoryItemsSortDirection] = {
    "asc",
    "desc",
}


def check_list_history_items_sort_direction(
    value: str,
) -> ListHistoryItemsSortDirection:
    if value in LIST_HISTORY_ITEMS_SORT_DIRECTION_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {LIST_HISTORY_ITEMS_SORT_DIRECTION_VALUES!r}"
    )
