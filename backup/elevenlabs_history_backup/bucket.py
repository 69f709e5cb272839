"""A bucket of an object store: the calls that a backup needs, and what their errors mean.

Credentials come from the environment of the store only. Errors of obstore quote requests and configurations, so
nothing of their texts is passed on.
"""

import errno
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from attrs import frozen
from elevenlabs_history import HistoryError, InvalidArgumentError

from .errors import BucketError

if TYPE_CHECKING:
    from obstore import GetResult, UpdateVersion

READERS: Final = 16
"""How many objects are asked for at once."""

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://|(?:s3|gs|az):/")
_VALID_ADDRESS = re.compile(r"(?:s3|gs|az)://[^/@?#\s]+(?:/[^/@?#\x00-\x1f]+)*/?")
_KEYS = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS",
    "az": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
}
_PREFIXES = {"s3": "AWS", "gs": "GOOGLE", "az": "AZURE"}
# A catalog is one request, which may be long.
_TIMEOUT = timedelta(minutes=10)
_MAX_RETRIES = 5
_RETRY_TIMEOUT = timedelta(minutes=1)
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".db": "application/vnd.sqlite3",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".flac": "audio/flac",
}
_PROBE = ".elevenlabs-history/probe"
_STALE: "UpdateVersion" = {"e_tag": f'"{"0" * 32}"', "version": "1"}


@frozen
class Object:
    """What the store tells of an object.

    Attributes:
        size: Size in bytes.
        version: What a change of it names, so that it changes nothing newer.
        attributes: What was stored with it; names that are not of HTTP are ours.
    """

    size: int
    version: "UpdateVersion"
    attributes: Mapping[str, str]


def is_address(folder: str | os.PathLike[str]) -> bool:
    """Tell whether something is the address of a bucket, or meant as one, and not the path of a folder."""
    return _ADDRESS.match(os.fspath(folder)) is not None


class Bucket:
    """What is below a prefix of a bucket. Threads may share it."""

    _process: ClassVar[int | None] = None

    def __init__(self, address: str | os.PathLike[str]) -> None:
        """Prepare a bucket. Nothing is sent yet.

        Raises:
            InvalidArgumentError: The address is not one, or the extra is not installed.
        """
        if not isinstance(address, str) or not _VALID_ADDRESS.fullmatch(address) or "/../" in f"{address}/":
            # The address is not quoted: somebody may have put a key into it.
            raise InvalidArgumentError(
                "Invalid address of a bucket: write it as s3://bucket/prefix, gs://… or az://….",
                hint=f"Credentials belong into the environment: {_KEYS.get(str(address)[:2], _KEYS['s3'])}.",
            )
        try:
            from obstore.store import from_url
        except ModuleNotFoundError:
            raise InvalidArgumentError(
                "A backup in a bucket needs an extra.", hint="Run: pip install 'elevenlabs-history[cloud]'"
            ) from None
        self.address: str = address.rstrip("/")
        # With options of its own, obstore does not look for this one in the environment; stores for tests need it.
        allow_http = os.environ.get(f"{_PREFIXES[address[:2]]}_ALLOW_HTTP", "").lower() == "true"
        with self._errors():
            self._store = from_url(
                self.address,
                client_options={"timeout": _TIMEOUT, "allow_http": allow_http},
                retry_config={"max_retries": _MAX_RETRIES, "retry_timeout": _RETRY_TIMEOUT},
            )

    def check(self) -> None:
        """Raise `BucketError` if the store does not keep the promises that a backup stands on, or may not be written.

        The object that this is tried with stays, so that a key needs no right to delete.
        """
        was_absent = self.put(_PROBE, b"first", {}, mode="create") is not None
        if was_absent and self.put(_PROBE, b"second", {}, mode="create") is not None:
            promise = "lets a second object replace the first one, where that was forbidden"
        elif self.put(_PROBE, b"third", {}, mode=_STALE) is not None:
            promise = "ignores the ETag that a change is made for"
        else:
            return
        raise BucketError(
            f"The store of {self.address} {promise}, so two runs could destroy each other's work. Nothing was saved.",
            hint="Choose a store that supports conditional writes, or a newer version of this one.",
        )

    def put(
        self, path: str, data: bytes | Path, attributes: Mapping[str, str], *, mode: "str | UpdateVersion"
    ) -> "UpdateVersion | None":
        """Write an object in one request.

        Args:
            path: Its path below the prefix.
            data: Its bytes, or the file that has them.
            attributes: What is stored with it; the type of the content is added.
            mode: `create`, `overwrite`, or the version that is replaced.

        Returns:
            The version that is there now; None if the object exists, or is not in the version that was named.
        """
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        content_type = _TYPES.get(Path(path).suffix, "application/octet-stream")
        with self._errors():
            try:
                written = obstore.put(
                    self._store,
                    path,
                    data,
                    attributes={"Content-Type": content_type, **attributes},
                    mode=mode,  # type: ignore[arg-type]
                    use_multipart=False,
                )
            except (AlreadyExistsError, PreconditionError):
                # Maybe this request itself has written it, but its answer was an error, and obstore repeated it.
                there = self.head(path)
                ours = (data.stat().st_size if isinstance(data, Path) else len(data), attributes.get("sha256", ""))
                is_ours = there is not None and (there.size, there.attributes.get("sha256")) == ours
                return there.version if there is not None and is_ours else None
        return _version(written)

    def head(self, path: str) -> Object | None:
        """Ask for what the store tells of an object; None if there is none."""
        try:
            return _object(self._get(path, head=True))
        except FileNotFoundError:
            return None

    def read(self, path: str) -> tuple[Object, Iterator[bytes]]:
        """Return an object and its bytes, as they come; raise `FileNotFoundError` if there is none."""
        found = self._get(path, head=False)
        return _object(found), self._chunks(found)

    def sizes(self, prefix: str | None = None) -> Iterator[tuple[str, int]]:
        """Yield the path and the size of every object: one request per thousand."""
        import obstore

        with self._errors():
            for objects in obstore.list(self._store, prefix, chunk_size=1000):
                yield from ((each["path"], each["size"]) for each in objects)

    def delete(self, path: str) -> None:
        """Delete an object."""
        import obstore

        with self._errors():
            obstore.delete(self._store, path)

    def _get(self, path: str, *, head: bool) -> "GetResult":
        import obstore

        with self._errors():
            try:
                return obstore.get(self._store, path, options={"head": head})
            except FileNotFoundError:
                missing = FileNotFoundError(errno.ENOENT, "There is no such object", f"{self.address}/{path}")
        raise missing

    def _chunks(self, found: "GetResult") -> Iterator[bytes]:
        with self._errors():
            yield from map(bytes, found)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        from obstore.exceptions import BaseError

        # The threads of obstore do not survive a fork: a request would wait for ever.
        Bucket._process = Bucket._process or os.getpid()
        if Bucket._process != os.getpid():
            raise BucketError(
                "A process that was forked after a bucket was used can't use one.",
                hint="Start processes with spawn or forkserver, as multiprocessing calls it.",
            )
        try:
            yield
        except HistoryError:
            raise
        except (BaseError, OSError, ValueError, NotImplementedError) as error:
            raise _meaning(self.address, error) from None


