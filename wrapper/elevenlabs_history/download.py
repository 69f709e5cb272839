"""A download as a noun: nothing is sent before a verb, and each verb performs the whole exchange anew."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ._extract import Everything
from ._plan import Plan
from ._receive import FileSink, BytesSink, StreamSink
from ._requests import id_of, known_format, subject_of
from ._transport import STREAMED
from .errors import HistoryError
from .files import check_targets

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterator, Callable, Iterator
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    import httpx
    from elevenlabs_history_api import Client
    from elevenlabs_history_api.models import HistoryItem

    from ._extract import DownloadedFile
    from ._receive import Sink
    from ._transport import Transport
    from .naming import Template
    from .retries import Attempts

T = TypeVar("T")


class _Exchange:
    """What a download and its async twin have in common: what is asked for, and where the answer may go."""

    def __init__(
        self, api: Client, transport: Transport, request: dict[str, Any], items: tuple[str | HistoryItem, ...]
    ) -> None:
        self._api = api
        self._transport = transport
        self._request = request
        self._items = items

    @property
    def history_item_ids(self) -> tuple[str, ...]:
        """The ids that are asked for, each once."""
        return tuple(id_of(item) for item in self._items)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {subject_of(self._items)}>"

    def _in_memory(self) -> BytesSink:
        return BytesSink(subject_of(self._items), known_format(self._items))

    def _relay(self) -> StreamSink:
        return StreamSink(subject_of(self._items), known_format(self._items))

    def _in_file(self, path: str | os.PathLike[str], *, overwrite: bool) -> Callable[[], FileSink]:
        target = Path(path)
        check_targets([target], overwrite=overwrite)
        return lambda: FileSink(subject_of(self._items), known_format(self._items), target, overwrite=overwrite)

    def _in_folder(
        self, folder: str | os.PathLike[str], *, template: Template | str | None, overwrite: bool
    ) -> Callable[[], Everything]:
        plan = Plan.make(self._items, Path(folder), template=template, overwrite=overwrite)
        plan.check_targets()
        return lambda: Everything(plan, plan.folder)


class Download(_Exchange):
    """The audio of one item, or a zip archive of several, from a `HistoryClient`. `AsyncDownload` is the twin.

    A body cut short is asked for again, and what came of it before is thrown away. All verbs raise `HistoryError`:
    `UnexpectedResponseError` when a message came instead of audio, and the errors of the call itself.
    """

    def iter_bytes(self) -> Iterator[bytes]:
        """Iterate over the answer as it comes. Once bytes were handed out, a failure ends the iteration.

        Raises:
            HistoryError: The download failed.
        """
        attempts = self._transport.attempts(repeatable=True)
        while True:
            handed_out = False
            time.sleep(attempts.pause())
            try:
                with self._relay() as relay, self._open(attempts) as response:
                    for chunk in response.iter_raw():
                        relay.write(chunk)
                        if passed := relay.passed():
                            handed_out = True
                            yield passed
                    relay.finish()
                    if passed := relay.passed():
                        handed_out = True
                        yield passed
            except HistoryError as error:
                delay = None if handed_out else attempts.delay_after(error)
                if delay is None:
                    raise
            else:
                attempts.succeeded()
                return
            time.sleep(delay)

    def read(self) -> bytes:
        """Return the answer: all of it, in memory.

        Raises:
            HistoryError: The download failed.
        """
        return self._receive(self._in_memory)

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Save the answer as it comes: the audio of one item, or the zip archive of several.

        Args:
            path: The file to write; missing folders are made. It appears whole or not at all.
            overwrite: Replace a file of that name.

        Returns:
            The path.

        Raises:
            InvalidArgumentError: The path can't be a file; nothing was sent.
            TargetExistsError: There is a file of that name; nothing was sent.
            WriteError: The disk is full, the folder may not be written to, and the like.
            HistoryError: The download failed.
        """
        return self._receive(self._in_file(path, overwrite=overwrite))

    def extract(
        self,
        folder: str | os.PathLike[str],
        *,
        template: Template | str | None = None,
        overwrite: bool = False,
    ) -> list[DownloadedFile]:
        """Save each clip as a file of its own: the one of a single item, or those in the zip archive.

        Args:
            folder: Where the files go; made when it is missing. Either all appear or none.
            template: How files are named, see `Template`; by default by date, voice and id where items were given, and
                by id where only ids were.
            overwrite: Replace files of these names.

        Returns:
            A clip for each file: where it is and, where that is proven, which item it is. A clip that can't be proven
            to be one of the items has no id: what is asked for by id alone, in an archive without ids, stays so.

        Raises:
            InvalidArgumentError: The folder can't be one, or the template would give two items one name; nothing was sent.
            TargetExistsError: There is a file of one of the names already.
            UnsafeArchiveError: The archive can't be trusted.
            WriteError: The disk is full, the folder may not be written to, and the like.
            HistoryError: The download failed.
        """
        return self._receive(self._in_folder(folder, template=template, overwrite=overwrite))

    def _open(self, attempts: Attempts) -> AbstractContextManager[httpx.Response]:
        return self._api.get_httpx_client().stream(**self._request, extensions={STREAMED: attempts})

    def _receive(self, make_receiver: Callable[[], Sink[T]], attempts: Attempts | None = None) -> T:
        attempts = attempts or self._transport.attempts(repeatable=True)
        while True:
            time.sleep(attempts.pause())
            try:
                with make_receiver() as receiver:
                    with self._open(attempts) as response:
                        for chunk in response.iter_raw():
                            receiver.write(chunk)
                    result = receiver.finish()
            except HistoryError as error:
                delay = attempts.delay_after(error)
                if delay is None:
                    raise
            else:
                attempts.succeeded()
                return result
            time.sleep(delay)


