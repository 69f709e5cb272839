"""Where the files of a backup are: in a folder, or, as `bucket_storage` has it, in a bucket."""

import os
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import frozen
from elevenlabs_history import AtomicFile, DownloadedFile, InvalidArgumentError, WriteError

from .bucket import Bucket, is_address
from .catalog import Catalog
from .metadata import Metadata
from .report import EventHandler
from .schema import CATALOG_COPY_NAME, CATALOG_NAME, HIDDEN_FOLDER
from .verify import files_below, sha256_of

if TYPE_CHECKING:
    from .bucket_storage import BucketStorage

LOCK_NAME: Final = "backup.lock"
"""The lock of runs that write, in the hidden folder."""
Storage: TypeAlias = "FolderStorage | BucketStorage"


def open_storage(folder: str | os.PathLike[str], cache: str | os.PathLike[str] | None) -> Storage:
    """Return the storage that a path or an address names. Nothing is read yet."""
    if not is_address(folder):
        if "\0" in os.fspath(folder):
            raise InvalidArgumentError(f"Invalid folder {os.fspath(folder)!r}: it has a NUL character.")
        return FolderStorage(Path(folder))
    from .bucket_storage import BucketStorage

    return BucketStorage(Bucket(folder), cache)


@frozen
class FolderStorage:
    """The files in a folder. Paths are those of the catalog: relative, with forward slashes.

    Attributes:
        folder: Where the catalog is.
    """

    folder: Path

    @property
    def name(self) -> str:
        """What messages call it."""
        return str(self.folder)

    @property
    def download_folder(self) -> Path:
        """Where files are fetched to, each under its path."""
        return self.folder

    @property
    def readers(self) -> int:
        """How many files are best read at once."""
        return os.cpu_count() or 1

    def location(self, path: str) -> str:
        """Return what messages call a file."""
        return str(self.folder / path)

    def refresh(self) -> bool:
        """Bring the catalog in `folder` up to date, and tell whether there is one."""
        return os.path.exists(self.folder / CATALOG_NAME)  # noqa: PTH110 - as for `missing`

    def writing(self, open_catalog: Callable[[], Catalog]) -> AbstractContextManager[Catalog]:
        """Give the catalog to a run that has the lock of `folder`, and bring it to where the files are at the end."""
        return nullcontext(open_catalog())

    def copy_catalog(self, catalog: Catalog) -> None:
        """Keep a copy of the catalog where the files are; it replaces an earlier copy."""
        with catalog.snapshot() as file:
            file.commit(self.folder / CATALOG_COPY_NAME, overwrite=True)

    def receiving(
        self, catalog: Catalog, items: Mapping[str, Metadata], output_format: str, handle: EventHandler
    ) -> AbstractContextManager[EventHandler]:
        """Give a handler of download events that passes them on to `handle`, that of a file once it is in place."""
        return nullcontext(handle)

    def found(self, catalog: Catalog, items: Mapping[str, Metadata], output_format: str) -> Iterable[DownloadedFile]:
        """Return the files of items that are here though the catalog does not have them, and are proven to be these."""
        return ()

    def paths(self) -> Iterator[str]:
        """Yield the path of every file that is not our own."""
        return files_below(self.folder)

    def missing(self, paths: Iterable[str]) -> list[str]:
        """Return those of the paths that are no file."""
        # A file in a folder that can't be read is missing as well; Path.is_file would raise.
        return [path for path in paths if not os.path.isfile(self.folder / path)]  # noqa: PTH113

    def exists(self, path: str) -> bool:
        """Tell whether there is a file, or anything else, under a path; raise `WriteError` if nobody can look."""
        try:
            (self.folder / path).lstat()
        except PermissionError as error:
            raise WriteError(
                f"Can't look for {self.location(path)}: {error.strerror}.", hint="Check the permissions of its folder."
            ) from error
        except (OSError, ValueError):
            return False
        return True

    def digest(self, path: str, sizes: Container[int], *, read: bool) -> str | None:
        """Return the hash of a file; None if it has none of these sizes. Without `read` a stored hash will do.

        Raises:
            OSError: It is not there, or can't be read.
        """
        file = self.folder / path
        status = file.stat()
        return None if S_ISREG(status.st_mode) and status.st_size not in sizes else sha256_of(file)

    def on_disk(self, path: str) -> AbstractContextManager[Path]:
        """Give a file on the disk with the bytes of a file."""
        return nullcontext(self.folder / path)

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file; None if there is none."""
        file = self.folder / path
        return file.read_bytes() if file.is_file() else None

    def write(self, path: str, data: bytes) -> None:
        """Write a file, as a whole; one that has these bytes is not touched."""
        if self.read(path) != data:
            with AtomicFile(self.folder / HIDDEN_FOLDER) as file:
                file.write(data)
                file.commit(self.folder / path, overwrite=True)

    def delete(self, path: str) -> None:
        """Delete a file."""
        (self.folder / path).unlink()

    def paths_below(self, folder: str) -> Iterator[str]:
        """Yield the path of every file in a folder of the backup."""
        for path in (self.folder / folder).rglob("*"):
            if path.is_file():
                yield path.relative_to(self.folder).as_posix()