def _object(found: "GetResult") -> Object:
    return Object(found.meta["size"], _version(found.meta), found.attributes)


def _version(told: "Mapping[str, object]") -> "UpdateVersion":
    # obstore takes no version that is None.
    return {name: told[name] for name in ("e_tag", "version") if told.get(name)}  # type: ignore[return-value]


def _meaning(address: str, error: Exception) -> HistoryError:
    """Tell in one line what an error means, in words of our own."""
    scheme, bucket = address.split("/", maxsplit=1)[0].rstrip(":"), "/".join(address.split("/")[:3])
    text = f"{type(error).__name__} {error}"
    for pattern, message, hint in (
        (
            r"169\.254\.169\.254|metadata\.google|MissingCredentials|Account must be specified",
            f"No key was found for {bucket}.",
            f"Set {_KEYS[scheme]}, as for other programs that use this store.",
        ),
        (
            r"NoSuchBucket|ContainerNotFound|FileNotFound",
            f"There is no bucket {bucket}.",
            "Create it, or check its name.",
        ),
        (
            r"Received redirect|PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraint|: 301 ",
            f"The bucket {bucket} is in another region.",
            "Set AWS_REGION to the region of the bucket.",
        ),
        (
            r"PermissionDenied|Unauthenticated|: 40[13] ",
            f"The store refuses the key for {address}.",
            "Check the key in the environment, and that it may list, read and write there.",
        ),
        (
            r"HTTP error: |HttpError",
            f"The store of {address} can't be reached, or broke the connection.",
            "Check the network, and the endpoint in the environment. What is saved stays; run it again.",
        ),
        (r"ValueError|InvalidPath", f"An object in {address} has a name that can't be used.", "Rename it."),
    ):
        if re.search(pattern, text):
            return BucketError(message, hint=hint)
    status = re.search(r"status code: (\d{3})", text)
    return BucketError(
        f"The store of {address} failed" + (f" with status {status[1]}." if status else "."),
        hint="What is saved stays; run it again.",
    )
