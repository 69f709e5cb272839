"""For notebooks: a progress bar for runs, and tables of items and files."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from html import escape

from attrs import frozen

from ._http.error_responses import one_line
from .errors import InvalidArgumentError
from .events import DownloadedFile, FileSaved, ItemFailed, ItemMissing, Report, RunStarted
from .item import HistoryItem


@contextmanager
def progress() -> Iterator[Callable[[object], None]]:
    """Show a progress bar, and give the `on_event` function that moves it, for `download_all` and for backups.

    Raises:
        InvalidArgumentError: tqdm is not installed.
    """
    try:
        from tqdm.auto import tqdm
    except ModuleNotFoundError:
        raise InvalidArgumentError(
            "The progress bar needs tqdm.", hint="Run: pip install 'elevenlabs-history[cli]'"
        ) from None
    with tqdm(unit=" items") as bar:

        def show(event: object) -> None:
            if isinstance(event, RunStarted):
                bar.reset(total=event.items)
            elif isinstance(event, FileSaved | ItemMissing | ItemFailed):
                bar.update()

        yield show


@frozen(repr=False)
class Table:
    """Rows of text; the first one names the columns. A notebook shows a table; the repr is plain text."""

    rows: list[list[str]]

    def _repr_html_(self) -> str:
        rows = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in self.rows)
        return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"

    def __repr__(self) -> str:
        widths = [max(map(len, column)) for column in zip(*self.rows, strict=True)]
        return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in self.rows)


def table(entries: Iterable[HistoryItem | DownloadedFile] | Report) -> Table:
    """Return a table of items, of downloaded files, or of what became of the items of a run."""
    rows = _results(entries) if isinstance(entries, Report) else [_row(entry) for entry in entries]
    cells = [[*next(iter(rows), {})], *(row.values() for row in rows)]
    return Table([[one_line("" if cell is None else cell) for cell in row] for row in cells])


def _row(entry: HistoryItem | DownloadedFile) -> dict[str, object]:
    if isinstance(entry, HistoryItem):
        date = f"{entry.date:%Y-%m-%d %H:%M}"
        return {"id": entry.history_item_id, "date (UTC)": date, "voice": entry.voice_name, "text": entry.text}
    return {"id": entry.history_item_id, "kind": entry.kind, "size": entry.size, "file": entry.path}


def _results(report: Report) -> list[dict[str, object]]:
    results: list[tuple[object, str, object]] = [
        *((file.history_item_id, "saved", file.path) for file in report.saved),
        *((file.history_item_id, "skipped", file.path) for file in report.skipped),
        *((history_item_id, "missing", None) for history_item_id in report.missing),
        *((failed.history_item_id, "failed", failed.error) for failed in report.failed),
    ]
    return [dict(zip(("id", "result", "file or reason"), result, strict=True)) for result in results]
