"""The shape of a request, checked as the framework under the server does it: before the key, and all of it at once.

Parameters and fields that the API does not know are ignored.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NoReturn

from attrs import frozen

from .errors import Mistake, invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEFAULT_PAGE = 100
_LARGEST_PAGE = 1000
_DIRECTIONS = ("asc", "desc")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@frozen(kw_only=True)
class ListQuery:
    """What a listing asks for.

    Attributes:
        page_size: Most items on the page.
        cursor: The id of the item that the page begins behind.
        before: Only items made before this Unix second.
        since: Only items made in this Unix second or later.
        newest_first: The order.
        fields: What these fields of an item must be.
        search: What the text of an item must hold, in lower case.
    """

    page_size: int
    cursor: str | None
    before: int | None
    since: int | None
    newest_first: bool
    fields: Mapping[str, str]
    search: str

    @property
    def filtered(self) -> bool:
        """Items of the asked time may be left out."""
        return bool(self.fields or self.search)


@frozen
class DownloadBody:
    """What a download asks for."""

    history_item_ids: list[str]
    output_format: str | None


def list_query(parameters: Mapping[str, str], *, clamp: bool = False) -> ListQuery:
    """Read the parameters of a listing.

    Args:
        parameters: Their names and texts.
        clamp: A page that is too large is as large as can be, and no mistake.

    Raises:
        RefusedError: With 422; they have the wrong shape.
    """
    mistakes: list[Mistake] = []
    page_size = _whole_number(parameters, "page_size", mistakes)
    if page_size is None:
        page_size = _DEFAULT_PAGE
    if page_size < 1:
        mistakes.append(_out_of_bounds("greater_than_equal", "greater than or equal to", 1, page_size))
    if clamp:
        page_size = min(page_size, _LARGEST_PAGE)
    if page_size > _LARGEST_PAGE:
        mistakes.append(_out_of_bounds("less_than_equal", "less than or equal to", _LARGEST_PAGE, page_size))
    direction = parameters.get("sort_direction", "desc")
    if direction not in _DIRECTIONS:
        where = ("query", "sort_direction")
        expected = "'asc' or 'desc'"
        mistakes.append(Mistake("enum", where, f"Input should be {expected}", direction, {"expected": expected}))
    query = ListQuery(
        page_size=page_size,
        cursor=parameters.get("start_after_history_item_id"),
        before=_whole_number(parameters, "date_before_unix", mistakes),
        since=_whole_number(parameters, "date_after_unix", mistakes),
        newest_first=direction == "desc",
        fields={name: parameters[name] for name in ("voice_id", "model_id", "source") if name in parameters},
        search=parameters.get("search", "").lower(),
    )
    if mistakes:
        raise invalid(mistakes)
    return query


def download_body(body: bytes, media_type: str | None) -> DownloadBody:
    """Read the body of a download, which is JSON unless it claims to be something else.

    Raises:
        RefusedError: With 422; it has the wrong shape.
    """
    try:
        given = json.loads(body, parse_constant=_not_json) if _is_json(media_type) else body.decode(errors="replace")
    except (ValueError, RecursionError):
        raise invalid([Mistake("json_invalid", ("body",), "JSON decode error", {})]) from None
    if not isinstance(given, dict):
        message = "Input should be a valid dictionary or object to extract fields from"
        raise invalid([Mistake("model_attributes_type", ("body",), message, given)])
    mistakes: list[Mistake] = []
    ids = given.get("history_item_ids", [])
    where = ("body", "history_item_ids")
    if "history_item_ids" not in given:
        mistakes.append(Mistake("missing", where, "Field required", given))
    elif not isinstance(ids, list):
        mistakes.append(Mistake("list_type", where, "Input should be a valid list", ids))
    else:
        mistakes += (_not_text((*where, place), each) for place, each in enumerate(ids) if not isinstance(each, str))
    output_format = given.get("output_format")
    if not isinstance(output_format, str | None):
        mistakes.append(_not_text(("body", "output_format"), output_format))
    if mistakes:
        raise invalid(mistakes)
    return DownloadBody(ids, output_format)


def is_id(text: str) -> bool:
    """Tell whether a text could be the id of an item, if there were one."""
    return _ID.fullmatch(text) is not None


def _whole_number(parameters: Mapping[str, str], name: str, mistakes: list[Mistake]) -> int | None:
    text = parameters.get(name)
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        message = "Input should be a valid integer, unable to parse string as an integer"
        mistakes.append(Mistake("int_parsing", ("query", name), message, text))
        return None


def _out_of_bounds(kind: str, words: str, limit: int, given: int) -> Mistake:
    context = {"ge" if kind == "greater_than_equal" else "le": limit}
    return Mistake(kind, ("query", "page_size"), f"Input should be {words} {limit}", str(given), context)


def _not_text(where: tuple[str | int, ...], given: Any) -> Mistake:  # noqa: ANN401 - JSON is anything
    return Mistake("string_type", where, "Input should be a valid string", given)


def _is_json(media_type: str | None) -> bool:
    essence = (media_type or "application/json").partition(";")[0].strip().lower()
    return essence.startswith("application/") and essence.endswith(("/json", "+json"))


def _not_json(constant: str) -> NoReturn:
    raise ValueError(constant)
