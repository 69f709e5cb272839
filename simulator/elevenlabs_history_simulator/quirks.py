"""What nobody outside knows of the real server, as switches. Each default is the likeliest."""

from __future__ import annotations

from typing import Literal

from attrs import frozen


@frozen(kw_only=True)
class Quirks:
    """How the server behaves where it is not known how it does.

    Attributes:
        names: What a member of an archive is called: `current` (time, voice), `dated` (time alone) or `id` (as
            before August 2023).
        folders: Members lie in a folder named after the voice.
        utc_offset: Seconds that the times in names are ahead of UTC.
        separator: What stands between hours, minutes and seconds in names.
        deflated: Members are compressed.
        duplicates: One item of an archive is in it twice.
        intruders: An archive also has an item that nobody asked for, if there is one.
        missing_ids: What an unknown id among several does: `refuse` the request, `skip` it, or `error` with 500.
        most_ids: How many ids one download may name.
        media_type: What a good download calls itself; None for what it is.
        error_shape: `current` or `older`.
        unknown_item_status: What an unknown item is answered with, 400 or 404.
    """

    names: Literal["current", "dated", "id"] = "current"
    folders: bool = False
    utc_offset: int = 0
    separator: Literal["_", ":", " "] = "_"
    deflated: bool = False
    duplicates: bool = False
    intruders: bool = False
    missing_ids: Literal["refuse", "skip", "error"] = "refuse"
    most_ids: int = 1000
    media_type: str | None = None
    error_shape: Literal["current", "older"] = "current"
    unknown_item_status: Literal[400, 404] = 400
