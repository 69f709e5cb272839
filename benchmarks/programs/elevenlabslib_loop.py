"""elevenlabslib, a client by somebody else, told to use our server."""

from __future__ import annotations

import time

import elevenlabslib.helpers

from benchmarks.programs.told import Job, tell

job = Job()
elevenlabslib.helpers.api_endpoint = f"{job.base_url}/v1"
user = elevenlabslib.User(job.key)
items = user.get_history_items_paginated(len(job.ids))
start = time.perf_counter()
for item, (audio, _) in user.download_history_items_v2(items).items():
    (job.folder / item.historyID).write_bytes(audio)
tell(time.perf_counter() - start)
