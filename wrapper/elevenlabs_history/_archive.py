"""A zip archive on the disk → checked members → chunks of bytes.

The archive is hostile until proven otherwise. No member name becomes a path and nothing here writes. What must hold is
bounded memory and time, no bytes that belong to no member, and members that are complete and what the central directory
says. Field names and sizes are those of PKWARE's APPNOTE, sections 4.3 to 4.5.
"""

import os
import stat
import struct
import zlib
from collections.abc import Iterator
from typing import IO, Any, NoReturn

from attrs import evolve, frozen

from .errors import UnsafeArchiveError

_MAX_DIRECTORY_BYTES = 4 * 1024**2
_MAX_TOTAL_BYTES = 64 * 1024**3
# Small archives may have any ratio. MP3 has 1, speech as PCM 2, digital silence 1000 like any zip bomb.
_MAX_RATIO = 200
_ANY_RATIO_BYTES = 64 * 1024**2
_MAX_DESCRIPTOR_BYTES = 24
_CHUNK_BYTES = 64 * 1024

_LOCAL = struct.Struct("<4s5H3L2H")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")
_SIGNATURES = {_LOCAL: b"PK\3\4", _ENTRY: b"PK\1\2", _END: b"PK\5\6", _END64: b"PK\6\6", _LOCATOR64: b"PK\6\7"}
_TAIL_BYTES = _END64.size + _LOCATOR64.size + _END.size + 0xFFFF
_ZIP64_FIELD, _UNICODE_PATH_FIELD = 0x0001, 0x7075

_STORED, _DEFLATED = 0, 8
_UTF8_FLAG = 0x800
# Encryption (0x1, 0x40), patched data (0x20) and a masked directory (0x2000).
_REFUSED_FLAGS = 0x2061
# Regular file, folder, the pipe that Info-ZIP was fed from, or no mode at all.
_ALLOWED_MODES = {0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFIFO}


@frozen
class Member:
    """A file in an archive.

    Attributes:
        name: Any text: a hint at what this is, never a path.
        size: Bytes, decompressed.
        crc32: CRC-32 of these bytes.
    """

    name: str
    size: int
    crc32: int
    raw_name: bytes
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
    entries = sorted(_parse_directory(file.read(size), count), key=lambda member: member.offset)
    total = sum(member.size for member in entries)
    if total > _MAX_TOTAL_BYTES or total > max(_ANY_RATIO_BYTES, _MAX_RATIO * archive_size):
        _refuse(f"it decompresses from {archive_size} to {total} bytes")
    # Members that fill the archive without a gap can't overlap, and hide nothing.
    starts = [member.offset for member in entries] + [start]
    if starts[0]:
        _refuse(f"{starts[0]} bytes precede its first member")
    members = [_locate(file, member, end) for member, end in zip(entries, starts[1:], strict=True)]
    files = tuple(member for member in members if not member.raw_name.endswith(b"/"))
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
    for chunk in _raw_chunks(file, member) if member.method == _STORED else _inflated_chunks(file, member):
        head = head if len(head) >= 4 else (head + chunk)[:4]
        if head == _SIGNATURES[_LOCAL]:
            _refuse("is an archive itself", member.raw_name)
        size += len(chunk)
        if size > member.size:
            _refuse(f"decompresses to more than its {member.size} bytes", member.raw_name)
        crc32 = zlib.crc32(chunk, crc32)
        yield chunk
    if (size, crc32) != (member.size, member.crc32):
        _refuse(f"is damaged: {size} bytes with CRC-32 {crc32:08x}", member.raw_name)


def _unpack(layout: struct.Struct, data: bytes, at: int) -> tuple[Any, ...] | None:
    """Return the fields of the record at this place, without its signature; None if there is no such record."""
    if at < 0 or len(data) - at < layout.size:
        return None
    signature, *fields = layout.unpack_from(data, at)
    return tuple(fields) if signature == _SIGNATURES[layout] else None


def _read_end(file: IO[bytes], archive_size: int) -> tuple[int, int, int]:
    """Return number of entries, start and size of the central directory, which ends where the end records begin."""
    tail_start = max(0, archive_size - _TAIL_BYTES)
    file.seek(tail_start)
    tail = file.read(_TAIL_BYTES)
    at = tail.rfind(_SIGNATURES[_END])
    end = _unpack(_END, tail, at)
    if end is None:
        _refuse("it has no end of central directory record: it is cut short or not a zip archive")
    *fields, comment_length = end
    if at + _END.size + comment_length != len(tail):
        _refuse("its comment does not end at the end of the file: it is cut short, or bytes follow it")
    if locator := _unpack(_LOCATOR64, tail, at - _LOCATOR64.size):
        at -= _LOCATOR64.size + _END64.size
        end64 = _unpack(_END64, tail, at)
        if end64 is None or locator[1] != tail_start + at:
            _refuse("its zip64 end record is not directly before the locator")
        saturated = [0xFFFF] * 4 + [0xFFFFFFFF] * 2
        if any(short not in {long, most} for short, long, most in zip(fields, end64[3:], saturated, strict=True)):
            _refuse("its two end records contradict each other")
        fields = list(end64[3:])
    disk, directory_disk, count_here, count, size, start = fields
    if disk or directory_disk or count_here != count:
        _refuse("it is a part of a split archive")
    if start + size != tail_start + at:
        _refuse("its central directory does not end where its end record begins")
    return count, start, size


