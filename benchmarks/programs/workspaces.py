"""Many workspaces on a pool of processes, as a cluster would run them."""

from __future__ import annotations

import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from elevenlabs_history_backup import Workspace, sync_many

from benchmarks.programs.job import report

facts = json.loads(sys.argv[2])
os.environ["KEY"] = facts["key"]
workspaces = [
    Workspace(name=f"w{number}", target=f"w{number}", key_env="KEY", base_url=facts["base_url"])
    for number in range(facts["count"])
]
# With fork a process begins at once, and not with imports that would be measured, too.
with ProcessPoolExecutor(facts["workers"], mp_context=get_context("fork")) as executor:
    start = time.perf_counter()
    reports = sync_many(workspaces, executor=executor)
    seconds = time.perf_counter() - start
report(seconds, saved=sum(each.saved for each in reports), ok=sum(each.ok for each in reports))
