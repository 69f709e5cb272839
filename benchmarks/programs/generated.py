"""The generated client of this package, without what is written around it."""

from __future__ import annotations

import sys
import time

from elevenlabs_history_api import AuthenticatedClient
from elevenlabs_history_api.api.history import get_history_item_audio, list_history_items
from elevenlabs_history_api.models import HistoryPage
from elevenlabs_history_api.types import UNSET, File, Unset

from benchmarks.programs.told import Job, Listing, tell

job = Job()
client = AuthenticatedClient(
    base_url=job.base_url, token=job.key, prefix="", auth_header_name="xi-api-key", raise_on_unexpected_status=True
)
list_history_items.sync(client=client, page_size=1)
start = time.perf_counter()
if job.name == "list":
    listing = Listing()
    cursor: str | Unset = UNSET
    while True:
        page = list_history_items.sync(client=client, page_size=1000, start_after_history_item_id=cursor)
        if not isinstance(page, HistoryPage):
            sys.exit(f"No page came but {page!r}")
        for item in page.history:
            listing.add(item.history_item_id, item.text or None)
        if not page.has_more:
            break
        cursor = page.last_history_item_id or UNSET
    tell(time.perf_counter() - start, **listing.told())
else:
    audio = get_history_item_audio.sync(job.ids[0], client=client)
    if not isinstance(audio, File):
        sys.exit(f"No audio came but {audio!r}")
    (job.folder / "saved").write_bytes(audio.payload.read())
    tell(time.perf_counter() - start)