def _parse_directory(data: bytes, count: int) -> list[Member]:
    members = []
    at = 0
    while at < len(data):
        fields = _unpack(_ENTRY, data, at)
        if fields is None:
            _refuse("its central directory has bytes that are no entry")
        name_at = at + _ENTRY.size
        extra_at = name_at + fields[9]
        at = extra_at + fields[10] + fields[11]
        if at > len(data):
            _refuse("its central directory is cut short")
        members.append(_check_entry(fields, data[name_at:extra_at], data[extra_at : extra_at + fields[10]]))
    if len(members) != count:
        _refuse(f"its central directory has {len(members)} entries instead of {count}")
    return members


def _check_entry(fields: tuple[int, ...], name: bytes, extra: bytes) -> Member:
    flags, method, crc32, attributes = fields[2], fields[3], fields[6], fields[14]
    size, compressed_size, offset = _widen(extra, [fields[8], fields[7], fields[15]], name)
    mode = stat.S_IFMT(attributes >> 16)
    is_folder = name.endswith(b"/")
    if flags & _REFUSED_FLAGS or method not in {_STORED, _DEFLATED}:
        _refuse(f"is encrypted or compressed with method {method}", name)
    if mode not in _ALLOWED_MODES or (not is_folder and mode == stat.S_IFDIR):
        _refuse("is a link, a device or a socket, or not the folder that it claims to be", name)
    # A folder with data, even of a deflate stream of nothing (two bytes), could hide a file.
    data_hidden = is_folder and compressed_size > 2
    if is_folder != (size == 0) or data_hidden or (method == _STORED and size != compressed_size):
        _refuse(f"has an impossible size of {size} bytes", name)
    return Member(_decode_name(name, flags), size, crc32, name, compressed_size, method, offset)


def _widen(extra: bytes, sizes: list[int], name: bytes) -> list[int]:
    """Replace saturated sizes by those of the zip64 field."""
    at = 0
    # What is shorter than a field's header is padding, as some writers use to align data.
    while len(extra) - at >= 4:
        kind, length = struct.unpack_from("<2H", extra, at)
        content = extra[at + 4 : at + 4 + length]
        at += 4 + length
        if at > len(extra) or (kind == _UNICODE_PATH_FIELD and (length < 5 or content[0] != 1)):
            _refuse("has damaged extra fields", name)
        if kind == _ZIP64_FIELD:
            wide = struct.unpack_from(f"<{length // 8}Q", content)
            saturated = [index for index, size in enumerate(sizes) if size == 0xFFFFFFFF]
            # Some writers repeat all sizes, others only those that need it.
            for index, size in zip(saturated if len(wide) == len(saturated) else range(len(sizes)), wide, strict=False):
                if index in saturated:
                    sizes[index] = size
    return sizes


def _locate(file: IO[bytes], member: Member, end: int) -> Member:
    """Return the member with the offset of its data, which fills the archive up to `end` but for a descriptor."""
    file.seek(member.offset)
    header = _unpack(_LOCAL, file.read(_LOCAL.size), 0)
    if header is None:
        _refuse("has no local file header", member.raw_name)
    name_length, extra_length = header[-2:]
    if file.read(name_length) != member.raw_name:
        _refuse("has another name in its local file header", member.raw_name)
    data = member.offset + _LOCAL.size + name_length + extra_length
    if not 0 <= end - data - member.compressed_size <= _MAX_DESCRIPTOR_BYTES:
        _refuse("overlaps what follows it, or leaves a gap", member.raw_name)
    return evolve(member, offset=data)


def _raw_chunks(file: IO[bytes], member: Member) -> Iterator[bytes]:
    at, end = member.offset, member.offset + member.compressed_size
    while at < end:
        file.seek(at)
        chunk = file.read(min(_CHUNK_BYTES, end - at))
        if not chunk:
            _refuse("is cut short", member.raw_name)
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
                _refuse("has bytes after its deflate stream", member.raw_name)
    except zlib.error:
        _refuse("has a damaged deflate stream", member.raw_name)
    if not inflater.eof:
        _refuse("has an incomplete deflate stream", member.raw_name)


def _decode_name(name: bytes, flags: int) -> str:
    """Decode a name; many writers omit the UTF-8 flag, and code page 437 has a character for every byte."""
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return name.decode("utf-8", "backslashreplace") if flags & _UTF8_FLAG else name.decode("cp437")


def _refuse(problem: str, name: bytes | None = None) -> NoReturn:
    # Quoted and cut: a name may hold anything, even what a terminal would obey.
    subject = "" if name is None else f"member {name[:80].decode('utf-8', 'backslashreplace')!r} "
    raise UnsafeArchiveError(
        f"Unsafe archive: {subject}{problem}.", hint="Download it again, or its items one at a time."
    ) from None
