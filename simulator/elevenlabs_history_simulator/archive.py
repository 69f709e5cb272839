"""The archive that several ids are answered with, under the names that the server gives its members."""

from __future__ import annotations

import contextlib
import struct
import tempfile
import zipfile
from collections import Counter
from datetime import UTC, datetime
from hashlib import sha256
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .items import Item
    from .quirks import Quirks

_CATEGORIES = {"premade": "pre", "cloned": "ivc", "professional": "pvc", "generated": "gen"}
_MODELS = {
    "eleven_monolingual_v1": "m1",
    "eleven_multilingual_v2": "m2",
    "eleven_turbo_v2_5": "t2-5",
    "eleven_flash_v2_5": "f2-5",
    "eleven_v3": "v3",
    "eleven_v4": "v4",
    "eleven_english_sts_v2": "e2",
}
_IN_MEMORY = 16 * 1024 * 1024
_ZIP64_VERSION = 45
_SIZES_OFFSET = 18  # of the compressed and the uncompressed size in a local header


def member_name(item: Item, output_format: str | None, quirks: Quirks) -> str:
    """Name an item's member as the server does: with a time in whole seconds and, for years now, without its id."""
    fields = item.as_told()
    moment = datetime.fromtimestamp(item.date + quirks.utc_offset, UTC)
    time = moment.strftime(f"%Y-%m-%dT%H{quirks.separator}%M{quirks.separator}%S")
    # Raw PCM travels under the name of an mp3, too.
    extension = "wav" if output_format == "wav" else "mp3"
    folder = f"{fields['voice_id']}/" if quirks.folders and fields.get("voice_id") else ""
    if quirks.names == "id":
        return f"{folder}{item.id}.{extension}"
    if quirks.names == "dated":
        return f"{folder}ElevenLabs_{time}.{extension}"
    voice = "".join(letter if letter.isalnum() or letter in " -" else "_" for letter in fields.get("voice_name") or "")
    category = _CATEGORIES.get(str(fields.get("voice_category")), "pre")
    model = _MODELS.get(str(fields.get("model_id")), "m1")
    return f"{folder}ElevenLabs_{time}_{voice}_{category}_{_settings(item)}_{model}.{extension}"


def write_archive(
    items: Sequence[Item], output_format: str | None, quirks: Quirks, *, wrong_crc: bool = False
) -> tuple[IO[bytes], int]:
    """Write the archive of some items, in an order that has nothing to do with theirs.

    Args:
        items: Which.
        output_format: As in the API.
        quirks: How archives are.
        wrong_crc: The first member's checksum is not that of its bytes, wherever it is told.

    Returns:
        A file at its start, and its size. It is the caller's to close.
    """
    with contextlib.ExitStack() as undo:
        file = undo.enter_context(tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))
        _write(file, items, output_format, quirks, wrong_crc=wrong_crc)
        size = file.tell()
        file.seek(0)
        undo.pop_all()
    return file, size


def _write(
    file: IO[bytes], items: Sequence[Item], output_format: str | None, quirks: Quirks, *, wrong_crc: bool
) -> None:
    names: Counter[str] = Counter()
    with zipfile.ZipFile(_Pipe(file) if quirks.data_descriptors else file, "w") as archive:
        for item in sorted(items, key=lambda item: sha256(item.id.encode()).digest()):
            name = member_name(item, output_format, quirks)
            names[name] += 1
            if names[name] > 1 and not quirks.repeated_names:
                stem, _, extension = name.rpartition(".")
                name = f"{stem}_{names[name] - 1}.{extension}"
            # zipfile warns of a name that it knows.
            archive.NameToInfo.pop(name, None)
            audio = item.audio(output_format, wav_is_mp3=quirks.wav_is_mp3)
            kind = _Zip64Info if quirks.zip64 else zipfile.ZipInfo
            info = kind(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED if quirks.deflated else zipfile.ZIP_STORED
            info.file_size = audio.size
            with archive.open(info, "w", force_zip64=quirks.zip64) as member:
                for piece in audio.pieces():
                    member.write(piece)
            if wrong_crc and len(archive.filelist) == 1:
                _spoil(file, info, quirks)


def _spoil(file: IO[bytes], info: zipfile.ZipInfo, quirks: Quirks) -> None:
    """Change the checksum of the member that was just written, in front of it or behind it."""
    info.CRC ^= 1
    end = file.tell()
    behind = 20 if quirks.zip64 else 12
    file.seek(end - behind if quirks.data_descriptors else info.header_offset + 14)
    file.write(struct.pack("<I", info.CRC))
    file.seek(end)


class _Zip64Info(zipfile.ZipInfo):
    """A member with its sizes in the ZIP64 extra field only; before Python 3.11.4, `zipfile` wrote small ones twice."""

    __slots__ = ()

    def FileHeader(self, zip64: bool | None = None) -> bytes:  # noqa: FBT001, N802 - as zipfile has it
        """Write the local header."""
        self.create_version = self.extract_version = _ZIP64_VERSION
        header = bytearray(super().FileHeader(zip64))
        struct.pack_into("<LL", header, _SIZES_OFFSET, 0xFFFFFFFF, 0xFFFFFFFF)
        return bytes(header)


class _Pipe:
    """A file that can't go back, to which `zipfile` writes what it would have put in front of a member behind it."""

    def __init__(self, file: IO[bytes]) -> None:
        self.write = file.write
        self.flush = file.flush
        self.close = file.close


def _settings(item: Item) -> str:
    """Say the voice settings of an item in percent, as names do."""
    settings = item.as_told().get("settings")
    if not isinstance(settings, dict):
        # A test may put anything there; the server says nothing of such settings in a name.
        settings = {}
    speed, style = settings.get("speed"), settings.get("style")
    said = [
        "" if speed is None else f"sp{_percent(speed)}",
        f"s{_percent(settings.get('stability', 0.5))}",
        f"sb{_percent(settings.get('similarity_boost', 0.75))}",
        "" if style is None else f"se{_percent(style)}",
        "b" if settings.get("use_speaker_boost") else "",
    ]
    return "_".join(filter(None, said))


def _percent(part: float) -> int:
    return round(part * 100)
