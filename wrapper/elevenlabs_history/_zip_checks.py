"""What no archive of audio clips holds, so that one which does is refused before a byte of it is written."""

from __future__ import annotations

import re
import stat

from ._zip_records import DEFLATED, DESCRIPTOR_FLAG, STORED, UTF8_FLAG, Entry, Header, refused, shown

_ENCRYPTION_FLAGS = 0x2041
_DEFLATE_LEVEL_FLAGS = 0x0006
_READ_FLAGS = DESCRIPTOR_FLAG | UTF8_FLAG | _DEFLATE_LEVEL_FLAGS

_DOS_FOLDER = 0x10
_DOS_SPECIAL = 0x08 | 0x40 | 0x400  # volume label, device, reparse point: what Windows links are made of

_LONGEST_NAME = 4096
_EMPTY_STREAM = 2  # the bytes in which deflate says nothing
_NAME_FAULTS = (
    (re.compile(rb"\A\Z"), "has no name"),
    (re.compile(rb"\0"), "has a NUL in its name"),
    (re.compile(rb"\\"), "has a backslash in its name"),
    (re.compile(rb"\A/"), "has an absolute path for a name"),
    (re.compile(rb"\A[A-Za-z]:"), "has a drive letter in its name"),
    (re.compile(rb"(?:\A|/)\.\.(?:/|\Z)"), "climbs out of its folder with '..'"),
)


def check_entry(entry: Entry) -> None:
    """Refuse all but plain files and empty folders, stored or deflated, under names that stay in their folder.

    No name here becomes a path, yet who sends `../` is not to be trusted in anything else.

    Raises:
        UnsafeArchiveError: The first fault found.
    """
    header = entry.header
    fault = _fault_of_name(header.name) or _fault_of_kind(entry) or _fault_of_packing(header)
    if fault:
        raise refused(fault, header.name)


def check_local(local: Header, entry: Header) -> None:
    """Refuse a member whose local header tells another story than its directory entry: readers differ in which counts.

    Only the deflate level may differ, on which nothing depends, and what a descriptor says later may be 0.

    Raises:
        UnsafeArchiveError: The first disagreement found.
    """
    if local.name != entry.name:
        raise refused(f"is called {shown(local.name)} in its local header", entry.name)
    for what, here, there in (
        ("flags", local.flags & ~_DEFLATE_LEVEL_FLAGS, entry.flags & ~_DEFLATE_LEVEL_FLAGS),
        ("method", local.method, entry.method),
        ("time stamp", local.stamp, entry.stamp),
    ):
        if here != there:
            raise refused(f"has {what} {here} in its local header, {there} in the directory", entry.name)
    for what, here, there in (
        ("checksum", local.crc32, entry.crc32),
        ("compressed size", local.compressed_size, entry.compressed_size),
        ("size", local.size, entry.size),
    ):
        if here != there and not (here == 0 and entry.has_descriptor):
            raise refused(f"has {what} {here} in its local header, {there} in the directory", entry.name)


def _fault_of_name(name: bytes) -> str | None:
    if len(name) > _LONGEST_NAME:
        return f"has a name of {len(name)} bytes"
    return next((fault for pattern, fault in _NAME_FAULTS if pattern.search(name)), None)


def _fault_of_kind(entry: Entry) -> str | None:
    header, mode = entry.header, stat.S_IFMT(entry.attributes >> 16)
    if mode == stat.S_IFLNK:
        return "is a symbolic link"
    if mode not in {0, stat.S_IFREG, stat.S_IFDIR} or entry.attributes & _DOS_SPECIAL:
        return "is a special file"
    if not header.is_folder:
        looks_like_folder = mode == stat.S_IFDIR or entry.attributes & _DOS_FOLDER
        return "is a folder by its attributes and a file by its name" if looks_like_folder else None
    if header.size or header.compressed_size > _EMPTY_STREAM:
        return "is a folder and has content"
    return None


def _fault_of_packing(header: Header) -> str | None:
    if header.flags & _ENCRYPTION_FLAGS:
        return "is encrypted"
    if header.flags & ~_READ_FLAGS:
        return f"has flags {header.flags:#06x}, of which some are unknown"
    if header.method not in {STORED, DEFLATED}:
        return f"is packed by method {header.method}; only stored (0) and deflated (8) are read"
    if header.method == STORED and header.size != header.compressed_size:
        return f"is stored as it is, {header.size} bytes in {header.compressed_size}"
    return None
