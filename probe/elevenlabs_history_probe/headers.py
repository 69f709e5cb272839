"""Headers in words that a report may hold: known values, numbers, and forms without names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

_MEDIA_TYPES = {
    "application/json",
    "application/octet-stream",
    "application/x-zip-compressed",
    "application/zip",
    "audio/basic",
    "audio/l16",
    "audio/mp3",
    "audio/mpeg",
    "audio/ogg",
    "audio/opus",
    "audio/wav",
    "audio/x-wav",
    "binary/octet-stream",
    "text/html",
    "text/plain",
}
_SAFE = {
    "content-length": re.compile(r"\d{1,15}"),
    "content-range": re.compile(r"bytes \d{1,15}-\d{1,15}/\d{1,15}"),
    "content-encoding": re.compile(r"gzip|br|deflate|zstd|identity", re.IGNORECASE),
    "transfer-encoding": re.compile(r"chunked", re.IGNORECASE),
    "accept-ranges": re.compile(r"bytes|none", re.IGNORECASE),
    "retry-after": re.compile(r"\d{1,6}"),
}
_DISPOSITION = re.compile(
    r"(attachment|inline)(?:;\s*(filename)=(?:\"[^\"]*?(\.zip|\.mp3|\.wav)?\"|[^\";\s]*?(\.zip|\.mp3|\.wav)?))?",
    re.IGNORECASE,
)


def safe_headers(headers: httpx.Headers) -> dict[str, str]:
    """Return those headers that a report may hold; a value that is not of the usual form is `other`."""
    safe = {
        name: headers[name].lower() if form.fullmatch(headers[name]) else "other"
        for name, form in _SAFE.items()
        if name in headers
    }
    if media_type := media_type_of(headers):
        safe["content-type"] = media_type
    if disposition := disposition_of(headers):
        safe["content-disposition"] = disposition
    return safe


def media_type_of(headers: httpx.Headers) -> str:
    """Return the media type without its parameters; `other` for one that is not known, empty for none."""
    essence = headers.get("content-type", "").partition(";")[0].strip().lower()
    return essence if essence in _MEDIA_TYPES or not essence else "other"


def disposition_of(headers: httpx.Headers) -> str | None:
    """Return the Content-Disposition with another file name; `other` for another form, None for none."""
    given = headers.get("content-disposition")
    if given is None:
        return None
    found = _DISPOSITION.fullmatch(given.strip())
    if found is None:
        return "other"
    name = f'; filename="file{(found[3] or found[4] or "").lower()}"' if found[2] else ""
    return f"{found[1].lower()}{name}"
