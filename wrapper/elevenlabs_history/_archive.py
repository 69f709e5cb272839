"""A zip archive on the disk → checked members → chunks of bytes.

The archive is hostile until proven otherwise. No member name becomes a path and nothing here writes. What must hold is
bounded memory and time, no bytes that belong to no member, and members that are complete and what the central directory
says. Field names and sizes are those of PKWARE's APPNOTE, sections 4.3 to 4.5.
"""

import contextlib
import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, NoReturn

from attrs import frozen

from .errors import UnsafeArchiveError

_MAX_DIRECTORY_BYTES = 4 * 1024**2
_MAX_TOTAL_BYTES = 64 * 1024**3
# Small archives may have any ratio. MP3 has 1, speech as PCM 2, digital silence 1000 like any zip bomb.
_MAX_RATIO = 200
_ANY_RATIO_BYTES = 64 * 1024**2
_MAX_DESCRIPTOR_BYTES = 24
_CHUNK_BYTES = 64 * 1024

_LOCAL = struct.Struct("<4s5H3L2H")
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")
_TAIL_BYTES = _END64.size + _LOCATOR64.size + _END.size + 0xFFFF
_ENTRY_BYTES = 46

_UTF8_FLAG = 0x800
# Encryption (0x1, 0x40), patched data (0x20) and a masked directory (0x2000).
_REFUSED_FLAGS = 0x2061
# Regular file, folder, the pipe that Info-ZIP was fed from, or no mode at all.
_ALLOWED_MODES = {0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFIFO}

# What zipfile raises, or warns of, about a hostile directory.
_ZIPFILE_ERRORS = (zipfile.BadZipFile, struct.error, ValueError, OverflowError, RuntimeError, LookupError, Warning)


@frozen
class Member:
    """A file in an archive. Its name is any text: a hint at what it is, never a path."""

    name: str
    size: int
    crc32: int
    compressed_size: int
    method: int
    offset: int


def read_directory(file: IO[bytes], *, requested: int) -> tuple[Member, ...]:
    """Check the records of a whole archive and return its files in archive order, folders left out.

    Args:
        file: The archive, seekable.
        requested: How many items were requested. The server may repeat an item, so twice as many files are accepted.

    Raises:
        UnsafeArchiveError: It is not a zip archive, is damaged or ambiguous, or holds more than is allowed.
        OSError: The file can't be read.
    """
    archive_size = file.seek(0, os.SEEK_END)
    count, start, size = _read_end(file, archive_size)
    if count > 4 * requested + 2 or size > _MAX_DIRECTORY_BYTES:
        _refuse(f"it claims {count} entries in {size} bytes, where {requested} items were requested")
    file.seek(start)
    entries = sorted(_parse_directory(file.read(size), count), key=lambda entry: entry.header_offset)
    total = sum(entry.file_size for entry in entries)
    if total > _MAX_TOTAL_BYTES or total > max(_ANY_RATIO_BYTES, _MAX_RATIO * archive_size):
        _refuse(f"it decompresses from {archive_size} to {total} bytes")
    # Members that fill the archive without a gap can't overlap, and hide nothing.
    starts = [entry.header_offset for entry in entries] + [start]
    if starts[0]:
        _refuse(f"{starts[0]} bytes precede its first member")
    members = [_locate(file, entry, end) for entry, end in zip(entries, starts[1:], strict=True)]
    files = tuple(member for member in members if not member.name.endswith("/"))
    if len(files) > 2 * requested:
        _refuse(f"it holds {len(files)} files, where {requested} items were requested")
    return files


def iter_chunks(file: IO[bytes], member: Member) -> Iterator[bytes]:
    """Decompress a member in chunks of at most 64 KiB.

    The bytes are good only when the iterator has ended by itself, because the checksum comes last.

    Raises:
        UnsafeArchiveError: The bytes are not what the central directory says.
        OSError: The file can't be read.
    """
    size = crc32 = 0
    head = b""
    for chunk in _raw_chunks(file, member) if member.method == zipfile.ZIP_STORED else _inflated_chunks(file, member):
        head = head if len(head) >= 4 else (head + chunk)[:4]
        if head == b"PK\3\4":
            _refuse("is an archive itself", member.name)
        size += len(chunk)
        if size > member.size:
            _refuse(f"decompresses to more than its {member.size} bytes", member.name)
        crc32 = zlib.crc32(chunk, crc32)
        yield chunk
    if (size, crc32) != (member.size, member.crc32):
        _refuse(f"is damaged: {size} bytes with CRC-32 {crc32:08x}", member.name)


