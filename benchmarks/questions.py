"""The tasks that are measured, each against what a user would do without this package."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.request import urlopen

from attrs import evolve, frozen

from . import browsers
from .catalogs import RARE, add_items, add_rows
from .measure import KEY, Result, WrongResultError, check_facts, check_files, check_nothing
from .programs.job import Listing
from .report import MIB, Row
from .server import Shape, make_items

if TYPE_CHECKING:
    from pathlib import Path

    from .measure import Bench, Check, Command, Facts


@frozen(kw_only=True)
class Scale:
    """How much is measured.

    Attributes:
        rounds: How often.
        start_rounds: How often a program is started.
        save_size: Bytes of the single item.
        extract: Items of the archive, and bytes of each.
        many: Items that are saved one by one by the SDK, and bytes of each.
        listed: Items of the listing.
        backup: Items of the backup, and bytes of each.
        found: Items of the backup in which a text is found.
        workspaces: How many workspaces, items of each, and bytes of each item.
    """

    rounds: int
    start_rounds: int
    save_size: int
    extract: tuple[int, int]
    many: tuple[int, int]
    listed: int
    backup: tuple[int, int]
    found: int
    workspaces: tuple[int, int, int]


_USUAL = Scale(
    rounds=5,
    start_rounds=21,
    save_size=100_000_000,
    extract=(100, 1_000_000),
    many=(500, 200_000),
    listed=100_000,
    backup=(10_000, 50_000),
    found=500_000,
    workspaces=(12, 100, 50_000),
)
SCALES = {
    "tiny": Scale(
        rounds=1,
        start_rounds=1,
        save_size=2_000_000,
        extract=(4, 100_000),
        many=(12, 20_000),
        listed=1500,
        backup=(12, 20_000),
        found=1500,
        workspaces=(2, 4, 20_000),
    ),
    "quick": evolve(
        _USUAL,
        rounds=3,
        start_rounds=9,
        listed=10_000,
        backup=(1000, 50_000),
        found=50_000,
        workspaces=(4, 100, 50_000),
    ),
    "usual": _USUAL,
    "full": evolve(_USUAL, rounds=11, start_rounds=41, save_size=1_000_000_000),
}


def start(bench: Bench, scale: Scale) -> list[Row]:
    """Start Python, import the package and make a client."""
    ours, httpx, sdk = bench.race(
        bench.program("ours", "ours", "start", check_nothing, whole_process=True),
        bench.program(
            "httpx and a client of it", "ours", "start", check_nothing, script="httpx_loop", whole_process=True
        ),
        bench.program("vendor's SDK", "sdk", "start", check_nothing, whole_process=True),
        rounds=scale.start_rounds,
    )
    task = "Start a script that makes a client"
    return [Row(task, ours, httpx, at_most=1.25), Row(task, ours, sdk, at_most=0.5)]


def save(bench: Bench, scale: Scale) -> list[Row]:
    """Save one large item."""
    shape = Shape(items=1, size=scale.save_size)
    expected = _digests(shape)
    check = check_files(expected)
    ids = list(expected)
    with bench.server(shape) as base_url:
        ours, httpx, sdk = bench.race(
            bench.program("ours", "ours", "save", check, base_url=base_url, ids=ids),
            bench.program("httpx and fsync", "ours", "save", check, script="httpx_loop", base_url=base_url, ids=ids),
            bench.program("vendor's SDK", "sdk", "save", check, base_url=base_url, ids=ids),
        )
    task = f"Save one item of {shape.size // 1_000_000} MB"
    return [Row(task, ours, httpx, at_most=1.15), Row(task, ours, sdk, at_most=0.85)]


def extract(bench: Bench, scale: Scale) -> list[Row]:
    """Turn one archive into files; the whole process counts."""
    items, size = scale.extract
    shape = Shape(items=items, size=size)
    expected = _digests(shape)
    check = check_files(expected)
    script = (
        f"curl -sSf -H 'xi-api-key: {KEY}' -H 'Content-Type: application/json' -d \"$1\" -o .zip \"$2\""
        " && unzip -qq .zip && rm .zip"
    )
    body = json.dumps({"history_item_ids": list(expected)})
    with bench.server(shape) as base_url:
        url = f"{base_url}/v1/history/download"
        ours, curl = bench.race(
            bench.program("ours", "ours", "extract", check, whole_process=True, base_url=base_url),
            bench.shell("curl and unzip", script, body, url, needs=("curl", "unzip"), check=check),
        )
    return [Row(f"Save {items} items of {size / 1e6:g} MB from one archive", ours, curl, at_most=0.9)]


def many(bench: Bench, scale: Scale) -> list[Row]:
    """Save many items from a server that is far away, each proven to be its item."""
    items, size = scale.many
    shape = Shape(items=items, size=size, latency=0.05)
    expected = _digests(shape)
    check = check_files(expected)
    with bench.server(shape) as base_url:
        ours, sdk = bench.race(
            bench.program("ours", "ours", "many", check, base_url=base_url),
            bench.program("vendor's SDK, ten threads", "sdk", "many", check, base_url=base_url, ids=list(expected)),
        )
    return [Row(f"Save {items} items of {size // 1000} KB, 50 ms away", ours, sdk, at_most=0.3)]


def listing(bench: Bench, scale: Scale) -> list[Row]:
    """List a long history."""
    shape = Shape(items=scale.listed, size=1)
    with bench.server(shape) as base_url:
        ours, sdk = bench.race(*_listings(bench, shape, base_url, "ours", "sdk"), rounds=min(bench.rounds, 3))
    return [Row(f"List {scale.listed:,} items", ours, sdk, at_most=0.2)]


def backup(bench: Bench, scale: Scale) -> list[Row]:
    """Back up a history once, then with nothing new, then verify the backup."""
    items, size = scale.backup
    shape = Shape(items=items, size=size)
    folder = str(bench.folder / "backup")
    synced = check_facts(saved=items, failed=0, complete=True)
    unchanged = check_facts(saved=0, failed=0, complete=True)
    verified = check_facts(ok=items, issues=0)
    with bench.server(shape) as base_url:
        (first,) = bench.race(bench.program("ours", "ours", "sync", synced, base_url=base_url, folder=folder), rounds=1)
        again, sdk = bench.race(
            bench.program("ours", "ours", "sync", unchanged, base_url=base_url, folder=folder),
            *_listings(bench, shape, base_url, "sdk"),
        )
        script = f"find '{folder}' -name '*.mp3' -print0 | xargs -0 -n 64 -P \"$(getconf _NPROCESSORS_ONLN)\" sha256sum"
        verify, sums = bench.race(
            bench.program("ours", "ours", "verify", verified, whole_process=True, base_url=base_url, folder=folder),
            bench.shell("find and sha256sum", script, needs=("find", "xargs", "sha256sum"), check=_check_sums(shape)),
        )
    return [
        Row(f"Back up {items:,} items the first time", first),
        Row(f"Back up {items:,} items again, nothing new", again, sdk, at_most=0.2),
        Row(f"Verify this backup of {items * size / 1e6:g} MB", verify, sums, at_most=1),
    ]


def find(bench: Bench, scale: Scale) -> list[Row]:
    """Find texts that were generated before, and one that was not."""
    folder = bench.folder / "found"
    add_rows(folder, range(scale.found))
    check = check_facts(found=100, others=0)
    program = bench.program("ours", "ours", "find", check, base_url="http://127.0.0.1", folder=str(folder))
    return [Row(f"Find a text among {scale.found:,} items", *bench.race(program))]


def workspaces(bench: Bench, scale: Scale) -> list[Row]:
    """Back up many workspaces of a server that takes half a second for each response, with more and more processes."""
    count, items, size = scale.workspaces
    check = check_facts(saved=count * items, ok=count)
    with bench.server(Shape(items=items, size=size, latency=0.5)) as base_url:
        results = bench.race(
            *(
                bench.program(
                    label, "ours", "sync", check, script="workspaces", base_url=base_url, count=count, workers=workers
                )
                for workers, label in {1: "one worker", 2: "two workers", 4: "four workers"}.items()
            ),
            rounds=min(bench.rounds, 3),
        )
        with urlopen(f"{base_url}/requests") as response:
            answered = int(response.read())
    one, two, four = results
    # What was answered in all rounds of the three.
    requests = answered // max(1, sum(len(each.seconds) for each in results))
    task = f"Back up {count} workspaces of {items} items, {requests} requests, 0.5 s each"
    return [
        Row(f"{task}: 1 worker", one),
        Row(f"{task}: 2 workers", two, one, at_most=0.6),
        Row(f"{task}: 4 workers", four, one, at_most=0.35),
    ]


def page(bench: Bench, scale: Scale) -> list[Row]:
    """Write the page of a long history, then with a hundred new items, and open it in the browsers that are here."""
    folder = bench.folder / "page"
    program = bench.program("ours", "ours", "page", check_nothing, base_url="http://127.0.0.1", folder=str(folder))
    add_items(folder, range(scale.listed))
    (first,) = bench.race(program, rounds=1)
    add_items(folder, range(scale.listed, scale.listed + 100))
    (again,) = bench.race(program, rounds=1)
    print(f"  {first.memory / MIB:.0f} MiB to write it")
    # The limit of this memory is another one than that of the others.
    first.memory = again.memory = 0
    rows = [Row(f"Write the page of {scale.listed:,} items", first), Row("Write it again with 100 new items", again)]
    for browser in browsers.found():
        try:
            figures = browsers.measure(browser, folder / "index.html", ["zzzzzz", RARE, f"{RARE} voice"])
        except TimeoutError as error:
            rows.append(Row(f"Open this page in {browser}", Result(browser, reason=str(error))))
            continue
        searches = figures["searches"]
        hits = ", ".join(f"{count:,}" for _, count in searches.values())
        heap = f", heap of {figures['heap'] / MIB:.0f} MiB" if "heap" in figures else ""
        print(f"  {browser}: {hits} hits, {figures['blank']} of {figures['frames']} frames blank{heap}")
        seconds = {
            f"First rows of this page in {browser}": figures["first"],
            f"All rows of this page in {browser}": figures["loaded"],
            f"Slowest of three searches in {browser}": max(time for time, _ in searches.values()),
        }
        rows += [Row(task, Result(browser, [value])) for task, value in seconds.items()]
    return rows


QUESTIONS = {each.__name__: each for each in (start, save, extract, many, listing, backup, workspaces, find, page)}


def _listings(bench: Bench, shape: Shape, base_url: str, *environments: str) -> list[Command]:
    expected = Listing()
    for item in make_items(shape).values():
        expected.add(item.id, item.metadata()["text"])
    check = check_facts(**expected.facts())
    labels = {"ours": "ours", "sdk": "vendor's SDK lists them"}
    return [bench.program(labels[each], each, "list", check, base_url=base_url) for each in environments]


def _digests(shape: Shape) -> dict[str, str]:
    return {item.id: item.sha256() for item in make_items(shape).values()}


def _check_sums(shape: Shape) -> Check:
    expected = sorted(_digests(shape).values())

    def check(facts: Facts, folder: Path) -> None:
        del folder
        if sorted(line.split()[0] for line in facts["text"].splitlines()) != expected:
            raise WrongResultError("the sums are not those of the files")

    return check
