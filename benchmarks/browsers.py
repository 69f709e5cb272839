"""Open the page of a backup in real browsers, from the disk, and let a script in it measure what its reader waits for.

The script tells its figures by navigating to a server on this machine, which every browser can do without a driver: a
driver may change what the browser allows.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

_TIMEOUT = 120.0  # seconds
_COMMANDS: dict[str, tuple[str, Callable[[str], list[str]]]] = {
    "Chromium": (
        "chromium",
        lambda profile: [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--enable-precise-memory-info",
            "--js-flags=--expose-gc",
            f"--user-data-dir={profile}",
        ],
    ),
    "Firefox": ("firefox-esr", lambda profile: ["--headless", "--no-remote", "--profile", profile]),
}
_FIREFOX_SETTINGS = {
    "security.fileuri.strict_origin_policy": True,
    "browser.shell.checkDefaultBrowser": False,
    "browser.aboutwelcome.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.enabled": False,
}
_SCRIPT = """
"use strict";
const figures = { frames: 0, blank: 0 };
const frame = () => new Promise(requestAnimationFrame);

async function until(isTrue) {
  while (!isTrue()) await frame();
  return performance.now() / 1000;
}

async function timeOf(query) {
  const begin = performance.now();
  $("query").value = query;
  runSearch();
  await frame();
  return [(performance.now() - begin) / 1000, search.hits.length];
}

// Whether a row is missing on the screen. This runs before the frame is painted.
function isBlank() {
  const { left, top, bottom } = $("list").getBoundingClientRect();
  const places = [top + 10, (top + bottom) / 2, bottom - 10];
  return places.some((place) => !document.elementFromPoint(left + 60, place).closest(".row"));
}

async function measure() {
  figures.first = await until(() => rows().length);
  figures.loaded = await until(() => shards.length && !loading.left);
  await frame();
  figures.searches = {};
  for (const query of QUERIES) figures.searches[query] = await timeOf(query);
  await timeOf("");
  for (; figures.frames < 100; figures.frames++) {
    $("list").scrollTop += figures.frames % 10 ? 2000 : 100000;
    await frame();
    if (isBlank()) figures.blank++;
  }
  // What is left when the browser needs memory: an ordinary collection keeps the sources of scripts for a while.
  globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
  figures.heap = performance.memory?.usedJSHeapSize;
  location.href = `http://127.0.0.1:PORT/?${encodeURIComponent(JSON.stringify(figures))}`;
}

measure();
"""


def found() -> list[str]:
    """Return the names of the browsers that this machine has."""
    return [name for name, (program, _) in _COMMANDS.items() if shutil.which(program)]


def measure(browser: str, index: Path, queries: list[str]) -> dict[str, Any]:
    """Open a page and return its figures.

    Args:
        browser: One of those found.
        index: The page; a copy of it with the script is put beside it, and one that leads there.
        queries: What to search for.

    Returns:
        Seconds until the `first` rows and until all are `loaded`; `searches`, the seconds and hits of each query;
        `frames` while scrolling, and how many of them were `blank`; the `heap` in bytes, where the browser tells it.

    Raises:
        TimeoutError: The browser told nothing.
    """
    with _Reports() as server, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        script = _SCRIPT.replace("PORT", str(server.server_port)).replace("QUERIES", json.dumps(queries))
        (index.parent / "page" / "measure.js").write_text(script, encoding="utf-8")
        measured = index.with_name("measured.html")
        added = '<script defer src="page/measure.js"></script>\n</head>'
        measured.write_text(index.read_text(encoding="utf-8").replace("</head>", added), encoding="utf-8")
        # The start of the browser is not measured.
        first = index.with_name("first.html")
        first.write_text('<script>setTimeout(() => location.replace("measured.html"), 2000)</script>', encoding="utf-8")
        settings = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in _FIREFOX_SETTINGS.items()]
        Path(profile, "user.js").write_text("\n".join(settings), encoding="utf-8")
        program, arguments = _COMMANDS[browser]
        with subprocess.Popen(
            [program, *arguments(profile), first.as_uri()], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                server.handle_request()
            finally:
                process.terminate()
        if server.figures is None:
            raise TimeoutError(f"{browser} told nothing for {_TIMEOUT:g} seconds.")
        return server.figures


class _Reports(HTTPServer):
    """Takes the figures of one page."""

    timeout = _TIMEOUT
    figures: dict[str, Any] | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Reports

    def do_GET(self) -> None:
        """Take the figures."""
        self.server.figures = json.loads(unquote(urlsplit(self.path).query))
        with suppress(OSError):
            self.send_response(204)
            self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""