def _read_end(file: IO[bytes], archive_size: int) -> tuple[int, int, int]:
    """Return number of entries, start and size of the central directory, which ends where the end records begin."""
    tail_start = max(0, archive_size - _TAIL_BYTES)
    file.seek(tail_start)
    tail = file.read(_TAIL_BYTES)
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < _END.size:
        _refuse("it is cut short, or not a zip archive: it has no end of central directory record")
    _, *fields, comment_length = _END.unpack_from(tail, at)
    if at + _END.size + comment_length != len(tail):
        _refuse("its comment does not end at the end of the file: it is cut short, or bytes follow it")
    locator = at - _LOCATOR64.size
    if locator >= 0 and tail.startswith(b"PK\6\7", locator):
        at = locator - _END64.size
        offset = _LOCATOR64.unpack_from(tail, locator)[2]
        if at < 0 or not tail.startswith(b"PK\6\6", at) or offset != tail_start + at:
            _refuse("its zip64 end record is not directly before the locator")
        wide = _END64.unpack_from(tail, at)[4:]
        saturated = [0xFFFF] * 4 + [0xFFFFFFFF] * 2
        if any(short not in {long, most} for short, long, most in zip(fields, wide, saturated, strict=True)):
            _refuse("its two end records contradict each other")
        fields = list(wide)
    disk, directory_disk, count_here, count, size, start = fields
    if disk or directory_disk or count_here != count:
        _refuse("it is a part of a split archive")
    if start + size != tail_start + at:
        _refuse("its central directory does not end where its end record begins")
    return count, start, size


def _parse_directory(data: bytes, count: int) -> list[zipfile.ZipInfo]:
    at = entries = 0
    while at < len(data):
        if len(data) - at < _ENTRY_BYTES or not data.startswith(b"PK\1\2", at):
            _refuse("its central directory has bytes that are no entry")
        lengths = struct.unpack_from("<3H", data, at + 28)  # of its name, extra fields and comment
        at += _ENTRY_BYTES + sum(lengths)
        entries += 1
    if at != len(data) or entries != count:
        _refuse(f"its central directory has {entries} entries instead of {count}, or is cut short")
    # The directory alone, with an end record of our own: a locator hidden in a comment would redirect zipfile.
    end = _END.pack(b"PK\5\6", 0, 0, 0, 0, len(data), 0, 0)
    try:
        parsed = zipfile.ZipFile(io.BytesIO(data + end)).infolist()
    except _ZIPFILE_ERRORS as error:
        _refuse(f"its central directory is damaged: {type(error).__name__}")
    for entry in parsed:
        _check_entry(entry)
    return parsed


def _check_entry(entry: zipfile.ZipInfo) -> None:
    # Not `filename`, which zipfile cuts and changes.
    name = entry.orig_filename
    mode = stat.S_IFMT(entry.external_attr >> 16)
    is_folder = name.endswith("/")
    if entry.flag_bits & _REFUSED_FLAGS or entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        _refuse(f"is encrypted or compressed with method {entry.compress_type}", name)
    if mode not in _ALLOWED_MODES or (not is_folder and mode == stat.S_IFDIR):
        _refuse("is a link, a device or a socket, or not the folder that it claims to be", name)
    # A folder with data, even of a deflate stream of nothing (two bytes), could hide a file.
    if is_folder != (entry.file_size == 0) or (is_folder and entry.compress_size > 2):
        _refuse(f"has an impossible size of {entry.file_size} bytes", name)


def _locate(file: IO[bytes], entry: zipfile.ZipInfo, end: int) -> Member:
    """Find the data of a member, which fill the archive up to `end` but for a descriptor."""
    name = entry.orig_filename
    file.seek(entry.header_offset)
    header = file.read(_LOCAL.size)
    if len(header) < _LOCAL.size or not header.startswith(b"PK\3\4"):
        _refuse("has no local file header", name)
    *_, name_length, extra_length = _LOCAL.unpack(header)
    raw_name = name.encode("utf-8" if entry.flag_bits & _UTF8_FLAG else "cp437")
    if file.read(name_length) != raw_name:
        _refuse("has another name in its local file header", name)
    offset = entry.header_offset + _LOCAL.size + name_length + extra_length
    if not 0 <= end - offset - entry.compress_size <= _MAX_DESCRIPTOR_BYTES:
        _refuse("overlaps what follows it, or leaves a gap", name)
    # Many writers omit the flag, and code page 437 has a character for every byte.
    with contextlib.suppress(UnicodeDecodeError):
        name = raw_name.decode("utf-8")
    return Member(name, entry.file_size, entry.CRC, entry.compress_size, entry.compress_type, offset)


def _raw_chunks(file: IO[bytes], member: Member) -> Iterator[bytes]:
    at, end = member.offset, member.offset + member.compressed_size
    while at < end:
        file.seek(at)
        chunk = file.read(min(_CHUNK_BYTES, end - at))
        if not chunk:
            _refuse("is cut short", member.name)
        at += len(chunk)
        yield chunk


def _inflated_chunks(file: IO[bytes], member: Member) -> Iterator[bytes]:
    """Inflate with bounded output; the stream must end exactly where the member's data end."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for compressed in _raw_chunks(file, member):
            pending = compressed
            while chunk := inflater.decompress(pending, _CHUNK_BYTES):
                yield chunk
                pending = inflater.unconsumed_tail
            if inflater.unused_data:
                _refuse("has bytes after its deflate stream", member.name)
    except zlib.error:
        _refuse("has a damaged deflate stream", member.name)
    if not inflater.eof:
        _refuse("has an incomplete deflate stream", member.name)


def _refuse(problem: str, name: str | None = None) -> NoReturn:
    # Quoted and cut: a name may hold anything, even what a terminal would obey.
    subject = "" if name is None else f"member {name[:80]!a} "
    raise UnsafeArchiveError(
        f"Unsafe archive: {subject}{problem}.", hint="Download it again, or its items one at a time."
    ) from None
