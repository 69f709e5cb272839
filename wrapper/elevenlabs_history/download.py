"""A download as an object: each call of one of its methods is an exchange of its own; nothing is sent before."""

import os
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, aclosing
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar, cast

from elevenlabs_history_api import Client

from ._download.sinks import F, Sink, Sniffer
from ._download.targets import PathTemplate, Targets
from ._files.atomic import AtomicFile, delete_leftovers
from ._files.checks import check_target
from ._http.library import httpx
from ._http.retry import Attempts
from ._http.transport import STREAMED, Transport
from ._items import describe, id_of, output_format_of
from .errors import InvalidArgumentError
from .events import DownloadedFile
from .item import HistoryItem

T = TypeVar("T")

# A temporary file that is older than a day is nobody's: its process was killed.
_LEFTOVER_SECONDS = 24 * 3600


class _Exchange:
    """What a download and its async counterpart share: what is requested, and where the response may go."""

    def __init__(
        self, api: Client, transport: Transport, request: dict[str, Any], items: tuple[str | HistoryItem, ...]
    ) -> None:
        self._api = api
        self._transport = transport
        self._request = request
        self._items = items
        self._subject = describe(items)
        self._output_format = output_format_of(items[0]) if len(items) == 1 else None

    @property
    def history_item_ids(self) -> tuple[str, ...]:
        """The requested ids, without duplicates."""
        return tuple(id_of(item) for item in self._items)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._subject}>"

    def _sniffer(self) -> Sniffer:
        return Sniffer(self._subject, self._output_format)

    def _prepare_save(
        self, path: str | os.PathLike[str], *, overwrite: bool
    ) -> tuple[Callable[[], AtomicFile], Callable[[Sink[AtomicFile]], Path]]:
        """Return what makes the file for a body, and what turns a complete body into the result."""
        target = Path(path)
        if len(self._items) > 1 and target.suffix.lower() != ".zip":
            raise InvalidArgumentError(
                f"Several items arrive as a zip archive, so the name {target.name!r} must end in .zip; `extract` saves "
                "their files. Nothing was sent."
            )
        if os.fspath(path).endswith((os.sep, "/")):
            raise InvalidArgumentError(f"{os.fspath(path)} is a folder: name a file in it. Nothing was sent.")
        check_target(target, overwrite=overwrite)
        delete_leftovers(target.parent, min_age=_LEFTOVER_SECONDS)

        def finish(body: Sink[AtomicFile]) -> Path:
            body.file.commit(target, overwrite=overwrite)
            return target

        return partial(AtomicFile, target.parent), finish

    def _prepare_extract(
        self, folder: str | os.PathLike[str], *, template: PathTemplate | None, overwrite: bool
    ) -> tuple[Callable[[], AtomicFile], Callable[[Sink[AtomicFile]], list[DownloadedFile]]]:
        from ._download.extract import extract_all

        targets = Targets.plan(self._items, Path(folder), template=template, overwrite=overwrite)
        targets.check_free()
        delete_leftovers(targets.folder, min_age=_LEFTOVER_SECONDS)
        return partial(AtomicFile, targets.folder), partial(extract_all, targets)