class AsyncDownload(_Exchange):
    """The audio of one item, or a zip archive of several, from an `AsyncHistoryClient`. `Download` is the twin.

    A body cut short is asked for again, and what came of it before is thrown away. All verbs raise `HistoryError`:
    `UnexpectedResponseError` when a message came instead of audio, and the errors of the call itself.
    """

    async def iter_bytes(self) -> AsyncIterator[bytes]:
        """Iterate over the answer as it comes. Once bytes were handed out, a failure ends the iteration.

        Raises:
            HistoryError: The download failed.
        """
        import asyncio

        attempts = self._transport.attempts(repeatable=True)
        while True:
            handed_out = False
            await asyncio.sleep(attempts.pause())
            try:
                with self._relay() as relay:
                    async with self._open(attempts) as response:
                        async for chunk in response.aiter_raw():
                            relay.write(chunk)
                            if passed := relay.passed():
                                handed_out = True
                                yield passed
                        relay.finish()
                        if passed := relay.passed():
                            handed_out = True
                            yield passed
            except HistoryError as error:
                delay = None if handed_out else attempts.delay_after(error)
                if delay is None:
                    raise
            else:
                attempts.succeeded()
                return
            await asyncio.sleep(delay)

    async def read(self) -> bytes:
        """Do as `Download.read` does."""
        return await self._receive(self._in_memory)

    async def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Do as `Download.save` does."""
        return await self._receive(self._in_file(path, overwrite=overwrite))

    async def extract(
        self,
        folder: str | os.PathLike[str],
        *,
        template: Template | str | None = None,
        overwrite: bool = False,
    ) -> list[DownloadedFile]:
        """Do as `Download.extract` does; what of the archive can't be unpacked as it comes is unpacked in a thread."""
        return await self._receive(self._in_folder(folder, template=template, overwrite=overwrite))

    def _open(self, attempts: Attempts) -> AbstractAsyncContextManager[httpx.Response]:
        return self._api.get_async_httpx_client().stream(**self._request, extensions={STREAMED: attempts})

    async def _receive(self, make_receiver: Callable[[], Sink[T]], attempts: Attempts | None = None) -> T:
        import asyncio

        attempts = attempts or self._transport.attempts(repeatable=True)
        while True:
            await asyncio.sleep(attempts.pause())
            try:
                with make_receiver() as receiver:
                    async with self._open(attempts) as response:
                        async for chunk in response.aiter_raw():
                            receiver.write(chunk)
                    result = await asyncio.to_thread(receiver.finish)
            except HistoryError as error:
                delay = attempts.delay_after(error)
                if delay is None:
                    raise
            else:
                attempts.succeeded()
                return result
            await asyncio.sleep(delay)
