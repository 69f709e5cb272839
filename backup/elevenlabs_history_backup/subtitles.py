"""Files of subtitles: the formats that players read, and where the file of an item goes."""

import html
import json
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Literal, TypeAlias

from elevenlabs_history import HistoryItem, Template

from .cues import Cue
from .report import Record
from .verify import is_inside

SubtitleFormat: TypeAlias = Literal["srt", "vtt", "json"]


def format_cues(cues: Iterable[Cue], form: SubtitleFormat) -> str:
    """Return the text of a file: SubRip, WebVTT, or a JSON list with the text, times and speaker of each cue."""
    if form == "json":
        entries = ({"text": cue.text, "start": cue.start, "end": cue.end, "speaker": cue.speaker} for cue in cues)
        return "[\n" + ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries) + "\n]\n"
    if form == "vtt":
        return "\n".join(["WEBVTT\n", *(_vtt(cue) for cue in cues)])
    return "\n".join(_srt(number, cue) for number, cue in enumerate(cues, 1))


def subtitle_path(record: Record, form: SubtitleFormat) -> PurePosixPath:
    """Return the path of an item's subtitles in a folder: that of its file, with the extension of the format."""
    if record.files and is_inside(record.files[0].path):
        return PurePosixPath(record.files[0].path).with_suffix(f".{form}")
    return Template().path_for(HistoryItem.from_dict(record.metadata), f".{form}")


def _srt(number: int, cue: Cue) -> str:
    # The arrow of the line with the times can't be escaped.
    text = cue.text.replace("-->", "→")
    return f"{number}\n{_time(cue.start, ',')} --> {_time(cue.end, ',')}\n{text}\n"


def _vtt(cue: Cue) -> str:
    voice = f"<v {html.escape(cue.speaker, quote=False)}>" if cue.speaker else ""
    text = html.escape(cue.text, quote=False)
    return f"{_time(cue.start, '.')} --> {_time(cue.end, '.')}\n{voice}{text}\n"


def _time(seconds: float, point: str) -> str:
    minutes, milliseconds = divmod(round(seconds * 1000), 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{milliseconds // 1000:02}{point}{milliseconds % 1000:03}"
