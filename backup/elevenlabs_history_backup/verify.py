"""Is it all there? Every file is read and hashed, as many at once as there are processors."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict, deque
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from attrs import Factory, frozen, mutable

from ..errors import ReadError
from ..files import STAGING, AtomicFile
from ._database import NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .catalog import BackupFile

Verdict: TypeAlias = Literal["ok", "missing", "changed", "moved", "extra"]

CHECKSUMS = "SHA256SUMS"
_PORTION = 256  # files a processor
_OURS = {NAME, f"{NAME}-wal", f"{NAME}-shm", CHECKSUMS}


@frozen(kw_only=True)
class VerifyIssue:
    """What became of one file.

    Attributes:
        status: `ok`; `missing`; `changed`: its bytes are not those that were saved; `moved`: it has another path now;
            `extra`: a file that the backup knows nothing of.
        path: Where the catalog has it, or where an extra one is, below the folder.
        history_item_id: Whose it is; None for an extra one.
        format: `original`, or the format it was converted to; None for an extra one.
        moved_to: Where a moved one is.
    """

    status: Verdict
    path: str
    history_item_id: str | None = None
    format: str | None = None
    moved_to: str | None = None


@mutable
class VerifyReport:
    """What became of every file.

    Attributes:
        ok: How many are as they were saved.
        issues: The others.
    """

    ok: int = 0
    issues: list[VerifyIssue] = Factory(list)

    @property
    def ok(self) -> bool:
        """Whether every file of the backup is there with its own bytes, wherever; extra files do no harm."""
        return all(issue.status in {"moved", "extra"} for issue in self.issues)


def verify(
    folder: Path, files: Iterable[BackupFile], *, workers: int | None, on_finding: Callable[[VerifyIssue], None] | None
) -> VerifyReport:
    """Compare the files of a folder with what the catalog says.

    Args:
        folder: The folder of the backup.
        files: What it should have.
        workers: Files hashed at once; None for one a processor.
        on_finding: Called with each issue as it comes.
    """
    verification = VerifyReport()
    extra = set(_files_below(folder))
    missing: list[BackupFile] = []

    def tell(issue: VerifyIssue) -> None:
        if issue.status == "ok":
            verification.ok += 1
        else:
            verification.issues.append(issue)
        if on_finding is not None:
            on_finding(issue)

    def find(status: Verdict, file: BackupFile, moved_to: str | None = None) -> None:
        history_item_id, form = file.history_item_id, file.format
        tell(VerifyIssue(status=status, path=file.path, history_item_id=history_item_id, format=form, moved_to=moved_to))

    at_once = workers or os.cpu_count() or 1
    with ThreadPoolExecutor(at_once, thread_name_prefix="elevenlabs-history-verify") as pool:
        rest = iter(files)
        # In portions, because a pool takes all work at once, and a history may be long.
        while portion := list(islice(rest, _PORTION * at_once)):
            for file, digest in zip(portion, pool.map(lambda file: _sha256(folder / file.path), portion), strict=True):
                extra.discard(file.path)
                if digest is None:
                    missing.append(file)
                else:
                    find("ok" if digest == file.sha256 else "changed", file)
        found = _by_digest(pool, folder, extra, {file.size for file in missing})
    for file in missing:
        moved_to = found[file.sha256].popleft() if found[file.sha256] else None
        extra.discard(moved_to or "")
        find("moved" if moved_to else "missing", file, moved_to)
    for path in sorted(extra):
        tell(VerifyIssue(status="extra", path=path))
    return verification


def write_checksums(folder: Path, files: Iterable[BackupFile]) -> Path:
    """Write `SHA256SUMS`, which `sha256sum --check` reads, and return its path.

    Raises:
        WriteError: The disk is full, or the folder may not be written to.
    """
    target = folder / CHECKSUMS
    with AtomicFile(folder / STAGING) as part:
        part.write(b"".join(map(_checksum_line, files)))
        part.keep(target, overwrite=True)
    return target


def _checksum_line(file: BackupFile) -> bytes:
    # As sha256sum does it: a leading backslash says that the name has escapes.
    name = file.path.replace("\\", "\\\\").replace("\n", "\\n")
    escaped = "\\" if name != file.path else ""
    return f"{escaped}{file.sha256}  {name}\n".encode()


def _by_digest(pool: ThreadPoolExecutor, folder: Path, paths: Iterable[str], sizes: set[int]) -> dict[str, deque[str]]:
    """Hash what may be a missing file under another name."""
    candidates = [path for path in sorted(paths) if _size(folder / path) in sizes]
    found: dict[str, deque[str]] = defaultdict(deque)
    for path, digest in zip(candidates, pool.map(lambda path: _sha256(folder / path), candidates), strict=True):
        if digest is not None:
            found[digest].append(path)
    return found


def _size(path: Path) -> int | None:
    """Return the bytes of a file; None for what is none, such as a link to nowhere, or a pipe, which never ends."""
    return path.stat().st_size if path.is_file() else None


def _sha256(path: Path) -> str | None:
    """Hash a file; None when there is none."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None
    except OSError as error:
        raise ReadError(
            f"{path} can't be read: {error.strerror or error}.",
            hint="Check the disk and the permissions, then verify again.",
        ) from error


def _files_below(folder: Path) -> Iterator[str]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != STAGING]
        for name in names:
            path = Path(parent, name).relative_to(folder).as_posix()
            if path not in _OURS:
                yield path
