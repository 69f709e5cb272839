"""Start commands from a process that is small, and tell what each of them took.

A child's peak memory begins at its parent's, so the runner, which is larger than some of what it measures, starts
nothing by itself. One command a line as JSON on standard input, one answer a line on standard output.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any


def launch(order: dict[str, Any]) -> dict[str, Any]:
    """Run one command and return its exit code, seconds, seconds of CPU and peak memory with those of its children."""
    start = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        try:
            for number, path in ((0, os.devnull), (1, order["stdout"]), (2, order["stderr"])):
                os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | (os.O_TRUNC if number else 0), 0o600), number)
            os.chdir(order["folder"])
            os.execvpe(order["command"][0], order["command"], order["environment"])
        except OSError as error:
            os.write(2, str(error).encode())
        os._exit(127)
    _, status, usage = os.wait4(pid, 0)
    return {
        "exit": os.waitstatus_to_exitcode(status),
        "wall": time.perf_counter() - start,
        "cpu": usage.ru_utime + usage.ru_stime,
        # Kibibytes on Linux, bytes on macOS.
        "memory": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
    }


for line in sys.stdin:
    print(json.dumps(launch(json.loads(line))), flush=True)
