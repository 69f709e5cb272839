"""What nobody outside knows of the real server, as switches. Each default is the likeliest."""

from __future__ import annotations

from typing import Literal

from attrs import frozen


@frozen(kw_only=True)
class Quirks:
    """How the server behaves where it is not known how it does.

    Attributes:
        names: What a member of an archive is called: `current` (time, voice, settings, model), `dated` (time alone) or
            `id` (as before August 2023).
        folders: Members lie in a folder named after the voice.
        utc_offset: Seconds that the times in names are ahead of UTC.
        separator: What stands between hours, minutes and seconds in names.
        repeated_names: Members that would share a name share it; otherwise the later ones are numbered.
        deflated: Members are compressed.
        data_descriptors: An archive is written as a stream, with the sizes of a member behind it.
        zip64: Members have the large size fields even where the small ones would do.
        duplicates: One item of an archive is in it twice.
        intruders: An archive also has an item that nobody asked for, if there is one.
        missing_ids: What an id without audio among several does: `refuse` the request, `skip` it, or `error` with 500.
        most_ids: How many ids one download may name.
        takes_default: `default` is an output format, the original one; otherwise it is refused like any but `wav`.
        media_type: What a good download calls itself; None for what it is.
        content_disposition: The header of that name with a good download; None for none.
        ranges: The audio of one item is sent in part when a `Range` asks for a part; otherwise always as a whole.
        error_shape: `current` or `older`.
        unknown_item_status: What an unknown item is answered with, 400 or 404.
        unknown_item_code: The code in that answer.
        null_state: Items tell no state.
        stale_cursor: What a page behind an item that is gone is: none, with the cursor as an `echo` and nothing more to
            come, the first page again (`restart`), or an error (`refuse`).
        empty_filtered_pages: A page looks at no more items than it may hold, so that a filter leaves pages short or
            empty while more follow.
    """

    names: Literal["current", "dated", "id"] = "current"
    folders: bool = False
    utc_offset: int = 0
    separator: Literal["_", ":", " "] = "_"
    repeated_names: bool = False
    deflated: bool = False
    data_descriptors: bool = False
    zip64: bool = False
    duplicates: bool = False
    intruders: bool = False
    missing_ids: Literal["refuse", "skip", "error"] = "refuse"
    most_ids: int = 1000
    takes_default: bool = False
    media_type: str | None = None
    content_disposition: str | None = None
    ranges: bool = False
    error_shape: Literal["current", "older"] = "current"
    unknown_item_status: Literal[400, 404] = 400
    unknown_item_code: Literal["invalid_uid", "invalid_id"] = "invalid_uid"
    null_state: bool = False
    stale_cursor: Literal["echo", "restart", "refuse"] = "echo"
    empty_filtered_pages: bool = False
