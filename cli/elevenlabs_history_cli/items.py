"""The commands for single items: list, show, download."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from elevenlabs_history import Backup, HistoryClient

from .lines import clip_json, clip_line, item_lines, metadata_lines, print_json
from .running import DONE, FAILED, say

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

FILTERS = ("search", "voice_id", "source", "model_id", "after", "before")


def list_items(chosen: argparse.Namespace) -> int:
    """Print what the server has."""
    with HistoryClient(region=chosen.region) as client:
        items = client.list(limit=chosen.limit, **{name: getattr(chosen, name) for name in FILTERS})
        if chosen.as_json:
            for item in items:
                print_json(item.to_dict())
        else:
            for line in item_lines(items):
                print(line)
    for entry in items.unreadable:
        say(f"elevenlabs-history: an entry of the history is no item and was left out: {entry.reason}")
    return FAILED if items.unreadable else DONE


def show(chosen: argparse.Namespace) -> int:
    """Print all that is known of items."""
    found = _in_backup(chosen) if chosen.folder is not None else _on_server(chosen)
    for number, metadata in enumerate(found):
        if chosen.as_json:
            print_json(metadata)
            continue
        if number:
            print()
        for line in metadata_lines(metadata):
            print(line)
    return DONE if len(found) == len(chosen.ids) else FAILED


def download(chosen: argparse.Namespace) -> int:
    """Save items and print where."""
    with HistoryClient(region=chosen.region) as client:
        # With its metadata, an item gets a readable name and a clip from an archive can be proven to be it.
        items = [client.get(history_item_id) for history_item_id in chosen.ids]
        clips = client.download(items, output_format=chosen.output_format).extract(
            chosen.output, template=chosen.template, overwrite=chosen.overwrite
        )
    for clip in clips:
        if chosen.as_json:
            print_json(clip_json(clip))
        elif not chosen.quiet:
            print(clip_line(clip))
    return DONE


def _on_server(chosen: argparse.Namespace) -> list[Mapping[str, object]]:
    with HistoryClient(region=chosen.region) as client:
        return [client.get(history_item_id).to_dict() for history_item_id in chosen.ids]


def _in_backup(chosen: argparse.Namespace) -> list[Mapping[str, object]]:
    from elevenlabs_history_backup.export import as_json

    found: list[Mapping[str, object]] = []
    with Backup(chosen.folder) as backup:
        for history_item_id in chosen.ids:
            record = backup.get(history_item_id)
            if record is None:
                sys.stderr.write(f"elevenlabs-history: {chosen.folder} has no item {history_item_id!r}.\n")
                continue
            told = as_json(record)
            metadata = record.metadata
            found.append(told if chosen.as_json else metadata | {"state": record.state, "files": _paths(told)})
    return found


def _paths(told: Mapping[str, object]) -> list[object]:
    files = told["files"]
    return [file["path"] for file in files] if isinstance(files, list) else []