class Download(_Exchange):
    """The audio of one item, or a zip archive of several, from a `HistoryClient`.

    A body that is cut short is requested again, and what was received before is discarded. All methods raise
    `HistoryError`: `UnexpectedResponseError` if a message came instead of audio, and the errors of the call itself.
    """

    def iter_bytes(self) -> Iterator[bytes]:
        """Iterate over the response as it arrives. After the first chunk was yielded nothing is retried.

        Raises:
            HistoryError: The download failed.
        """
        attempts = self._transport.attempts(idempotent=True)
        for attempt in attempts:
            with attempt, self._open(attempts) as response:
                sniffer = self._sniffer()
                for received in response.iter_raw():
                    if chunk := sniffer.feed(received):
                        attempts.may_retry = False
                        yield chunk
                if chunk := sniffer.finish():
                    attempts.may_retry = False
                    yield chunk
                return

    def read(self) -> bytes:
        """Return the whole response, in memory.

        Raises:
            HistoryError: The download failed.
        """
        return self._receive(BytesIO, _content)

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Save the response as received: the audio of one item, or the zip archive of several.

        Args:
            path: The file to write; missing folders are created. It appears complete or not at all.
            overwrite: Replace an existing file.

        Returns:
            The path.

        Raises:
            InvalidArgumentError: The path is invalid, or that of an archive does not end in `.zip`; nothing was sent.
            TargetExistsError: The file exists; nothing was sent.
            WriteError: The disk is full, the folder is not writable, or the like.
            HistoryError: The download failed.
        """
        return self._receive(*self._prepare_save(path, overwrite=overwrite))

    def extract(
        self,
        folder: str | os.PathLike[str],
        *,
        template: PathTemplate | None = None,
        overwrite: bool = False,
    ) -> list[DownloadedFile]:
        """Save each item as a file of its own: the one of a single item, or the members of the zip archive.

        Args:
            folder: Where the files go; created if missing. Either all files appear or none; with `overwrite`, files
                that were replaced before an error stay replaced.
            template: How files are named: a `Template`, its text, or a function that takes an item and an extension and
                returns a relative path. By default by date, voice and id for items, and by id for bare ids.
            overwrite: Replace existing files.

        Returns:
            Where each file is and, if proven, which item it is, in the order of the items. A file that can't be proven
            to be one of them has no id and comes last. That includes bare ids in an archive whose names hold no ids.
            A file of an item as listed has the time at which it was generated.

        Raises:
            InvalidArgumentError: The folder is invalid, or two items would get one name; nothing was sent.
            TargetExistsError: One of the files exists.
            UnsafeArchiveError: The archive can't be trusted.
            WriteError: The disk is full, the folder is not writable, or the like.
            HistoryError: The download failed.
        """
        return self._receive(*self._prepare_extract(folder, template=template, overwrite=overwrite), hashing=True)

    def _open(self, attempts: Attempts) -> AbstractContextManager[httpx.Response]:
        return self._api.get_httpx_client().stream(**self._request, extensions={STREAMED: attempts})

    def _receive(
        self,
        open_file: Callable[[], F],
        finish: Callable[[Sink[F]], T],
        *,
        hashing: bool = False,
        stopped: threading.Event | None = None,
        on_bytes: Callable[[int], None] | None = None,
    ) -> T:
        attempts = self._transport.attempts(idempotent=True, stopped=stopped)
        for attempt in attempts:
            file = open_file()
            with attempt, file:
                sink = Sink(self._sniffer(), file, on_bytes, hashing=hashing)
                with self._open(attempts) as response:
                    for chunk in response.iter_raw():
                        sink.write(chunk)
                sink.finish()
                return finish(sink)
        raise attempts.exhausted


class AsyncDownload(_Exchange):
    """The audio of one item, or a zip archive of several, from an `AsyncHistoryClient`; see `Download`."""

    async def iter_bytes(self) -> AsyncGenerator[bytes]:
        """Iterate over the response as it arrives, as `Download.iter_bytes` does."""
        attempts = self._transport.attempts(idempotent=True)
        async for attempt in attempts:
            with attempt:
                async with self._open(attempts) as response, _raw_chunks(response) as body:
                    sniffer = self._sniffer()
                    async for received in body:
                        if chunk := sniffer.feed(received):
                            attempts.may_retry = False
                            yield chunk
                    if chunk := sniffer.finish():
                        attempts.may_retry = False
                        yield chunk
                return

    async def read(self) -> bytes:
        """Return the whole response, in memory, as `Download.read` does."""
        return await self._receive(BytesIO, _content)

    async def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Save the response as received, as `Download.save` does."""
        return await self._receive(*self._prepare_save(path, overwrite=overwrite))

    async def extract(
        self,
        folder: str | os.PathLike[str],
        *,
        template: PathTemplate | None = None,
        overwrite: bool = False,
    ) -> list[DownloadedFile]:
        """Save each item as a file of its own, as `Download.extract` does; archives are extracted in a thread."""
        return await self._receive(*self._prepare_extract(folder, template=template, overwrite=overwrite), hashing=True)

    def _open(self, attempts: Attempts) -> AbstractAsyncContextManager[httpx.Response]:
        return self._api.get_async_httpx_client().stream(**self._request, extensions={STREAMED: attempts})

    async def _receive(self, open_file: Callable[[], F], finish: Callable[[Sink[F]], T], *, hashing: bool = False) -> T:
        from ._download.threads import run_in_thread

        attempts = self._transport.attempts(idempotent=True)
        async for attempt in attempts:
            file = open_file()
            with attempt, file:
                sink = Sink(self._sniffer(), file, None, hashing=hashing)
                async with self._open(attempts) as response, _raw_chunks(response) as body:
                    async for chunk in body:
                        sink.write(chunk)
                sink.finish()
                return await run_in_thread(partial(finish, sink))
        raise attempts.exhausted


def _content(sink: Sink[BytesIO]) -> bytes:
    return sink.file.getvalue()


def _raw_chunks(response: httpx.Response) -> aclosing[AsyncGenerator[bytes]]:
    """Iterate over a body and close the iterator at once: the garbage collector would do it outside of the task."""
    return aclosing(cast("AsyncGenerator[bytes]", response.aiter_raw()))
