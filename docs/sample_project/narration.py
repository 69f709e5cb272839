"""Fetch the newest clip that says something, for a program that narrates."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from pathlib import Path

ATTEMPTS = 3


class NobodySaidThatError(Exception):
    """No clip of the history has the words."""


def fetch(words: str, target: Path) -> str:
    """Save the newest clip that says the words, and return its text.

    Raises:
        NobodySaidThatError: There is none.
        httpx.HTTPStatusError: The server refused, or failed three times.
    """
    headers = {"xi-api-key": os.environ["ELEVENLABS_API_KEY"]}
    with httpx.Client(base_url=os.environ["ELEVENLABS_BASE_URL"], headers=headers) as http:
        page = _get(http, "/v1/history", {"search": words, "page_size": "1"}).json()
        if not page["history"]:
            raise NobodySaidThatError(words)
        (clip,) = page["history"]
        target.write_bytes(_get(http, f"/v1/history/{clip['history_item_id']}/audio").content)
        return str(clip["text"])


def _get(http: httpx.Client, path: str, parameters: dict[str, str] | None = None) -> httpx.Response:
    answer = http.get(path, params=parameters)
    for attempt in range(1, ATTEMPTS):
        if answer.status_code < 500:
            break
        time.sleep(0.1 * attempt)
        answer = http.get(path, params=parameters)
    return answer.raise_for_status()
